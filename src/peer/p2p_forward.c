/*
 * Signals by name, /webrtc/signal/{from}/{to}, and their forwarder, which publishes each again with the names swapped.
 *
 * Who listens on both ways hears a signal twice: the second copy is dropped. Two forwarders hear one another: what one has
 * sent itself, or the other has sent for the same signal, is dropped, so that nothing goes round.
 */
#include "peer/p2p_core.h"

#define PREFIX "/webrtc/signal/"

/* Exactly two names behind the prefix. */
static bool split(clasp_span address, clasp_span *first, clasp_span *second) {
    const clasp_span prefix = clasp_span_of(PREFIX);
    if (address.len <= prefix.len || memcmp(address.at, prefix.at, prefix.len) != 0) {
        return false;
    }
    const clasp_span rest = {address.at + prefix.len, address.len - prefix.len};
    const uint8_t *slash = memchr(rest.at, '/', rest.len);
    if (!slash) {
        return false;
    }
    *first = (clasp_span){rest.at, (uint32_t)(slash - rest.at)};
    *second = (clasp_span){slash + 1, rest.len - first->len - 1};
    return p2p_id_check(*first) && p2p_id_check(*second);
}

static uint64_t key_of(const clasp_p2p *p, clasp_span first, clasp_span second, clasp_span value) {
    const clasp_span texts[] = {first, second, value};
    return p2p_memory_key(p->hash_seed, texts, 3);
}

static void forward(clasp_p2p *p, clasp_span first, clasp_span second, clasp_span value, uint64_t now_us) {
    const uint64_t out = key_of(p, second, first, value);
    if (value.len > CLASP_P2P_SIGNAL_MAX ||
        p2p_memory_has(&p->sent, key_of(p, first, second, value), now_us, NULL)) {
        return; /* it is what we sent, come back by another forwarder */
    }
    p2p_memory_add(&p->sent, out, 0, now_us + CLASP_P2P_FORWARDED_US);
    p2p_publish_named(p, second, first, value);
}

bool p2p_named_for_us(clasp_p2p *p, clasp_span address, clasp_span value, clasp_span *from, uint64_t now_us) {
    clasp_span first, second;
    const clasp_span own = p2p_own(p, CLASP_P2P_DIALECT_NAMED);
    if (!split(address, &first, &second)) {
        return false;
    }
    const bool direct = clasp_span_equal(second, own);
    const bool forwarded = clasp_span_equal(first, own);
    const bool to_us = direct || forwarded;
    *from = direct ? first : second;
    /* the same content between the same two, by whichever way; order of the names does not count */
    const uint64_t key = to_us ? key_of(p, *from, own, value) : key_of(p, first, second, value);
    if (p2p_memory_has(&p->seen, key, now_us, NULL)) {
        return false;
    }
    p2p_memory_add(&p->seen, key, 0, now_us + CLASP_P2P_COPY_US);
    if (!to_us && p->forward && p->up) {
        forward(p, first, second, value, now_us);
    }
    return to_us;
}
