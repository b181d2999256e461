/*
 * js-glue/abi.gen.js: what JavaScript needs of the C headers, so that no number is typed twice.
 *
 * JavaScript, expanded by C's preprocessor alone. cmake/wasm.cmake names the headers with -imacros: their macros are
 * there, their declarations are not. Names are made strings, since some (NULL, BOOL) are macros elsewhere.
 */
#define ENTRY(name, value) #name : value,
#define TEXT_OF(name, value, text) #name : text,
#define CODE_OF(name, value, text) #name : value,
#define STAT(id, text) {name : #id, help : text},
#define NAME(name, value) #name,
#define EFFECT(name, value) export const EFFECT_##name = value;
#define SESSION_EVENT(name, value) export const SESSION_##name = value;
#define P2P_EFFECT(name, value) export const name = value;
#define P2P_EVENT(name, value) export const ON_##name = value;
#define P2P_LINK(name, value) export const LINK_##name = value;
#define P2P_SAY(name, value) export const SAY_##name = value;
#define P2P_DIALECT(name, value) export const DIALECT_##name = value;
#define PIPE(name, value) export const PIPE_##name = value;
#define SCRIPT_NAME(name, script) #script,

export const ABI_VERSION = CLASP_ABI_VERSION;

export const ERR = {CLASP_ERR_LIST(CODE_OF)};

export const ERR_TEXT = {CLASP_ERR_LIST(TEXT_OF)};

CLASP_EFFECT_LIST(EFFECT)

CLASP_SESSION_EVENT_LIST(SESSION_EVENT)

export const BUNDLE = {CLASP_BUNDLE_LIST(ENTRY)};

export const CLIENT_SECRET = CLASP_CLIENT_SECRET;

export const SESSION_STATE = {CLASP_SESSION_STATE_LIST(ENTRY)};

export const CONFERENCE_EVENT = {CLASP_CONFERENCE_EVENT_LIST(ENTRY)};

export const ROLE = {CLASP_ROLE_LIST(ENTRY)};

export const LINK_EVENT = {CLASP_LINK_EVENT_LIST(ENTRY)};

export const LINK_OPEN_CHANNEL = CLASP_LINK_OPEN_CHANNEL;

export const VALUE = {CLASP_VALUE_LIST(ENTRY)};

export const VALUE_DEPTH = CLASP_VALUE_DEPTH;

export const WIDE_MAX = CLASP_CHUNK_MAX_LEN;

export const WIDE_VALUES = CLASP_WIDE_VALUES;

export const WIDE_SPARE = CLASP_WIDE_SPARE;

export const SIGNAL = {CLASP_SIGNAL_LIST(ENTRY)};

export const PHASE = {CLASP_PHASE_LIST(ENTRY)};

export const WIRE_ERROR = {CLASP_WIRE_ERROR_LIST(ENTRY)};

export const TYPE_EVENT = CLASP_TYPE_EVENT;

export const TYPE_ALL = CLASP_TYPE_ALL;

export const FEATURES =
    CLASP_FEATURE_PARAM | CLASP_FEATURE_EVENT | CLASP_FEATURE_STREAM;

export const SUBPROTOCOL = CLASP_SUBPROTOCOL;

export const FRAME_HEADER = CLASP_FRAME_HEADER;

export const FRAME_MAX =
    CLASP_FRAME_HEADER + CLASP_FRAME_TIMESTAMP + CLASP_FRAME_PAYLOAD_MAX;

export const HUB_EVENT = {CLASP_HUB_EVENT_LIST(ENTRY)};

export const HUB_OPTIONS = [CLASP_HUB_OPTION_LIST(SCRIPT_NAME)];

export const HUB_NO_JOURNAL = CLASP_HUB_NO_JOURNAL;

export const HUB_STATS = [CLASP_HUB_STAT_LIST(STAT)];

export const RENDEZVOUS_STATS = [CLASP_RENDEZVOUS_STAT_LIST(STAT)];

export const RENDEZVOUS_NONE = CLASP_RENDEZVOUS_NONE;

export const RENDEZVOUS_LIMIT_MAX = CLASP_RENDEZVOUS_LIMIT_MAX;

export const RENDEZVOUS_DOCUMENT = CLASP_RENDEZVOUS_DOCUMENT;

export const RENDEZVOUS_DOCUMENT_MAX = CLASP_RENDEZVOUS_DOCUMENT_MAX;

export const RENDEZVOUS_DEVICES_MAX = CLASP_RENDEZVOUS_DEVICES_MAX;

export const RENDEZVOUS_TTL_S = CLASP_RENDEZVOUS_TTL_S;

/* Of data-channel peers each number is a constant of its own: whoever has none of them bundles none. */
CLASP_P2P_EFFECT_LIST(P2P_EFFECT)

CLASP_P2P_EVENT_LIST(P2P_EVENT)

CLASP_P2P_LINK_LIST(P2P_LINK)

CLASP_FLOW_SAY_LIST(P2P_SAY)

CLASP_P2P_DIALECT_LIST(P2P_DIALECT)

CLASP_PIPE_LIST(PIPE)

export const P2P_STATES = [CLASP_P2P_STATE_LIST(NAME)];

export const P2P_VERDICTS = [CLASP_P2P_VERDICT_LIST(NAME)];

export const FLOW_STATS = [CLASP_FLOW_STAT_LIST(NAME)];

export const PEER_OURS = CLASP_P2P_PEER_OURS;

export const PEER_ANNOUNCED = CLASP_P2P_PEER_ANNOUNCED;

export const OPEN_CHANNELS = CLASP_P2P_OPEN_CHANNELS;

export const OPEN_FAST = CLASP_P2P_OPEN_FAST;

export const OPEN_MEDIA = CLASP_P2P_OPEN_MEDIA;

export const DELIVER_BROADCAST = CLASP_P2P_DELIVER_BROADCAST;

export const DELIVER_LENT = CLASP_P2P_DELIVER_LENT;

export const DELIVER_RAW = CLASP_P2P_DELIVER_RAW;

export const DELIVER_WIDE = CLASP_P2P_DELIVER_WIDE;

export const FIRST_CUSTOM = CLASP_FLOW_FIRST_CUSTOM;

export const P2P_TOKEN_LEN = CLASP_P2P_TOKEN_LEN;
