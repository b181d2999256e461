/** From what must be seen to what is seldom asked for. */
export const LEVELS = /** @type {const} */ (['error', 'warn', 'info', 'debug']);

/** @typedef {typeof LEVELS[number]} Level */

/**
 * @typedef {object} LogEntry one thing that happened; never holds a token
 * @property {string} time ISO date
 * @property {Level} level
 * @property {string} event a word of a closed list, such as `session-opened`
 * @property {string} message the same for people
 * @property {number} [session] handle, the same from opening to closing
 * @property {string} [address] remote
 * @property {string} [name] of the client, or
 * @property {string} [reason] why it was refused
 */

/** @typedef {(entry: LogEntry) => void} Logger */

/** @typedef {(level: Level, event: string, message: string, fields?: Partial<LogEntry>) => void} Tell */

/**
 * @param {object} options
 * @param {(line: string) => void} [options.log] told the message of what is not for debugging
 * @param {Logger} [options.logger] told everything
 * @returns {Tell}
 */
export function makeLog({ log, logger }) {
  return (level, event, message, fields) => {
    if (level !== 'debug') log?.(message);
    logger?.({ time: new Date().toISOString(), level, event, message, ...fields });
  };
}

/**
 * A logger that writes lines: errors and warnings to one side, all else to the other.
 * @param {object} options
 * @param {Level} options.level the last one that is written
 * @param {'text' | 'json'} options.format
 * @param {(line: string) => void} options.out
 * @param {(line: string) => void} options.err
 * @returns {Logger}
 */
export function lineLogger({ level, format, out, err }) {
  const last = LEVELS.indexOf(level);
  return (entry) => {
    const rank = LEVELS.indexOf(entry.level);
    if (rank > last) return;
    const write = rank <= LEVELS.indexOf('warn') ? err : out;
    write(format === 'json' ? JSON.stringify(entry) : entry.message);
  };
}
