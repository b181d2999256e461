/** QR codes (ISO/IEC 18004) of short texts: byte mode, error correction L, versions 1 to 10. */

/**
 * By version: codewords in all, of them for error correction in each block, blocks, places of alignment patterns.
 *
 * @type {[total: number, perBlock: number, blocks: number, places: number[]][]}
 */
const VERSIONS = [
  [26, 7, 1, []],
  [44, 10, 1, [6, 18]],
  [70, 15, 1, [6, 22]],
  [100, 20, 1, [6, 26]],
  [134, 26, 1, [6, 30]],
  [172, 18, 2, [6, 34]],
  [196, 20, 2, [6, 22, 38]],
  [242, 24, 2, [6, 24, 42]],
  [292, 30, 2, [6, 26, 46]],
  [346, 18, 4, [6, 28, 50]],
];

const QUIET = 4; // modules of margin that readers need
const LEVEL_L = 1; // as the format information names it

/** @type {((x: number, y: number) => boolean)[]} */
const MASKS = [
  (x, y) => (x + y) % 2 === 0,
  (x, y) => y % 2 === 0,
  (x) => x % 3 === 0,
  (x, y) => (x + y) % 3 === 0,
  (x, y) => (Math.floor(y / 2) + Math.floor(x / 3)) % 2 === 0,
  (x, y) => ((x * y) % 2) + ((x * y) % 3) === 0,
  (x, y) => (((x * y) % 2) + ((x * y) % 3)) % 2 === 0,
  (x, y) => (((x + y) % 2) + ((x * y) % 3)) % 2 === 0,
];

/**
 * @param {string} text
 * @returns {boolean[][] | null} rows of modules, true for a dark one; null for more than 271 bytes of UTF-8
 */
export function qrModules(text) {
  const bytes = new TextEncoder().encode(text);
  const version =
    1 +
    VERSIONS.findIndex(([total, per, blocks], index) => {
      const header = index < 9 ? 2 : 3; // mode and length, with the end
      return bytes.length + header <= total - per * blocks;
    });
  if (version === 0) return null;
  const bits = interleave(dataWords(bytes, version), version);
  const drawn = MASKS.map((_, mask) => new Drawing(version).finish(bits, mask));
  return drawn.reduce((best, next) => (penalty(next) < penalty(best) ? next : best));
}

/**
 * @param {string} text
 * @returns {{path: string, size: number} | null} for an SVG whose viewBox is that size, margin included; null: too long
 */
export function qrPath(text) {
  const rows = qrModules(text);
  if (rows === null) return null;
  const dots = rows.flatMap((row, y) =>
    row.flatMap((dark, x) => (dark ? [`M${x + QUIET} ${y + QUIET}h1v1h-1z`] : [])),
  );
  return { path: dots.join(''), size: rows.length + 2 * QUIET };
}

/**
 * @param {Uint8Array} bytes
 * @param {number} version
 * @returns {number[]} all data codewords
 */
function dataWords(bytes, version) {
  const [total, per, blocks] = VERSIONS[version - 1];
  const bits = [...binary(4, 4), ...binary(bytes.length, version < 10 ? 8 : 16)];
  for (const byte of bytes) bits.push(...binary(byte, 8));
  bits.push(0, 0, 0, 0);
  while (bits.length % 8 !== 0) bits.push(0);
  const words = [];
  for (let at = 0; at < bits.length; at += 8)
    words.push(parseInt(bits.slice(at, at + 8).join(''), 2));
  for (let pad = 0xec; words.length < total - per * blocks; pad ^= 0xec ^ 0x11) words.push(pad);
  return words;
}

/**
 * @param {number} value
 * @param {number} length
 */
function binary(value, length) {
  return [...value.toString(2).padStart(length, '0')].map(Number);
}

/**
 * Blocks with their error correction, word by word in turn.
 *
 * @param {number[]} words
 * @param {number} version
 * @returns {number[]} bits
 */
