#include "hub/hub.h"
#include "wasm/abi.h"
#include "wasm/door.h"
#include "wasm/rendezvous_abi.h"

static clasp_hub *hub; /* the module's one hub; NULL before hub_start() */

/* Options in the order of CLASP_HUB_OPTION_LIST; those that the host does not know stay 0. */
static clasp_hub_options options_of(clasp_span input, uint32_t count) {
    uint32_t values[] = {
#define X(name, script) 0,
        CLASP_HUB_OPTION_LIST(X)
#undef X
    };
    const uint32_t known = sizeof values / sizeof *values;
    const uint32_t given = count < input.len / 4 ? count : input.len / 4;
    if (given > 0) {
        memcpy(values, input.at, (given < known ? given : known) * sizeof *values);
    }
    const uint32_t *value = values;
    clasp_hub_options options = {.name = {input.at + (size_t)given * 4, input.len - given * 4}};
#define X(option, script) options.option = *value++;
    CLASP_HUB_OPTION_LIST(X)
#undef X
    return options;
}

int32_t clasp_abi_hub_start(uint32_t len, uint32_t count) {
    if (hub || !clasp_door_is_seeded()) {
        return CLASP_BAD_STATE;
    }
    const clasp_hub_options options = options_of(clasp_door_inbox(len), count);
    const uint64_t seed[2] = {clasp_door_random(), clasp_door_random()};
    hub = clasp_hub_new(&options, seed, clasp_door_outbox());
    return hub ? CLASP_OK : CLASP_NO_MEMORY;
}

int32_t clasp_abi_hub_tokens(uint32_t len, double now_us) {
    return hub ? clasp_hub_set_tokens(hub, clasp_door_inbox(len), clasp_door_time(now_us)) : CLASP_BAD_STATE;
}

int32_t clasp_abi_hub_check_scope(uint32_t len) { return clasp_hub_check_scope(clasp_door_inbox(len)); }

int32_t clasp_abi_hub_is_admin(uint32_t len, double now_us) {
    return hub && clasp_hub_is_admin(hub, clasp_door_inbox(len), clasp_door_time(now_us));
}

int32_t clasp_abi_hub_connected(uint32_t host_high, uint32_t host_low, double now_us) {
    const uint64_t host = (uint64_t)host_high << 32 | host_low;
    uint32_t session = 0;
    const clasp_err err =
        hub ? clasp_hub_connected_from(hub, host, clasp_door_time(now_us), &session) : CLASP_BAD_STATE;
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
    uint32_t used;
    const clasp_err err = clasp_hub_take(hub, session, clasp_door_inbox(len), clasp_door_time(now_us), &used);
    return err == CLASP_OK ? (int32_t)used : (int32_t)err;
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
