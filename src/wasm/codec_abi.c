#include "codec/dispatch.h"
#include "route/address.h"
#include "wasm/abi.h"

static clasp_codec *codec; /* the module's one, made when first asked for */
static clasp_dispatcher *dispatchers[CLASP_ABI_DISPATCHERS];

uint32_t clasp_abi_version(void) { return CLASP_ABI_VERSION; }

static uint32_t address_of(const void *at) { return (uint32_t)(uintptr_t)at; }

uint32_t clasp_abi_codec_part(uint32_t part) {
    codec = codec ? codec : clasp_codec_new();
    if (!codec) {
        return 0;
    }
    const void *parts[] = {codec->frame,        codec->out,         codec->words,
                           codec->texts.places, codec->texts.fresh, &codec->texts.fresh_count,
                           &codec->tape.cells,  &codec->envelope,   codec->shapes.shapes};
    return part < sizeof parts / sizeof *parts ? address_of(parts[part]) : 0;
}

int32_t clasp_abi_codec_room(uint32_t cells) {
    clasp_tape_clear(&codec->tape);
    return clasp_tape_add(&codec->tape, cells) ? CLASP_OK : codec->tape.err;
}

int32_t clasp_abi_codec_unpack(uint32_t len) { return clasp_codec_unpack(codec, len); }

int32_t clasp_abi_codec_pack(uint32_t cells, uint32_t has_qos) {
    clasp_tape_clear(&codec->tape);
    return cells > 0 && clasp_tape_add(&codec->tape, cells)
               ? clasp_codec_pack(codec, has_qos)
               : (int32_t)(codec->tape.err != CLASP_OK ? codec->tape.err : CLASP_BAD_FIELD);
}

static clasp_span text_at(uint32_t at, uint32_t len) {
    const bool fits = at <= sizeof codec->frame && len <= sizeof codec->frame - at;
    return (clasp_span){codec->frame + (fits ? at : 0), fits ? len : 0};
}

int32_t clasp_abi_codec_check(uint32_t len, uint32_t is_pattern) {
    return (is_pattern ? clasp_pattern_check : clasp_address_check)(text_at(0, len));
}

int32_t clasp_abi_codec_match(uint32_t pattern_len, uint32_t address_len) {
    const clasp_span pattern = text_at(0, pattern_len);
    const clasp_span address = text_at(pattern_len, address_len);
    const clasp_err err = clasp_pattern_check(pattern);
    const clasp_err other = clasp_address_check(address);
    if (err != CLASP_OK || other != CLASP_OK) {
        return err != CLASP_OK ? err : other;
    }
    return clasp_match(pattern, address);
}

/* ---- dispatchers: a handle is an index + 1 ----------------------------------------------------------------------- */

int32_t clasp_abi_dispatcher_new(uint32_t seed_low, uint32_t seed_high) {
    int32_t i = 0;
    while (i < (int32_t)CLASP_ABI_DISPATCHERS && dispatchers[i]) {
        i++;
    }
    if (i == (int32_t)CLASP_ABI_DISPATCHERS) {
        return CLASP_LIMIT;
    }
    dispatchers[i] = clasp_dispatcher_new((uint64_t)seed_high << 32 | seed_low);
    return dispatchers[i] ? i + 1 : CLASP_NO_MEMORY;
}

/* The place of a handle; NULL when it names nothing. */
static clasp_dispatcher **place_of(int32_t handle) {
    const bool is_there = handle > 0 && handle <= (int32_t)CLASP_ABI_DISPATCHERS && dispatchers[handle - 1];
    return is_there ? &dispatchers[handle - 1] : NULL;
}

void clasp_abi_dispatcher_free(int32_t dispatcher) {
    clasp_dispatcher **place = place_of(dispatcher);
    if (place) {
        clasp_dispatcher_free(*place);
        *place = NULL;
    }
}

int32_t clasp_abi_dispatcher_add(int32_t dispatcher, uint32_t pattern_len, uint32_t sub) {
    clasp_dispatcher **place = place_of(dispatcher);
    return place ? clasp_dispatcher_add(*place, text_at(0, pattern_len), sub) : CLASP_BAD_HANDLE;
}

int32_t clasp_abi_dispatcher_remove(int32_t dispatcher, uint32_t sub) {
    clasp_dispatcher **place = place_of(dispatcher);
    if (!place) {
        return CLASP_BAD_HANDLE;
    }
    return clasp_dispatcher_remove(*place, sub) ? CLASP_OK : CLASP_BAD_STATE;
}

int32_t clasp_abi_dispatcher_run(int32_t dispatcher, uint32_t len) {
    clasp_dispatcher **place = place_of(dispatcher);
    if (!place) {
        codec->envelope.err = CLASP_BAD_HANDLE;
        return CLASP_DISPATCH_TAPE;
    }
    return clasp_dispatcher_run(*place, codec, len);
}
