/* Links: what the browser reports. */
#include "peer/p2p_core.h"

static const clasp_span NO_BYTES = {NULL, 0};

static void fail(clasp_p2p *p, p2p_peer *peer, p2p_link *link, clasp_err cause, clasp_span words,
                 uint64_t now_us) {
    const p2p_end end = {.cause = cause, .words = words, .tell = peer->ours, .link_alone = true};
    p2p_link_end(p, peer, link, &end, now_us);
}

static clasp_err local_description(clasp_p2p *p, p2p_peer *peer, p2p_link *link, uint32_t round,
                                   clasp_span sdp, uint64_t now_us) {
    if (round != link->round) {
        return CLASP_BAD_STATE;
    }
    if (sdp.len == 0 || sdp.len > CLASP_SDP_MAX || !clasp_utf8_check(sdp)) {
        fail(p, peer, link, sdp.len > CLASP_SDP_MAX ? CLASP_TOO_LARGE : CLASP_NEGOTIATION, NO_BYTES, now_us);
        return CLASP_OK;
    }
    if (link->state != P2P_LINK_OFFERING && link->state != P2P_LINK_ANSWERING) {
        return CLASP_BAD_STATE;
    }
    if (!clasp_text_set(&link->sdp, sdp)) {
        return CLASP_NO_MEMORY;
    }
    p2p_link_step(p, peer, link, P2P_ON_LOCAL, NULL, NULL, now_us);
    return CLASP_OK;
}

static clasp_err local_candidate(clasp_p2p *p, p2p_peer *peer, p2p_link *link, uint32_t round,
                                 clasp_span json) {
    p2p_signal signal = p2p_about(link, P2P_TYPE_CANDIDATE);
    const clasp_err err = p2p_candidate_read_json(json, &signal.candidate);
    if (err != CLASP_OK || round != link->round) {
        return err != CLASP_OK ? err : CLASP_BAD_STATE;
    }
    if (signal.candidate.line_len == 0) {
        return CLASP_OK; /* the end of them, which is not signalled */
    }
    peer->facts.local[p2p_candidate_kind_of(&signal.candidate)]++;
    const bool kept = p2p_link_found(link, json);
    if (link->sdp.len > 0) { /* the description is out: this one follows at once */
        p2p_emit(p, peer, link->dialect, &signal);
    }
    return kept ? CLASP_OK : CLASP_LIMIT;
}

static void ice_works(clasp_p2p *p, p2p_peer *peer, p2p_link *link, uint64_t now_us) {
    peer->facts.ice_worked = true;
    if (link->path == PATH_DOWN || link->dialect == CLASP_P2P_DIALECT_ROOM) {
        p2p_path(p, peer, link, PATH_WORKS, CLASP_OK, now_us);
    }
}

static void ice_failed(clasp_p2p *p, p2p_peer *peer, p2p_link *link, bool dtls, uint64_t now_us) {
    *(dtls ? &peer->facts.dtls_failed : &peer->facts.ice_failed) = true;
    p2p_path(p, peer, link, PATH_FAILS, CLASP_ICE_FAILED, now_us);
}

static void channel_closed(clasp_p2p *p, p2p_peer *peer, p2p_link *link, uint32_t channel, uint64_t now_us) {
    if (channel == 0 && peer->ours) {
        fail(p, peer, link, CLASP_NOT_CONNECTED, NO_BYTES, now_us);
    } else if (channel == 0) { /* a peer of another make has gone this way */
        fail(p, peer, link, CLASP_PEER_GONE, NO_BYTES, now_us);
    }
}

clasp_err clasp_p2p_link(clasp_p2p *p, uint32_t handle, uint32_t number, clasp_p2p_link_event event,
                         uint32_t arg, clasp_span bytes, uint64_t now_us) {
    p2p_peer *peer = p2p_by_handle(p, handle);
    p2p_link *link = peer ? p2p_link_by_number(peer, number) : NULL;
    if (!link || link->state == P2P_LINK_ASKED) {
        return CLASP_BAD_HANDLE;
    }
    switch (event) {
    case CLASP_P2P_LINK_LOCAL:
        return local_description(p, peer, link, arg, bytes, now_us);
    case CLASP_P2P_LINK_CANDIDATE:
        return local_candidate(p, peer, link, arg, bytes);
    case CLASP_P2P_LINK_APPLIED:
        return CLASP_OK;
    case CLASP_P2P_LINK_CONNECTED:
        ice_works(p, peer, link, now_us);
        return CLASP_OK;
    case CLASP_P2P_LINK_DISCONNECTED:
        p2p_path(p, peer, link, PATH_BREAKS, CLASP_ICE_FAILED, now_us);
        return CLASP_OK;
    case CLASP_P2P_LINK_FAILED:
    case CLASP_P2P_LINK_DTLS_FAILED:
        ice_failed(p, peer, link, event == CLASP_P2P_LINK_DTLS_FAILED, now_us);
        return CLASP_OK;
    case CLASP_P2P_LINK_CLOSED:
        fail(p, peer, link, CLASP_NOT_CONNECTED, NO_BYTES, now_us);
        return CLASP_OK;
    case CLASP_P2P_LINK_REFUSED:
        if (arg != 1) {
            fail(p, peer, link, CLASP_NEGOTIATION, bytes, now_us);
        }
        return CLASP_OK;
    case CLASP_P2P_LINK_CHANNEL_OPEN:
        if (arg == 0 && link->path == PATH_NEW) {
            p2p_path(p, peer, link, PATH_WORKS, CLASP_OK, now_us);
        }
        return CLASP_OK;
    case CLASP_P2P_LINK_CHANNEL_CLOSED:
        channel_closed(p, peer, link, arg, now_us);
        return CLASP_OK;
    case CLASP_P2P_LINK_GATHERED:
        peer->facts.gathered = true;
        return CLASP_OK;
    }
    return CLASP_BAD_STATE;
}
