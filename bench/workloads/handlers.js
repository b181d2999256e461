/** What a program subscribes with. */
import { ownCopy } from './measure.js';

/** @typedef {(value: number, address: string) => void} Handler */

/** What handlers have seen: how many calls, the sum of the values, the sum of the last characters of the addresses. */
export const [CALLS, VALUES, ADDRESSES] = [0, 1, 2];

/** Where they write it down; no number of it lies on the heap. */
export const newTally = () => new Float64Array(3);

/** Uses nothing around it (see ownCopy). @param {Float64Array} tally @returns {Handler} */
function makeHandler(tally) {
  return (value, address) => {
    tally[0]++;
    tally[1] += value;
    tally[2] += address.charCodeAt(address.length - 1);
  };
}

/** As a program has more than one handler: no engine takes them for a single function and puts it where it is called. */
const MAKERS = Array.from({ length: 8 }, () => ownCopy(makeHandler));

/** @param {number} count @param {Float64Array} tally @returns {Handler[]} */
export const handlersOf = (count, tally) =>
  Array.from({ length: count }, (_, i) => MAKERS[i % MAKERS.length](tally));
