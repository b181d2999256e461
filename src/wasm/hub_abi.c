#include "hub/hub.h"
#include "wasm/abi.h"
#include "wasm/door.h"
#include "wasm/rendezvous_abi.h"

static clasp_hub *hub; /* the module's one hub; NULL before hub_start() */

int32_t clasp_abi_hub_start(uint32_t name_len, uint32_t max_sessions, uint32_t max_subscriptions,
                            uint32_t max_params, uint32_t messages_per_second) {
    if (hub || !clasp_door_is_seeded()) {
        return CLASP_BAD_STATE;
    }
    const clasp_hub_options options = {clasp_door_inbox(name_len), max_sessions, max_subscriptions,
                                       max_params, messages_per_second};
    const uint64_t seed[2] = {clasp_door_random(), clasp_door_random()};
    hub = clasp_hub_new(&options, seed, clasp_door_outbox());
    return hub ? CLASP_OK : CLASP_NO_MEMORY;
}

int32_t clasp_abi_hub_connected(double now_us) {
    uint32_t session = 0;
    const clasp_err err = hub ? clasp_hub_connected(hub, clasp_door_time(now_us), &session) : CLASP_BAD_STATE;
    return err == CLASP_OK ? (int32_t)session : (int32_t)err;
}

void clasp_abi_hub_disconnected(uint32_t session, double now_us) {
    if (hub) {
        clasp_hub_disconnected(hub, session, clasp_door_time(now_us));
    }
}

int32_t clasp_abi_hub_received(uint32_t session, uint32_t len, double now_us) {
    if (!hub) {
        return CLASP_BAD_STATE;
    }
    return clasp_hub_received(hub, session, clasp_door_inbox(len), clasp_door_time(now_us));
}

void clasp_abi_hub_left_out(uint32_t session, uint32_t count, double now_us) {
    if (hub) {
        clasp_hub_left_out(hub, session, count, clasp_door_time(now_us));
    }
}

double clasp_abi_hub_stat(uint32_t stat) {
    return hub && stat < CLASP_HUB_STAT_COUNT ? clasp_hub_stat_value(hub, (clasp_hub_stat)stat) : 0;
}

double clasp_deadline(void) {
    const uint64_t own = hub ? clasp_hub_deadline(hub) : UINT64_MAX;
    const uint64_t other = clasp_door_rendezvous_deadline();
    return clasp_door_deadline(own < other ? own : other);
}

void clasp_tick(double now_us) {
    if (hub) {
        clasp_hub_tick(hub, clasp_door_time(now_us));
    }
    clasp_door_rendezvous_tick(clasp_door_time(now_us));
}