function interleave(words, version) {
  const [, per, count] = VERSIONS[version - 1];
  const short = Math.floor(words.length / count);
  const firstLong = count - (words.length % count);
  let at = 0;
  const blocks = Array.from({ length: count }, (_, index) =>
    words.slice(at, (at += short + (index < firstLong ? 0 : 1))),
  );
  const corrections = blocks.map((block) => correction(block, per));
  const inTurn = (/** @type {number[][]} */ lists) =>
    Array.from({ length: Math.max(...lists.map((list) => list.length)) }, (_, index) =>
      lists.flatMap((list) => list.slice(index, index + 1)),
    ).flat();
  return [...inTurn(blocks), ...inTurn(corrections)].flatMap((word) => binary(word, 8));
}

/**
 * Reed-Solomon over GF(256), polynomial 0x11d.
 *
 * @param {number[]} words
 * @param {number} count
 */
function correction(words, count) {
  let divisor = [1];
  for (let index = 0, root = 1; index < count; index++, root = times(root, 2)) {
    const shifted = [...divisor, 0];
    divisor.forEach((factor, at) => (shifted[at + 1] ^= times(factor, root)));
    divisor = shifted;
  }
  const rest = [...words, ...new Array(count).fill(0)];
  for (let at = 0; at < words.length; at++) {
    const factor = rest[at];
    divisor.forEach((term, index) => (rest[at + index] ^= times(term, factor)));
  }
  return rest.slice(words.length);
}

/**
 * @param {number} a
 * @param {number} b
 */
function times(a, b) {
  let product = 0;
  for (let bit = 7; bit >= 0; bit--) {
    product = (product << 1) ^ ((product >> 7) * 0x11d);
    if ((b >> bit) & 1) product ^= a;
  }
  return product;
}

/**
 * @param {number} value
 * @param {number} bits
 * @param {number} generator
 * @param {number} degree
 * @returns {number} the value with its check bits behind it
 */
function withCheck(value, bits, generator, degree) {
  let rest = value << degree;
  for (let bit = bits + degree - 1; bit >= degree; bit--) {
    if ((rest >> bit) & 1) rest ^= generator << (bit - degree);
  }
  return (value << degree) | rest;
}

/** One code as it is being drawn. A module that is not of the data is fixed. */
class Drawing {
  #rows;
  #fixed;
  #size;
  #version;

