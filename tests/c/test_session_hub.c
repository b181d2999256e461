/*
 * Sessions and a hub, core to core, over connections that a seed delays, refuses, cuts and lets go silent. One seed is
 * one story, the same each time.
 */
#include "base/limits.h"
#include "base/random.h"
#include "hub/hub.h"
#include "session/session.h"
#include "talk.h"

#define MS UINT64_C(1000)
#define SECOND (1000 * MS)
#define START (UINT64_C(1700000000) * SECOND)
#define CLIENTS 3u
#define PARAMS 5u
#define STORM_US (90 * SECOND) /* trouble, … */
#define CALM_US (60 * SECOND)  /* … then time to get over it */
#define STEP_US (100 * MS)     /* between two turns of the clients */

typedef enum line_state { LINE_DOWN, LINE_OPENING, LINE_UP, LINE_SILENT } line_state;

/* Something on its way. */
typedef struct packet {
    struct packet *next;
    uint64_t due_us;
    bool to_hub;
    uint32_t len;
    uint8_t bytes[];
} packet;

typedef struct client {
    clasp_session *session;
    line_state line; /* its connection; SILENT: up as far as both ends know, but nothing arrives */
    uint32_t handle; /* the hub's, while UP or SILENT */
    uint64_t opens_us;
    packet *first, *last;
    uint64_t last_due_us[2]; /* by direction: nothing overtakes */
    uint32_t published;      /* number of its last PUBLISH */
    uint32_t heard[CLIENTS]; /* number of the last PUBLISH of each other */
    uint32_t heard_count, disorders, openings;
    double seen[PARAMS]; /* last value of each param */
    char addresses[64][32];
} client;

static struct {
    clasp_hub *hub;
    clasp_outbox hub_out, client_out;
    clasp_random random;
    uint64_t now_us;
    bool is_stormy;
    client clients[CLIENTS];
} world;

static bool chance(uint32_t per_mille) { return clasp_random_below(&world.random, 1000) < per_mille; }

/* ---- connections --------------------------------------------------------------------------------------------- */

static void send_packet(client *c, bool to_hub, clasp_span bytes) {
    packet *p = malloc(sizeof *p + bytes.len);
    const uint64_t due_us = world.now_us + (5 + clasp_random_below(&world.random, 40)) * MS;
    c->last_due_us[to_hub] = due_us > c->last_due_us[to_hub] ? due_us : c->last_due_us[to_hub];
    *p = (packet){.due_us = c->last_due_us[to_hub], .to_hub = to_hub, .len = bytes.len};
    memcpy(p->bytes, bytes.at, bytes.len);
    *(c->last ? &c->last->next : &c->first) = p;
    c->last = p;
}

static void drop_packets(client *c) {
    while (c->first) {
        packet *p = c->first;
        c->first = p->next;
        free(p);
    }
    c->last = NULL;
}

/* The connection is gone, with all that is on its way; the hub hears of it at once, the client if it is told. */
static void cut(client *c) {
    drop_packets(c);
    if (c->line == LINE_UP || c->line == LINE_SILENT) {
        clasp_hub_disconnected(world.hub, c->handle, world.now_us);
    }
    c->line = LINE_DOWN;
}

static void connect_line(client *c) {
    const bool is_refused = world.is_stormy && chance(300);
    if (is_refused || clasp_hub_connected(world.hub, world.now_us, &c->handle) != CLASP_OK) {
        c->line = LINE_DOWN;
        clasp_session_socket_closed(c->session, 1006, world.now_us);
        return;
    }
    c->line = LINE_UP;
    clasp_session_socket_opened(c->session, world.now_us);
}

/* ---- effects ------------------------------------------------------------------------------------------------- */

/* The number behind a prefix, below `end`; `end` when the address is another one. */
static unsigned index_in(const char *address, const char *prefix, unsigned end) {
    const size_t len = strlen(prefix);
    const unsigned long number = strncmp(address, prefix, len) == 0 ? strtoul(address + len, NULL, 10) : end;
    return number < end ? (unsigned)number : end;
}

/* "/event/<client>" carries numbers that grow, "/p/<n>" the params. */
static void on_deliver(client *c, const clasp_effect *effect) {
    const char *address = c->addresses[effect->a % 64];
    const unsigned other = index_in(address, "/event/", CLIENTS);
    const unsigned param = index_in(address, "/p/", PARAMS);
    if (other < CLIENTS) {
        c->disorders += effect->number <= c->heard[other];
        c->heard[other] = (uint32_t)effect->number;
        c->heard_count++;
    } else if (param < PARAMS) {
        c->seen[param] = effect->number;
    }
}

