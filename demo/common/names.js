const MOODS = ['Amber', 'Brisk', 'Calm', 'Early', 'Gentle', 'Keen', 'Mellow', 'Quiet', 'Sunny'];
const BIRDS = ['Finch', 'Heron', 'Kite', 'Lark', 'Magpie', 'Osprey', 'Robin', 'Swift', 'Wren'];

/** @returns {string} for who gives none */
export function randomName() {
  const pick = (/** @type {string[]} */ words) => words[Math.floor(Math.random() * words.length)];
  return `${pick(MOODS)} ${pick(BIRDS)}`;
}

/** @returns {string} eight hexadecimal digits */
export function newToken() {
  const [number] = crypto.getRandomValues(new Uint32Array(1));
  return number.toString(16).padStart(8, '0');
}
