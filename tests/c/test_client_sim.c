/*
 * Clients and a hub, core to core, over connections that a seed delays, cuts in the middle of what they carry, lets go silent, and leaves
 * half dead, so that the relay still hears what the client has given up; and the relay starts anew without its memory. A watcher that is never cut
 * counts what is applied. One seed is one story.
 */
#include "base/limits.h"
#include "base/random.h"
#include "hub/hub.h"
#include "session/client.h"
#include "talk.h"

#define MS UINT64_C(1000)
#define SECOND (1000 * MS)
#define START (UINT64_C(1700000000) * SECOND)
#define CLIENTS 3u
#define OWN 3u /* params of each client, "/c<client>/<n>" */
#define SHARED 2u
#define SETS 2000u             /* SETs of one client, at most */
#define STORM_US (60 * SECOND) /* trouble, … */
#define CALM_US (45 * SECOND)  /* … then time to get over it */
#define STEP_US (50 * MS)      /* between two turns of the clients */
#define GHOST_US (400 * MS)    /* for so long a connection that its client has given up still speaks */
#define SHARED_ADDRESS (CLIENTS * OWN)
#define ADDRESSES (SHARED_ADDRESS + SHARED)

/* Something on its way. */
typedef struct packet {
    struct packet *next;
    uint64_t due_us;
    bool to_hub;
    uint32_t len;
    uint8_t bytes[];
} packet;

typedef enum line_state { LINE_DOWN, LINE_OPENING, LINE_UP, LINE_SILENT } line_state;

typedef struct line {
    line_state state;
    uint32_t handle; /* the hub's, while UP or SILENT */
    uint64_t opens_us, ends_us;
    packet *first, *last;
    uint64_t last_due_us[2]; /* by direction: nothing overtakes */
} line;

typedef struct client {
    clasp_client *core;
    line line, ghost; /* the connection, and the one before, which only the hub still has */
    uint32_t serial;  /* of the last SET; also the ticket, but of members of a bundle */
    uint8_t settled[SETS];
    int8_t outcome[SETS];
    bool was_sent[SETS];
    uint32_t wished[ADDRESSES]; /* last serial of each address */
    uint32_t bundled[SETS];     /* of a ticket: serial of the first member; 0: it is no bundle */
    double seen[SHARED];
    char addresses[64][32];
} client;

static struct {
    clasp_hub *hub;
    clasp_outbox hub_out, client_out;
    clasp_random random;
    uint64_t now_us;
    bool is_stormy, has_resume, has_restarts;
    uint32_t watcher; /* the hub's handle of it */
    client clients[CLIENTS];
    uint8_t applied[CLIENTS][SETS]; /* since the hub began */
    uint8_t ever[CLIENTS][SETS];
    uint32_t latest[ADDRESSES]; /* serial applied last, since the hub began */
    double value[ADDRESSES];    /* what the hub has */
    uint32_t doubled, disorders;
} world;

static struct { uint32_t cuts, ghosts, restarts, resends, put_backs, doubled; } tally;

static bool chance(uint32_t per_mille) { return clasp_random_below(&world.random, 1000) < per_mille; }

/* ---- values: client and serial in one number ------------------------------------------------------------------- */

static double value_of(uint32_t who, uint32_t serial) { return who * 100000.0 + serial; }
static uint32_t who_of(double value) { return (uint32_t)(value / 100000); }
static uint32_t serial_of(double value) { return (uint32_t)value % 100000; }

static void address_text(uint32_t address, char text[32]) {
    if (address < SHARED_ADDRESS) {
        snprintf(text, 32, "/c%u/%u", address / OWN, address % OWN);
    } else {
        snprintf(text, 32, "/s/%u", address - SHARED_ADDRESS);
    }
}

static uint32_t address_index(clasp_span text) {
    for (uint32_t i = 0; i < ADDRESSES; i++) {
        char candidate[32];
        address_text(i, candidate);
        if (talk_is(text, candidate)) {
            return i;
        }
    }
    return ADDRESSES;
}

/* ---- the watcher --------------------------------------------------------------------------------------------- */

static void watch_set(const clasp_message *set) {
    double value = 0;
    const uint32_t address = address_index(set->address);
    if (!CHECK(address < ADDRESSES && clasp_value_number(set->value, &value))) {
        return;
    }
    const uint32_t who = who_of(value), serial = serial_of(value);
    world.doubled += world.applied[who][serial]++ > 0;
    world.ever[who][serial] = 1;
    if (address < SHARED_ADDRESS) {
        world.disorders += serial <= world.latest[address];
        world.latest[address] = serial;
    }
    world.value[address] = value;
}