static void on_client_effect(client *c, const clasp_effect *effect, clasp_span bytes) {
    switch (effect->kind) {
    case CLASP_EFFECT_SOCKET_OPEN:
        c->line = LINE_OPENING;
        c->opens_us = world.now_us + 20 * MS;
        break;
    case CLASP_EFFECT_SOCKET_SEND:
        send_packet(c, true, bytes);
        break;
    case CLASP_EFFECT_SOCKET_CLOSE:
        cut(c);
        break;
    case CLASP_EFFECT_SESSION_STATE:
        c->openings += effect->a == CLASP_SESSION_OPEN;
        break;
    case CLASP_EFFECT_ADDRESS:
        snprintf(c->addresses[effect->a % 64], sizeof c->addresses[0], "%.*s", (int)bytes.len,
                 (const char *)bytes.at);
        break;
    case CLASP_EFFECT_DELIVER:
        on_deliver(c, effect);
        break;
    default:
        break;
    }
}

static client *by_handle(uint32_t handle) {
    for (unsigned i = 0; i < CLIENTS; i++) {
        const line_state line = world.clients[i].line;
        if ((line == LINE_UP || line == LINE_SILENT) && world.clients[i].handle == handle) {
            return &world.clients[i];
        }
    }
    return NULL;
}

static void on_hub_send(const clasp_effect *effect, clasp_span bytes) {
    const uint32_t list = effect->a * (uint32_t)sizeof(uint32_t);
    for (uint32_t i = 0; i < effect->a; i++) {
        uint32_t handle;
        memcpy(&handle, bytes.at + (size_t)i * sizeof handle, sizeof handle);
        client *c = by_handle(handle);
        if (c) {
            send_packet(c, false, (clasp_span){bytes.at + list, bytes.len - list});
        }
    }
}

static void on_hub_effect(const clasp_effect *effect, clasp_span bytes) {
    if (effect->kind == CLASP_EFFECT_HUB_SEND) {
        on_hub_send(effect, bytes);
    } else if (effect->kind == CLASP_EFFECT_HUB_CLOSE) {
        client *c = by_handle(effect->a);
        if (c) {
            drop_packets(c);
            c->line = LINE_DOWN;
            clasp_session_socket_closed(c->session, effect->b, world.now_us);
        }
    }
}

/* What one client's call has led to, and what the hub's. */
static void settle(client *c) {
    while (world.client_out.count > 0 || world.hub_out.count > 0) {
        clasp_outbox own = world.client_out, hubs = world.hub_out;
        world.client_out = world.hub_out = (clasp_outbox){0};
        for (uint32_t i = 0; i < own.count; i++) {
            on_client_effect(c, &own.effects[i], clasp_outbox_bytes(&own, &own.effects[i]));
        }
        for (uint32_t i = 0; i < hubs.count; i++) {
            on_hub_effect(&hubs.effects[i], clasp_outbox_bytes(&hubs, &hubs.effects[i]));
        }
        clasp_outbox_deinit(&own);
        clasp_outbox_deinit(&hubs);
    }
}

/* ---- the story ----------------------------------------------------------------------------------------------- */

static clasp_message numbered(uint8_t type, const char *address, double number) {
    return (clasp_message){.type = type,
                           .has = type == CLASP_MSG_PUBLISH ? CLASP_HAS_VALUE : 0,
                           .signal = CLASP_SIGNAL_EVENT,
                           .address = clasp_span_of(address),
                           .value = talk_number(number)};
}

static void speak(client *c) {
    char address[32];
    snprintf(address, sizeof address, "/event/%u", (unsigned)(c - world.clients));
    const clasp_message event = numbered(CLASP_MSG_PUBLISH, address, ++c->published);
    CHECK_EQ(clasp_session_send(c->session, &event, world.now_us), CLASP_OK);
    if (chance(400)) {
        snprintf(address, sizeof address, "/p/%u", clasp_random_below(&world.random, PARAMS));
        const clasp_message news =
            numbered(CLASP_MSG_SET, address, clasp_random_below(&world.random, 1000000));
        CHECK_EQ(clasp_session_send(c->session, &news, world.now_us), CLASP_OK);
    }
    settle(c);
}

/* What may go wrong with a connection in one turn. */
static void trouble(client *c) {
    if (c->line == LINE_UP && chance(10)) {
        cut(c);
        clasp_session_socket_closed(c->session, 1006, world.now_us);
    } else if (c->line == LINE_UP && chance(2)) {
        c->line = LINE_SILENT; /* only the missing answer to a PING tells */
    }
    settle(c);
}

static void carry(client *c) {
    if (c->line == LINE_OPENING && c->opens_us <= world.now_us) {
        connect_line(c);
        settle(c);
    }
    while (c->first && c->first->due_us <= world.now_us) {
        packet *p = c->first;
        c->first = p->next;
        c->last = c->first ? c->last : NULL;
        const clasp_span bytes = {p->bytes, p->len};
        if (c->line == LINE_UP && p->to_hub) {
            clasp_hub_received(world.hub, c->handle, bytes, world.now_us);
        } else if (c->line == LINE_UP) {
            clasp_session_received(c->session, bytes, world.now_us);
        }
        free(p);
        settle(c);
    }
}