  /** @param {number} version */
  constructor(version) {
    this.#version = version;
    this.#size = 17 + 4 * version;
    const grid = () =>
      Array.from(
        { length: this.#size },
        () => /** @type {boolean[]} */ (new Array(this.#size).fill(false)),
      );
    this.#rows = grid();
    this.#fixed = grid();
    this.#patterns();
  }

  /**
   * @param {number[]} bits of all codewords
   * @param {number} mask
   */
  finish(bits, mask) {
    this.#format(mask);
    this.#data(bits, MASKS[mask]);
    return this.#rows;
  }

  /**
   * @param {number} x
   * @param {number} y
   * @param {boolean} dark
   */
  #fix(x, y, dark) {
    this.#rows[y][x] = dark;
    this.#fixed[y][x] = true;
  }

  #patterns() {
    const last = this.#size - 7;
    for (let at = 0; at < this.#size; at++) {
      this.#fix(at, 6, at % 2 === 0);
      this.#fix(6, at, at % 2 === 0);
    }
    for (const [x, y] of [
      [0, 0],
      [last, 0],
      [0, last],
    ])
      this.#finder(x, y);
    const places = VERSIONS[this.#version - 1][3];
    for (const x of places)
      for (const y of places) if (!this.#nearFinder(x, y)) this.#alignment(x, y);
    if (this.#version >= 7) this.#versionBits();
  }

  /**
   * With its light border, as far as that is within the code.
   *
   * @param {number} left
   * @param {number} top
   */
  #finder(left, top) {
    for (let dy = -1; dy <= 7; dy++) {
      for (let dx = -1; dx <= 7; dx++) {
        const [x, y] = [left + dx, top + dy];
        if (x < 0 || y < 0 || x >= this.#size || y >= this.#size) continue;
        const ring = Math.max(Math.abs(dx - 3), Math.abs(dy - 3));
        this.#fix(x, y, ring !== 2 && ring !== 4);
      }
    }
  }

  /**
   * @param {number} x
   * @param {number} y
   */
  #nearFinder(x, y) {
    const end = this.#size - 7;
    return (x === 6 && y === 6) || (x === 6 && y === end) || (x === end && y === 6);
  }

  /**
   * @param {number} x
   * @param {number} y
   */
  #alignment(x, y) {
    for (let dy = -2; dy <= 2; dy++) {
      for (let dx = -2; dx <= 2; dx++) {
        this.#fix(x + dx, y + dy, Math.max(Math.abs(dx), Math.abs(dy)) !== 1);
      }
    }
  }

  #versionBits() {
    const bits = withCheck(this.#version, 6, 0x1f25, 12);
    for (let at = 0; at < 18; at++) {
      const [far, near] = [this.#size - 11 + (at % 3), Math.floor(at / 3)];
      this.#fix(far, near, ((bits >> at) & 1) === 1);
      this.#fix(near, far, ((bits >> at) & 1) === 1);
    }
  }

  /** Both copies. @param {number} mask */
  #format(mask) {
    const bits = withCheck((LEVEL_L << 3) | mask, 5, 0x537, 10) ^ 0x5412;
    for (let at = 0; at < 15; at++) {
      const dark = ((bits >> at) & 1) === 1;
      const skip = (/** @type {number} */ place) => place + (place >= 6 ? 1 : 0); // over the timing pattern
      this.#fix(at < 8 ? this.#size - 1 - at : skip(14 - at), 8, dark);
      this.#fix(8, at < 8 ? skip(at) : this.#size - 15 + at, dark);
    }
    this.#fix(8, this.#size - 8, true);
  }

  /**
   * Up and down in columns of two, from the right.
   *
   * @param {number[]} bits
   * @param {(x: number, y: number) => boolean} masked
   */
  #data(bits, masked) {
    let next = 0;
    for (let right = this.#size - 1, up = true; right > 0; right -= 2, up = !up) {
      if (right === 6) right = 5; // the timing pattern
      for (let step = 0; step < this.#size; step++) {
        const y = up ? this.#size - 1 - step : step;
        for (const x of [right, right - 1]) {
          if (!this.#fixed[y][x]) this.#rows[y][x] = (bits[next++] === 1) !== masked(x, y);
        }
      }
    }
  }
}

/**
 * How hard it is to read: long runs and blocks of one colour, and one colour more than the other.
 *
 * @param {boolean[][]} rows
 */
function penalty(rows) {
  const columns = rows.map((_, x) => rows.map((row) => row[x]));
  const dark = rows.flat().filter(Boolean).length / rows.length ** 2;
  return runs(rows) + runs(columns) + blocks(rows) + 10 * Math.floor(Math.abs(dark - 0.5) * 20);
}

/** @param {boolean[][]} lines */
function runs(lines) {
  let sum = 0;
  for (const line of lines) {
    for (let at = 1, run = 1; at <= line.length; at++) {
      if (line[at] === line[at - 1]) run++;
      else [sum, run] = [sum + (run >= 5 ? run - 2 : 0), 1];
    }
  }
  return sum;
}

/** @param {boolean[][]} rows */
function blocks(rows) {
  let sum = 0;
  for (let y = 1; y < rows.length; y++) {
    for (let x = 1; x < rows.length; x++) {
      const here = rows[y][x];
      if (here === rows[y - 1][x] && here === rows[y][x - 1] && here === rows[y - 1][x - 1])
        sum += 3;
    }
  }
  return sum;
}