static void watch(clasp_span bytes) {
    clasp_frame frame;
    clasp_message message;
    if (CHECK_EQ(clasp_decode(bytes, &frame, &message), CLASP_OK) && message.type == CLASP_MSG_SET) {
        watch_set(&message);
    }
}

static void say_as_watcher(const clasp_message *message) {
    const clasp_span frame = talk_frame(message);
    clasp_hub_received(world.hub, world.watcher, frame, world.now_us);
    free((void *)frame.at);
}

/* ---- connections --------------------------------------------------------------------------------------------- */

/* What the network sees of a frame to the hub. False: it is dropped. */
static bool inspect(client *c, clasp_span bytes) {
    clasp_frame frame;
    clasp_message message;
    double value;
    if (clasp_decode(bytes, &frame, &message) != CLASP_OK) {
        return true;
    }
    const bool is_reserved = message.address.len > 7 && memcmp(message.address.at, "/clasp/", 7) == 0;
    if (message.type == CLASP_MSG_SET && clasp_value_number(message.value, &value)) {
        bool *was_sent = &c->was_sent[serial_of(value)];
        tally.put_backs += is_reserved || (!world.has_resume && world.ever[who_of(value)][serial_of(value)]);
        tally.resends += *was_sent && !is_reserved;
        *was_sent = true;
    }
    return world.has_resume || message.type != CLASP_MSG_GET || !is_reserved;
}

static void send_packet(line *l, bool to_hub, clasp_span bytes) {
    packet *p = malloc(sizeof *p + bytes.len);
    const uint64_t due_us = world.now_us + (5 + clasp_random_below(&world.random, 60)) * MS;
    l->last_due_us[to_hub] = due_us > l->last_due_us[to_hub] ? due_us : l->last_due_us[to_hub];
    *p = (packet){.due_us = l->last_due_us[to_hub], .to_hub = to_hub, .len = bytes.len};
    memcpy(p->bytes, bytes.at, bytes.len);
    *(l->last ? &l->last->next : &l->first) = p;
    l->last = p;
}

static void drop_packets(line *l) {
    while (l->first) {
        packet *p = l->first;
        l->first = p->next;
        free(p);
    }
    l->last = NULL;
}

static bool is_up(const line *l) { return l->state == LINE_UP || l->state == LINE_SILENT; }

/* The connection is gone, with all that is on its way; the hub hears of it at once. */
static void cut(line *l) {
    drop_packets(l);
    if (is_up(l)) {
        clasp_hub_disconnected(world.hub, l->handle, world.now_us);
    }
    l->state = LINE_DOWN;
}

/* The hub still has the connection, and what is on its way to it arrives. */
static void become_ghost(client *c) {
    cut(&c->ghost);
    c->ghost = c->line;
    c->ghost.ends_us = world.now_us + GHOST_US;
    c->line = (line){.state = LINE_DOWN};
}

static void connect_line(client *c) {
    if (clasp_hub_connected(world.hub, world.now_us, &c->line.handle) != CLASP_OK) {
        c->line.state = LINE_DOWN;
        clasp_client_socket_closed(c->core, 1006, world.now_us);
        return;
    }
    c->line.state = LINE_UP;
    clasp_client_socket_opened(c->core, world.now_us);
}

/* ---- effects ------------------------------------------------------------------------------------------------- */

static void on_settled(client *c, const clasp_effect *effect) {
    const uint32_t last = c->bundled[effect->a] ? effect->a + 1 : effect->a;
    for (uint32_t serial = effect->a; serial <= last; serial++) {
        c->settled[serial]++;
        c->outcome[serial] = (int8_t)(clasp_err)effect->b;
    }
}

static void on_deliver(client *c, const clasp_effect *effect) {
    const uint32_t address = address_index(clasp_span_of(c->addresses[effect->a % 64]));
    if (address >= SHARED_ADDRESS && address < ADDRESSES) {
        c->seen[address - SHARED_ADDRESS] = effect->number;
    }
}

/* Frames on their way: in one message, or each in its own. */
static void send_frames(client *c, clasp_span bytes, bool is_apart) {
    const clasp_span all = bytes;
    bool is_dropped = false;
    while (bytes.len > 0) {
        clasp_frame frame;
        uint32_t used = bytes.len;
        clasp_frame_decode(bytes, &frame, &used);
        const bool passes = inspect(c, (clasp_span){bytes.at, used});
        if (passes && is_apart) {
            send_packet(&c->line, true, (clasp_span){bytes.at, used});
        }
        is_dropped = is_dropped || !passes;
        bytes = (clasp_span){bytes.at + used, bytes.len - used};
    }
    if (!is_apart && !is_dropped) {
        send_packet(&c->line, true, all);
    }
}

