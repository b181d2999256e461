/**
 * @typedef {object} Row one line of a table, and of the JSON
 * @property {string} [suite]
 * @property {string} case
 * @property {string} contestant
 * @property {string} unit
 * @property {number} median
 * @property {number} [min]
 * @property {number} [max]
 * @property {number} [runs]
 * @property {number} [ratio] against whom the goal names, else the case's first contestant: round by round, then the median
 * @property {string} [goal] what this project asks of itself
 * @property {boolean} [met] whether it is so
 */

/** @param {number | undefined} value */
const number = (value) =>
  value === undefined ? '' : value >= 100 ? value.toFixed(0) : value.toPrecision(3);

/**
 * A Markdown table: it goes into bench/RESULTS.md as it is.
 * @param {string} name
 * @param {Row[]} rows
 * @param {string[]} notes what has to be known to read it
 */
export function printTable(name, rows, notes) {
  const head = [
    'case',
    'contestant',
    'unit',
    'median',
    'min',
    'max',
    'runs',
    'ratio',
    'goal',
    'met',
  ];
  const lines = rows.map((row) => [
    row.case,
    row.contestant,
    row.unit,
    number(row.median),
    number(row.min),
    number(row.max),
    row.runs === undefined ? '' : String(row.runs),
    row.ratio === undefined ? '' : `${row.ratio.toFixed(3)}×`,
    row.goal ?? '',
    row.met === undefined ? '' : row.met ? 'yes' : 'no',
  ]);
  const widths = head.map((title, i) =>
    Math.max(title.length, ...lines.map((line) => line[i].length)),
  );
  const print = (/** @type {string[]} */ cells) =>
    console.log(`| ${cells.map((cell, i) => cell.padEnd(widths[i])).join(' | ')} |`);
  console.log(`\n## ${name}\n`);
  print(head);
  print(widths.map((width) => '-'.repeat(width)));
  lines.forEach(print);
  if (notes.length > 0) console.log('');
  for (const text of notes) console.log(`- ${text}`);
}
