/*
 * Sessions that change. A session is no identity: after a reconnect of the signalling it is another one, and whoever says
 * that it is an old peer has to prove it. Both sides know a token that went over their direct path; the proof is a keyed
 * hash under it of the writer's session and the receiver's, so that it serves nobody else.
 */
#include "peer/p2p_core.h"

void p2p_proof(const p2p_peer *peer, clasp_span from, clasp_span to, uint8_t out[P2P_PROOF_LEN]) {
    const clasp_span texts[] = {from, to};
    clasp_store_u64(out, p2p_siphash(peer->token, texts, 2));
}

/* Compared without an early end: how much of a guess was right must not show. */
static bool proves(const clasp_p2p *p, const p2p_peer *peer, const p2p_signal *signal) {
    uint8_t expected[P2P_PROOF_LEN];
    uint8_t differ = 0;
    p2p_proof(peer, signal->from, clasp_text_span(&p->session), expected);
    for (uint32_t i = 0; i < P2P_PROOF_LEN; i++) {
        differ |= (uint8_t)(expected[i] ^ signal->proof.at[i]);
    }
    return differ == 0;
}

p2p_peer *p2p_prover(const clasp_p2p *p, const p2p_signal *signal) {
    for (uint32_t i = 0; signal->proof.len > 0 && i < p->slots; i++) {
        if (p->peers[i] && p->peers[i]->has_token && proves(p, p->peers[i], signal)) {
            return p->peers[i];
        }
    }
    return NULL;
}

void p2p_take_session(clasp_p2p *p, p2p_peer *peer, clasp_span session, uint64_t now_us) {
    clasp_text copy = {NULL, 0};
    if (!clasp_text_set(&copy, session)) {
        return; /* the peer says it again */
    }
    p2p_peer *other = p2p_by_session(p, clasp_text_span(&copy), false);
    const p2p_end end = {.cause = CLASP_OK};
    if (other && other != peer) { /* made of what came before the proof */
        p2p_peer_end(p, other, &end, now_us);
        p2p_drop(p, other);
        p2p_claim_tickets(p, peer);
    }
    p2p_note_late(p, clasp_text_span(&peer->session), (clasp_span){NULL, 0}, now_us);
    clasp_text_clear(&peer->session);
    clasp_text_clear(&peer->next_session);
    peer->session = copy;
    peer->lost = false;
    peer->superseded = false;
    peer->shunned = false;
    p2p_renew_cover(p, peer);
}

static void resume_at(clasp_p2p *p, p2p_peer *peer, const clasp_text *session, bool ack) {
    const clasp_text own = peer->session;
    p2p_signal signal = {.type = P2P_TYPE_RESUME, .ack = ack};
    uint8_t proof[P2P_PROOF_LEN];
    peer->session = *session;
    p2p_proof(peer, clasp_text_span(&p->session), clasp_text_span(session), proof);
    signal.proof = (clasp_span){proof, sizeof proof};
    p2p_emit(p, peer, CLASP_P2P_DIALECT_CLASP, &signal);
    peer->session = own;
}

void p2p_send_resume(clasp_p2p *p, p2p_peer *peer, uint64_t now_us) {
    if (!peer->has_token || !p->up) {
        return;
    }
    if (peer->next_session.len > 0) {
        resume_at(p, peer, &peer->next_session, false);
    }
    if (!peer->told && !peer->lost) {
        resume_at(p, peer, &peer->session, false);
    }
    const bool waits = !peer->told || peer->next_session.len > 0;
    peer->timers[PEER_RESUME] = !waits ? P2P_NEVER
                                       : now_us + clasp_backoff_us(&p->random, CLASP_REPEAT_US, peer->resumes,
                                                                   CLASP_P2P_PROBE_MAX_US);
    peer->resumes = peer->resumes < 16 ? (uint8_t)(peer->resumes + 1) : peer->resumes;
}

void p2p_resumed(clasp_p2p *p, p2p_peer *peer, const p2p_signal *signal, uint64_t now_us) {
    peer->told = peer->told || signal->ack;
    if (!signal->ack) {
        resume_at(p, peer, &peer->session, true);
        p2p_word(p, peer, now_us);
    }
    if (peer->told && peer->next_session.len == 0) {
        peer->timers[PEER_RESUME] = P2P_NEVER;
    }
    if (peer->state == CLASP_P2P_DISCONNECTED && peer->timers[PEER_PROBE] > now_us) {
        peer->timers[PEER_PROBE] = now_us; /* it can be reached again: look for a path at once */
    }
}

clasp_err clasp_p2p_token(clasp_p2p *p, uint32_t handle, clasp_span token) {
    p2p_peer *peer = p2p_by_handle(p, handle);
    if (!peer || !peer->ours) {
        return CLASP_BAD_HANDLE;
    }
    if (token.len != CLASP_P2P_TOKEN_LEN) {
        return CLASP_BAD_FIELD;
    }
    memcpy(peer->token, token.at, CLASP_P2P_TOKEN_LEN);
    peer->has_token = true;
    peer->told = true; /* it went over the direct path of this session */
    return CLASP_OK;
}
