/*
 * js-glue/codec.gen.js: what the codec's JavaScript needs of the C headers. Made as abi.gen.js is (see there); apart from it,
 * so that pages without the codec do not load it.
 */
#define ENTRY(name, value) #name : value,
#define MESSAGE_OF(name, value, qos) #name : value,
#define STRING(x) #x
#define NUMBER(x) parseInt(STRING(x))
#define BIT(x) (1 << parseInt(STRING(x).slice("(1u << ".length)))

export const MESSAGE = {CLASP_MESSAGE_LIST(MESSAGE_OF)};

export const CELL = {CLASP_CELL_LIST(ENTRY)};

export const DISPATCH = {CLASP_DISPATCH_LIST(ENTRY)};

export const CODEC_PART = {CLASP_CODEC_PART_LIST(ENTRY)};

export const WORDS = NUMBER(CLASP_WORDS);
export const WORD_MAX = NUMBER(CLASP_WORD_MAX);
export const TEXT_COUNT = NUMBER(CLASP_TEXT_WAYS) * NUMBER(CLASP_TEXT_SETS);
export const SHAPES = NUMBER(CLASP_SHAPES);
export const SHAPE_KEYS = NUMBER(CLASP_SHAPE_KEYS);
export const BUNDLE_DEPTH = NUMBER(CLASP_BUNDLE_DEPTH);

export const PARAM_WRITER = NUMBER(CLASP_PARAM_WRITER);
export const PARAM_TIMESTAMP = NUMBER(CLASP_PARAM_TIMESTAMP);
export const PARAM_SMALL = NUMBER(CLASP_PARAM_SMALL);
export const TTL_ABSOLUTE = NUMBER(CLASP_TTL_ABSOLUTE);
export const TTL_SECONDS = NUMBER(CLASP_TTL_SECONDS);

export const NEW_TEXT = NUMBER(CLASP_NEW_TEXT);
export const NEW_LIST = NUMBER(CLASP_NEW_LIST);
export const IN_GROUP = NUMBER(CLASP_IN_GROUP);

export const HAS_REVISION = BIT(CLASP_HAS_REVISION);
export const HAS_TTL = BIT(CLASP_HAS_TTL);
export const HAS_VALUE = BIT(CLASP_HAS_VALUE);
export const HAS_SAMPLES = BIT(CLASP_HAS_SAMPLES);
export const HAS_TIMESTAMP = BIT(CLASP_HAS_TIMESTAMP);
export const HAS_ID = BIT(CLASP_HAS_ID);
export const HAS_RATE = BIT(CLASP_HAS_RATE);
export const HAS_LOCK = BIT(CLASP_HAS_LOCK);
export const HAS_UNLOCK = BIT(CLASP_HAS_UNLOCK);
