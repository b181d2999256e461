/*
 * js-glue/codec.gen.js: what the codec's JavaScript needs of the C headers. Made as abi.gen.js is (see there); apart from it,
 * so that pages without the codec do not load it.
 */
#define ENTRY(name, value) #name : value,
#define MESSAGE_OF(name, value, qos) #name : value,

export const MESSAGE = {CLASP_MESSAGE_LIST(MESSAGE_OF)};

export const CELL = {CLASP_CELL_LIST(ENTRY)};

export const DISPATCH = {CLASP_DISPATCH_LIST(ENTRY)};

export const CODEC_PART = {CLASP_CODEC_PART_LIST(ENTRY)};

export const WORDS = CLASP_WORDS;
export const WORD_MAX = CLASP_WORD_MAX;
export const TEXT_COUNT = CLASP_TEXT_WAYS * CLASP_TEXT_SETS;
export const SHAPES = CLASP_SHAPES;
export const SHAPE_KEYS = CLASP_SHAPE_KEYS;
export const BUNDLE_DEPTH = CLASP_BUNDLE_DEPTH;

export const PARAM_WRITER = CLASP_PARAM_WRITER;
export const PARAM_TIMESTAMP = CLASP_PARAM_TIMESTAMP;
export const PARAM_SMALL = CLASP_PARAM_SMALL;
export const TTL_ABSOLUTE = CLASP_TTL_ABSOLUTE;
export const TTL_SECONDS = CLASP_TTL_SECONDS;

export const NEW_TEXT = CLASP_NEW_TEXT;
export const NEW_LIST = CLASP_NEW_LIST;
export const IN_GROUP = CLASP_IN_GROUP;

export const HAS_REVISION = CLASP_HAS_REVISION;
export const HAS_TTL = CLASP_HAS_TTL;
export const HAS_VALUE = CLASP_HAS_VALUE;
export const HAS_SAMPLES = CLASP_HAS_SAMPLES;
export const HAS_TIMESTAMP = CLASP_HAS_TIMESTAMP;
export const HAS_ID = CLASP_HAS_ID;
export const HAS_RATE = CLASP_HAS_RATE;
export const HAS_LOCK = CLASP_HAS_LOCK;
export const HAS_UNLOCK = CLASP_HAS_UNLOCK;
