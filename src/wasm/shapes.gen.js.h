/*
 * js-glue/shapes.gen.js: one function for each shape of maps (codec/shapes.h), of the same words. Engines keep what they learn
 * about a place in a function with that place: what always puts the same keys into an object of the same kind is compiled to a
 * few stores, what puts whatever comes to a look-up for each key. A Content-Security-Policy forbids to make such code at run time.
 */
#if CLASP_SHAPES != 16 || CLASP_SHAPE_KEYS != 8
#error "as many functions and keys as the lists below have"
#endif

#define KEY(n) map[keys[n]] = readValue(); if (keys.length < n + 2) return map;
#define READER(n) function () { const map = blank(); const keys = shapes[n]; \
    KEY(0) KEY(1) KEY(2) KEY(3) KEY(4) KEY(5) KEY(6) KEY(7) return map; },

import { blank, readValue, shapes } from './codec-unpack.js';

export const READERS = [
  READER(0) READER(1) READER(2) READER(3) READER(4) READER(5) READER(6) READER(7)
  READER(8) READER(9) READER(10) READER(11) READER(12) READER(13) READER(14) READER(15)
];