static void on_client_effect(client *c, const clasp_effect *effect, clasp_span bytes) {
    switch (effect->kind) {
    case CLASP_EFFECT_SOCKET_OPEN:
        c->line.state = LINE_OPENING;
        c->line.opens_us = world.now_us + 20 * MS;
        break;
    case CLASP_EFFECT_SOCKET_SEND:
        send_frames(c, bytes, effect->b != 0);
        break;
    case CLASP_EFFECT_SOCKET_CLOSE:
        cut(&c->line);
        break;
    case CLASP_EFFECT_SETTLED:
        on_settled(c, effect);
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

static line *line_of(uint32_t handle, client **owner) {
    for (client *c = world.clients; c < world.clients + CLIENTS; c++) {
        line *const lines[] = {&c->line, &c->ghost};
        for (int i = 0; i < 2; i++) {
            if (is_up(lines[i]) && lines[i]->handle == handle) {
                *owner = c;
                return lines[i];
            }
        }
    }
    return NULL;
}

static void on_hub_send(const clasp_effect *effect, clasp_span bytes) {
    const uint32_t list = effect->a * (uint32_t)sizeof(uint32_t);
    const clasp_span frame = {bytes.at + list, bytes.len - list};
    for (uint32_t i = 0; i < effect->a; i++) {
        uint32_t handle;
        client *c;
        memcpy(&handle, bytes.at + (size_t)i * sizeof handle, sizeof handle);
        line *l = line_of(handle, &c);
        if (handle == world.watcher) {
            watch(frame);
        } else if (l == &c->line) {
            send_packet(l, false, frame);
        }
    }
}

static void on_hub_close(uint32_t handle, uint32_t code) {
    client *c;
    line *l = line_of(handle, &c);
    if (!l) {
        return;
    }
    drop_packets(l);
    l->state = LINE_DOWN;
    if (l == &c->line) {
        clasp_client_socket_closed(c->core, code, world.now_us);
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
            const clasp_effect *effect = &hubs.effects[i];
            if (effect->kind == CLASP_EFFECT_HUB_SEND) {
                on_hub_send(effect, clasp_outbox_bytes(&hubs, effect));
            } else if (effect->kind == CLASP_EFFECT_HUB_CLOSE) {
                on_hub_close(effect->a, effect->b);
            }
        }
        clasp_outbox_deinit(&own);
        clasp_outbox_deinit(&hubs);
    }
}

/* ---- the relay's lives --------------------------------------------------------------------------------------- */

static void start_hub(uint64_t seed) {
    world.hub = clasp_hub_new(&(clasp_hub_options){0}, (uint64_t[2]){seed, 1}, &world.hub_out);
    memset(world.applied, 0, sizeof world.applied);
    memset(world.latest, 0, sizeof world.latest);
    memset(world.value, 0, sizeof world.value);
    CHECK_EQ(clasp_hub_connected(world.hub, world.now_us, &world.watcher), CLASP_OK);
    say_as_watcher(&(clasp_message){.type = CLASP_MSG_HELLO, .version = 1, .name = clasp_span_of("w")});
    clasp_outbox_clear(&world.hub_out);
    say_as_watcher(&(clasp_message){
        .type = CLASP_MSG_SUBSCRIBE, .id = 1, .address = clasp_span_of("/**"), .types = CLASP_TYPE_PARAM});
    clasp_outbox_clear(&world.hub_out);
}

static void restart_hub(void) {
    for (client *c = world.clients; c < world.clients + CLIENTS; c++) {
        const bool was_up = is_up(&c->line);
        cut(&c->ghost);
        cut(&c->line);
        clasp_outbox_clear(&world.hub_out);
        if (was_up) {
            clasp_client_socket_closed(c->core, 1001, world.now_us);
        } else if (clasp_client_get_state(c->core) == CLASP_SESSION_CONNECTING) {
            c->line.state = LINE_OPENING;
        }
        settle(c);
    }
    clasp_hub_free(world.hub);
    start_hub(clasp_random_next(&world.random));
    tally.restarts++;
}

/* ---- the story ----------------------------------------------------------------------------------------------- */

static clasp_message next_set(client *c, uint32_t address, char text[32]) {
    const uint32_t who = (uint32_t)(c - world.clients);
    address_text(address, text);
    c->wished[address] = ++c->serial;
    return (clasp_message){.type = CLASP_MSG_SET,
                           .address = clasp_span_of(text),
                           .value = talk_number(value_of(who, c->serial))};
}

static void set_one(client *c, uint32_t address) {
    char text[32];
    const clasp_message set = next_set(c, address, text);
    CHECK_EQ(clasp_client_set(c->core, &set, CLASP_QOS_CONFIRM, c->serial, world.now_us), CLASP_OK);
}

static void set_two(client *c, uint32_t first) {
    char text[32];
    const uint32_t ticket = c->serial + 1;
    c->bundled[ticket] = ticket;
    CHECK_EQ(clasp_client_bundle_begin(c->core), CLASP_OK);
    for (uint32_t i = 0; i < 2; i++) {
        const clasp_message set = next_set(c, first + i, text);
        CHECK_EQ(clasp_client_set(c->core, &set, CLASP_QOS_CONFIRM, 0, world.now_us), CLASP_OK);
    }
    CHECK_EQ(clasp_client_bundle_end(c->core, NULL, ticket, world.now_us), CLASP_OK);
}

static void speak(client *c) {
    const uint32_t mine = (uint32_t)(c - world.clients) * OWN;
    if (c->serial + 4 >= SETS) {
        return;
    }
    if (chance(600)) {
        set_one(c, mine + clasp_random_below(&world.random, OWN));
    }
    if (chance(60)) {
        set_two(c, mine + clasp_random_below(&world.random, OWN - 1));
    }
    if (chance(100) && !world.has_restarts) {
        set_one(c, SHARED_ADDRESS + clasp_random_below(&world.random, SHARED));
    }
    settle(c);
}

/* What may go wrong with a connection in one turn. */
static void trouble(client *c) {
    if (c->line.state == LINE_UP && chance(10)) {
        cut(&c->line);
        clasp_client_socket_closed(c->core, 1006, world.now_us);
        tally.cuts++;
    } else if (c->line.state == LINE_UP && world.has_resume && chance(10)) {
        become_ghost(c);
        clasp_client_socket_closed(c->core, 1006, world.now_us);
        clasp_client_hurry(c->core, world.now_us);
        tally.ghosts++;
    } else if (c->line.state == LINE_UP && chance(1)) {
        c->line.state = LINE_SILENT; /* only the missing answer to a PING tells */
    }
    settle(c);
}

static void carry(client *c, line *l) {
    while (l->first && l->first->due_us <= world.now_us) {
        packet *p = l->first;
        l->first = p->next;
        l->last = l->first ? l->last : NULL;
        const clasp_span bytes = {p->bytes, p->len};
        if (l->state == LINE_UP && p->to_hub) {
            clasp_hub_received(world.hub, l->handle, bytes, world.now_us);
        } else if (l->state == LINE_UP && l == &c->line) {
            clasp_client_received(c->core, bytes, world.now_us);
        }
        free(p);
        settle(c);
    }
}

static void turn(client *c) {
    if (world.is_stormy && world.now_us % STEP_US == 0) {
        speak(c);
        trouble(c);
    }
    if (c->line.state == LINE_OPENING && c->line.opens_us <= world.now_us) {
        connect_line(c);
        settle(c);
    }
    carry(c, &c->line);
    carry(c, &c->ghost);
    if (is_up(&c->ghost) && c->ghost.ends_us <= world.now_us) {
        cut(&c->ghost);
        settle(c);
    }
    if (clasp_client_deadline(c->core) <= world.now_us) {
        clasp_client_tick(c->core, world.now_us);
        settle(c);
    }
}

/* Five milliseconds at a time. The watcher says now and then that it is there. */
static void run_until(uint64_t end_us) {
    for (; world.now_us < end_us; world.now_us += 5 * MS) {
        for (client *c = world.clients; c < world.clients + CLIENTS; c++) {
            turn(c);
        }
        if (world.now_us % (30 * SECOND) == 0) {
            say_as_watcher(&(clasp_message){.type = CLASP_MSG_PING});
        }
        if (world.is_stormy && world.has_restarts && world.now_us % SECOND == 0 && chance(60)) {
            restart_hub();
        }
        if (clasp_hub_deadline(world.hub) <= world.now_us) {
            clasp_hub_tick(world.hub, world.now_us);
        }
        settle(&world.clients[0]);
    }
}

static void begin(uint64_t seed, bool has_resume, bool has_restarts) {
    memset(&world, 0, sizeof world);
    world.now_us = START;
    world.is_stormy = true;
    world.has_resume = has_resume;
    world.has_restarts = has_restarts;
    clasp_random_seed(&world.random, seed);
    start_hub(seed);
    for (uint32_t i = 0; i < CLIENTS; i++) {
        client *c = &world.clients[i];
        const uint8_t secret[CLASP_CLIENT_SECRET] = {(uint8_t)seed, (uint8_t)i, 7};
        c->core = clasp_client_new(i + 1, seed + i, &world.client_out);
        const clasp_message wish = {
            .type = CLASP_MSG_SUBSCRIBE, .address = clasp_span_of("/**"), .types = CLASP_TYPE_PARAM};
        uint32_t sub;
        CHECK_EQ(clasp_client_subscribe(c->core, &wish, &sub, world.now_us), CLASP_OK);
        const clasp_session_options options = {
            .url = clasp_span_of("ws://hub"), .reconnect = true, .backoff_ms = 100, .backoff_max_ms = 1000};
        CHECK_EQ(clasp_client_open(c->core, &options, secret, world.now_us), CLASP_OK);
        settle(c);
    }
}

static void end(void) {
    for (client *c = world.clients; c < world.clients + CLIENTS; c++) {
        drop_packets(&c->line);
        drop_packets(&c->ghost);
        clasp_client_free(c->core);
    }
    clasp_hub_free(world.hub);
    clasp_outbox_deinit(&world.hub_out);
    clasp_outbox_deinit(&world.client_out);
}

/* Every ticket was settled once, by an ACK; what was acknowledged was applied, and the last of it is there. */
static void check_client(const client *c) {
    const uint32_t who = (uint32_t)(c - world.clients);
    CHECK_EQ(clasp_client_get_state(c->core), CLASP_SESSION_OPEN);
    uint32_t unsettled = 0, refused = 0, lost = 0;
    for (uint32_t serial = 1; serial <= c->serial; serial++) {
        unsettled += c->settled[serial] != 1;
        refused += c->outcome[serial] != CLASP_OK;
        lost += !world.ever[who][serial];
    }
    CHECK_EQ(unsettled, 0);
    CHECK_EQ(refused, 0);
    CHECK_EQ(lost, 0);
    for (uint32_t address = who * OWN; address < (who + 1) * OWN; address++) {
        CHECK_EQ(world.value[address], c->wished[address] ? value_of(who, c->wished[address]) : 0);
    }
    for (uint32_t i = 0; i < SHARED; i++) {
        CHECK_EQ(c->seen[i], world.value[SHARED_ADDRESS + i]);
    }
}

/* One story for each seed. */
static void tell(const char *name, uint64_t seeds, bool has_resume, bool has_restarts) {
    memset(&tally, 0, sizeof tally);
    uint32_t sets = 0;
    for (uint64_t seed = 1; seed <= seeds; seed++) {
        char context[32];
        snprintf(context, sizeof context, "seed %u", (unsigned)seed);
        CHECK_CONTEXT(context);
        begin(seed, has_resume, has_restarts);
        run_until(START + STORM_US);
        world.is_stormy = false;
        if (has_restarts) { /* once more when all is settled: what is there then was put back */
            run_until(START + STORM_US + CALM_US / 2);
            restart_hub();
        }
        run_until(START + STORM_US + CALM_US);
        for (const client *c = world.clients; c < world.clients + CLIENTS; c++) {
            check_client(c);
            sets += c->serial;
        }
        CHECK_EQ(has_resume ? world.doubled : 0, 0);
        CHECK_EQ(has_resume ? world.disorders : 0, 0);
        tally.doubled += world.doubled;
        end();
    }
    CHECK_CONTEXT(NULL);
    printf("%s: %u stories, %u SETs, %u cuts, %u half-dead connections, %u restarts, %u sent again, %u put "
           "back, "
           "%u applied twice\n",
           name, (unsigned)seeds, sets, tally.cuts, tally.ghosts, tally.restarts, tally.resends,
           tally.put_backs, tally.doubled);
    CHECK(tally.cuts > 0 && tally.resends > 0);
    CHECK_EQ(tally.ghosts > 0, has_resume);
    CHECK_EQ(tally.restarts > 0, has_restarts);
    CHECK(!has_restarts || tally.put_backs > 0);
}

TEST(no_set_is_lost_or_applied_twice) { tell("a relay of ours", 16, true, false); }

TEST(no_set_is_lost_when_the_relay_starts_anew) { tell("a relay of ours, restarted", 16, true, true); }

TEST(no_set_is_lost_on_another_relay) { tell("another relay", 8, false, false); }

TEST(no_set_is_lost_when_another_relay_starts_anew) { tell("another relay, restarted", 8, false, true); }

int main(void) {
    RUN(no_set_is_lost_or_applied_twice);
    RUN(no_set_is_lost_when_the_relay_starts_anew);
    RUN(no_set_is_lost_on_another_relay);
    RUN(no_set_is_lost_when_another_relay_starts_anew);
    return check_summary();
}
