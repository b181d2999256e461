/** The command line was not understood. */
export class UsageError extends Error {}

/**
 * What an option says, if it was given.
 * @template T
 * @param {string | undefined} text
 * @param {(text: string) => T} read
 */
export const given = (text, read) => (text === undefined ? undefined : read(text));

/**
 * A whole number of an option.
 * @param {string} option
 * @param {string} text
 * @param {number} least
 * @param {number} most
 */
export function numberFrom(option, text, least, most) {
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= least && number <= most) return number;
  throw new UsageError(`${option} takes a number from ${least} to ${most}, not "${text}"`);
}

/**
 * A decimal number of an option, above 0.
 * @param {string} option
 * @param {string} text
 * @param {number} most
 */
export function decimalFrom(option, text, most) {
  const number = Number(text);
  if (/^\d*\.?\d+$/.test(text) && number > 0 && number <= most) return number;
  throw new UsageError(`${option} takes a number above 0, up to ${most}, not "${text}"`);
}

/**
 * One of a list of words.
 * @template {string} T
 * @param {string} option
 * @param {string} text
 * @param {readonly T[]} words
 */
export function wordFrom(option, text, words) {
  const word = words.find((it) => it === text);
  if (word) return word;
  throw new UsageError(`${option} is one of ${words.join(', ')}, not "${text}"`);
}

/**
 * @typedef {object} Command a module of this folder
 * @property {string} summary one line for the overview
 * @property {string} usage what --help prints: it fits a screen
 * @property {import('node:util').ParseArgsConfig['options']} options without `help`
 * @property {string[]} [pairs] names of options that take two words; `values` has them with a space between
 * @property {(values: any, positionals: string[]) => Promise<unknown>} run any: by `options`
 */
