/** The web server of the tests: the demo and what it imports, and the tests' own pages. */
import { join } from 'node:path';
import { ROOT } from '../../../scripts/lib/process.mjs';
import { serve } from '../../../scripts/static-server.mjs';
import { use } from './lifetime.js';

/** @typedef {Awaited<ReturnType<typeof serve>>} Site */

/**
 * @param {Record<string, string>} [headers] sent with every answer
 * @returns {Promise<Site>} every folder at the path that it has in the repository
 */
export function startSite(headers) {
  const folders = ['demo', 'web', 'js-glue', 'dist', 'tests'];
  const roots = folders.map((folder) => [folder, join(ROOT, folder)]);
  return use(serve({ roots: Object.fromEntries(roots), headers }));
}
