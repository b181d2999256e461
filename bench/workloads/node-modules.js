/** In place of Node's `util` and `stream` in a page's bundle: qlobber names them for classes that nobody uses here. */

/** @param {Function} child @param {Function} parent */
export const inherits = (child, parent) => Object.setPrototypeOf(child.prototype, parent.prototype);

export class Readable {}
export class Writable {}