/* Five milliseconds at a time, every STEP_US a turn of each client. */
static void run_until(uint64_t end_us) {
    for (; world.now_us < end_us; world.now_us += 5 * MS) {
        for (client *c = world.clients; c < world.clients + CLIENTS; c++) {
            if (world.is_stormy && world.now_us % STEP_US == 0) {
                speak(c);
                trouble(c);
            }
            carry(c);
            clasp_session_tick(c->session, world.now_us);
            settle(c);
        }
        if (clasp_hub_deadline(world.hub) <= world.now_us) {
            clasp_hub_tick(world.hub, world.now_us);
            settle(&world.clients[0]);
        }
    }
}

static void begin(uint64_t seed) {
    memset(&world, 0, sizeof world);
    world.now_us = START;
    world.is_stormy = true;
    clasp_random_seed(&world.random, seed);
    world.hub = clasp_hub_new(&(clasp_hub_options){0}, (uint64_t[2]){seed, 1}, &world.hub_out);
    for (uint32_t i = 0; i < CLIENTS; i++) {
        client *c = &world.clients[i];
        c->session = clasp_session_new(i + 1, seed + i, &world.client_out);
        uint32_t sub;
        clasp_session_subscribe(c->session, clasp_span_of("/event/*"), CLASP_TYPE_EVENT, &sub, world.now_us);
        clasp_session_subscribe(c->session, clasp_span_of("/p/**"), CLASP_TYPE_PARAM, &sub, world.now_us);
        const clasp_session_options options = {.url = clasp_span_of("ws://hub"), .reconnect = true};
        CHECK_EQ(clasp_session_open(c->session, &options, world.now_us), CLASP_OK);
        settle(c);
    }
}

static void end(void) {
    for (client *c = world.clients; c < world.clients + CLIENTS; c++) {
        drop_packets(c);
        clasp_session_free(c->session);
    }
    clasp_hub_free(world.hub);
    clasp_outbox_deinit(&world.hub_out);
    clasp_outbox_deinit(&world.client_out);
}

static void check_outcome(void) {
    uint32_t published = 0, heard = 0;
    for (client *c = world.clients; c < world.clients + CLIENTS; c++) {
        CHECK_EQ(clasp_session_get_state(c->session), CLASP_SESSION_OPEN);
        CHECK(c->openings > 1);
        CHECK_EQ(c->disorders, 0);
        published += c->published;
        heard += c->heard_count;
        for (unsigned i = 0; i < PARAMS; i++) {
            CHECK_EQ(c->seen[i], world.clients[0].seen[i]);
        }
    }
    CHECK(heard > published / 3); /* of (CLIENTS - 1) times as many: half comes through most storms */
    CHECK_EQ(clasp_hub_stat_value(world.hub, CLASP_HUB_STAT_sessions), CLIENTS);
    CHECK_EQ(clasp_hub_stat_value(world.hub, CLASP_HUB_STAT_subscriptions), 2 * CLIENTS);
    CHECK_EQ(clasp_hub_stat_value(world.hub, CLASP_HUB_STAT_malformed_total), 0);
}

TEST(sessions_come_back_from_any_storm_in_order_and_in_agreement) {
    for (uint64_t seed = 1; seed <= 20; seed++) {
        char name[32];
        snprintf(name, sizeof name, "seed %u", (unsigned)seed);
        CHECK_CONTEXT(name);
        begin(seed);
        run_until(START + STORM_US);
        world.is_stormy = false;
        run_until(START + STORM_US + CALM_US);
        check_outcome();
        end();
    }
}

TEST(what_was_said_while_away_arrives_in_order_after_the_return) {
    begin(1);
    world.is_stormy = false;
    run_until(START + SECOND);
    client *c = &world.clients[0];
    cut(c);
    clasp_session_socket_closed(c->session, 1006, world.now_us);
    settle(c);
    for (int i = 0; i < 10; i++) {
        speak(c);
    }
    CHECK_EQ(world.clients[1].heard[0], 0);
    run_until(START + 5 * SECOND);
    CHECK_EQ(world.clients[1].heard[0], 10);
    CHECK_EQ(world.clients[1].heard_count, 10);
    CHECK_EQ(world.clients[1].disorders, 0);
    CHECK_EQ(c->openings, 2);
    end();
}

TEST(the_same_seed_is_the_same_story) {
    uint32_t counts[2];
    for (int round = 0; round < 2; round++) {
        begin(99);
        run_until(START + 30 * SECOND);
        counts[round] = world.clients[0].heard_count + world.clients[1].heard_count * 1000;
        end();
    }
    CHECK_EQ(counts[0], counts[1]);
    CHECK(counts[0] > 0);
}

int main(void) {
    RUN(sessions_come_back_from_any_storm_in_order_and_in_agreement);
    RUN(what_was_said_while_away_arrives_in_order_after_the_return);
    RUN(the_same_seed_is_the_same_story);
    return check_summary();
}
