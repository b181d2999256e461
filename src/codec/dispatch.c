#include "codec/dispatch.h"

#include <stdlib.h>

#include "codec/groups.h"
#include "wire/plain.h"

#define IDS_A_CELL 4u
#define SEEN 4096u /* a power of two */

struct clasp_dispatcher {
    clasp_routes *routes;
    uint32_t generation; /* never 0; goes up when a subscription comes or goes */
    /* By address id: the generation in which the host was told its text and subscriptions; 0: it was not. */
    uint32_t told[CLASP_DISPATCH_ADDRESSES];
    uint32_t seen[SEEN]; /* hashes of addresses that came once, lately */
    clasp_groups groups; /* what these lead to */
};

static clasp_route_bounds bounds_with(uint64_t hash_seed) {
    return (clasp_route_bounds){.addresses = CLASP_DISPATCH_ADDRESSES,
                                .address_bytes = CLASP_DISPATCH_ADDRESS_BYTES,
                                .subscriptions = CLASP_DISPATCH_SUBSCRIPTIONS,
                                .pattern_bytes = CLASP_DISPATCH_PATTERN_BYTES,
                                .pattern_segments = CLASP_DISPATCH_PATTERN_SEGMENTS,
                                .hash_seed = hash_seed};
}

clasp_dispatcher *clasp_dispatcher_new(uint64_t hash_seed) {
    clasp_dispatcher *dispatcher = calloc(1, sizeof *dispatcher);
    if (!dispatcher) {
        return NULL;
    }
    const clasp_route_bounds bounds = bounds_with(hash_seed);
    dispatcher->routes = clasp_routes_new(&bounds);
    if (!dispatcher->routes) {
        free(dispatcher);
        return NULL;
    }
    dispatcher->generation = 1;
    return dispatcher;
}

void clasp_dispatcher_free(clasp_dispatcher *dispatcher) {
    if (dispatcher) {
        clasp_routes_free(dispatcher->routes);
        free(dispatcher);
    }
}

/* All lists that the host knows are old. After 2^32 changes it is told everything anew. */
static void turn(clasp_dispatcher *dispatcher) {
    if (++dispatcher->generation == 0) {
        memset(dispatcher->told, 0, sizeof dispatcher->told);
        clasp_groups_forget(&dispatcher->groups);
        dispatcher->generation = 1;
    }
}

clasp_err clasp_dispatcher_add(clasp_dispatcher *dispatcher, clasp_span pattern, uint32_t sub) {
    turn(dispatcher);
    return clasp_routes_add(dispatcher->routes, pattern, sub);
}

bool clasp_dispatcher_remove(clasp_dispatcher *dispatcher, uint32_t sub) {
    turn(dispatcher);
    return clasp_routes_remove(dispatcher->routes, sub);
}

size_t clasp_dispatcher_memory(const clasp_dispatcher *dispatcher) {
    return sizeof *dispatcher + clasp_routes_memory(dispatcher->routes);
}

size_t clasp_dispatcher_memory_max(void) {
    const clasp_route_bounds bounds = bounds_with(0);
    return sizeof(clasp_dispatcher) + clasp_routes_memory_max(&bounds);
}

/* ---- packets --------------------------------------------------------------------------------------------------- */

/* Where an address leads, and the patterns that match it when it has no id. */
typedef struct lead {
    clasp_route route;
    clasp_reach reach;
} lead;

/* The place where the hash of an address is noted that has no id yet. One gets its id when it comes for the second time, so that a
 * stream of addresses that never come again costs the others nothing, and itself no memory. */
static inline uint32_t *seen_place(clasp_dispatcher *dispatcher, uint32_t hash) {
    return &dispatcher->seen[hash & (SEEN - 1)];
}

/* Where an address leads that comes for the first time. False: to nobody, or it is no address, to which nobody can have subscribed. */
static bool find_new(clasp_dispatcher *dispatcher, clasp_span address, lead *out) {
    if (clasp_routes_reach(dispatcher->routes, address, &out->reach) != CLASP_OK || out->reach.count == 0) {
        return false;
    }
    out->route.address_id = CLASP_NO_ADDRESS;
    return true;
}

/* Where an address leads; false: to nobody. */
static bool find(clasp_dispatcher *dispatcher, clasp_span address, lead *out) {
    uint32_t hash;
    const uint32_t id = clasp_routes_id(dispatcher->routes, address, &hash);
    if (id != CLASP_NO_ADDRESS) {
        clasp_routes_at(dispatcher->routes, id, &out->route);
        return out->route.sub_count > 0;
    }
    uint32_t *seen = seen_place(dispatcher, hash);
    if (*seen != hash) {
        *seen = hash;
        return find_new(dispatcher, address, out);
    }
    const clasp_err err = clasp_routes_find(dispatcher->routes, address, &out->route);
    if (err == CLASP_NO_MEMORY) {
        return find_new(dispatcher, address, out);
    }
    if (err == CLASP_OK) {
        dispatcher->told[out->route.address_id] = 0;
    }
    return err == CLASP_OK && out->route.sub_count > 0;
}

static void add_subs(clasp_codec *codec, const clasp_route *route) {
    clasp_cell *cells = clasp_tape_add(&codec->tape, (route->sub_count + IDS_A_CELL - 1) / IDS_A_CELL);
    if (cells) {
        memcpy(cells, route->subs, route->sub_count * sizeof *route->subs);
    }
}

/* The host knows of the subscriptions of an address. */
static inline bool is_told(const clasp_dispatcher *dispatcher, uint32_t id) {
    return dispatcher->told[id] == dispatcher->generation;
}

/* One for an address without an id, that comes for the first time and leads where the host knows. */
static int32_t new_number(clasp_dispatcher *dispatcher, clasp_codec *codec, const clasp_plain_set *set,
                          uint32_t hash) {
    uint32_t *seen = seen_place(dispatcher, hash);
    clasp_reach reach;
    if (*seen == hash || clasp_routes_reach(dispatcher->routes, set->address, &reach) != CLASP_OK ||
        !reach.is_ascii) {
        return CLASP_DISPATCH_TAPE;
    }
    if (reach.count == 0) {
        *seen = hash;
        return CLASP_DISPATCH_NOBODY;
    }
    const uint32_t group = clasp_groups_find(&dispatcher->groups, reach, dispatcher->generation);
    if (group == CLASP_NO_GROUP) {
        return CLASP_DISPATCH_TAPE;
    }
    *seen = hash;
    codec->envelope.number = clasp_load_f64(set->number);
    codec->envelope.group = group;
    codec->envelope.text_at = clasp_codec_offset(codec, set->address.at);
    codec->envelope.text_len = set->address.len;
    return CLASP_DISPATCH_TEXT;
}

/* ---- deliveries ------------------------------------------------------------------------------------------------- */

/* The head of a DELIVER. */
static inline void add_head(clasp_codec *codec, clasp_span address, const clasp_route *route, uint32_t id,
                            uint32_t news) {
    clasp_cell *cell = clasp_tape_add(&codec->tape, 1);
    if (!cell) {
        return;
    }
    cell->kind = CLASP_CELL_DELIVER;
    cell->a = id;
    cell->b = news;
    cell->c = route->sub_count;
    if (news & CLASP_NEW_TEXT) {
        clasp_unpack_text(codec, address);
    }
    if (news & CLASP_NEW_LIST) {
        add_subs(codec, route);
    }
}

/* For an address with an id: what the host does not know yet. */
static void add_known(clasp_dispatcher *dispatcher, clasp_codec *codec, clasp_span address,
                      const clasp_route *route) {
    uint32_t *told = &dispatcher->told[route->address_id];
    const uint32_t new_text = *told == 0 ? CLASP_NEW_TEXT : 0;
    const uint32_t new_list = *told != dispatcher->generation ? CLASP_NEW_LIST : 0;
    *told = dispatcher->generation;
    add_head(codec, address, route, route->address_id, new_text | new_list);
}

/* For one without: its text, and the list of its group if the host does not know that. */
static void add_new(clasp_dispatcher *dispatcher, clasp_codec *codec, clasp_span address, lead *to) {
    uint32_t group = clasp_groups_find(&dispatcher->groups, to->reach, dispatcher->generation);
    if (group != CLASP_NO_GROUP) {
        to->route.sub_count = 0;
        add_head(codec, address, &to->route, group, CLASP_IN_GROUP | CLASP_NEW_TEXT);
        return;
    }
    clasp_routes_subs(dispatcher->routes, to->reach, &to->route);
    if (to->route.sub_count <= CLASP_DISPATCH_GROUP_SUBS) {
        group = clasp_groups_tell(&dispatcher->groups, to->reach, dispatcher->generation);
    }
    const uint32_t in_group = group != CLASP_NO_GROUP ? CLASP_IN_GROUP : 0;
    add_head(codec, address, &to->route, group, in_group | CLASP_NEW_TEXT | CLASP_NEW_LIST);
}

static void add_lead(clasp_dispatcher *dispatcher, clasp_codec *codec, clasp_span address, lead *to) {
    if (to->route.address_id != CLASP_NO_ADDRESS) {
        add_known(dispatcher, codec, address, &to->route);
    } else {
        add_new(dispatcher, codec, address, to);
    }
}

/* A plain SET for an address that the host knows of, which was checked before. False: it is something else. */
static inline bool take_number(clasp_dispatcher *dispatcher, clasp_span member, clasp_cell *cell) {
    clasp_plain_set set;
    uint32_t hash;
    const uint32_t id = clasp_read_plain_set(member, &set)
                            ? clasp_routes_id(dispatcher->routes, set.address, &hash)
                            : CLASP_NO_ADDRESS;
    if (id == CLASP_NO_ADDRESS || !is_told(dispatcher, id)) {
        return false;
    }
    *cell = (clasp_cell){.kind = CLASP_CELL_NUMBER, .a = id, .number = clasp_load_f64(set.number)};
    return true;
}

static clasp_value value_of(const clasp_message *m) {
    const clasp_value none = {{NULL, 0}, CLASP_VALUE_NULL};
    return m->type == CLASP_MSG_SET || m->has & CLASP_HAS_VALUE ? m->value : none;
}

/* What a SET or PUBLISH says, to those that were found. */
static void deliver_found(clasp_dispatcher *dispatcher, clasp_codec *codec, const clasp_message *m,
                          lead *to) {
    add_lead(dispatcher, codec, m->address, to);
    if (m->type == CLASP_MSG_PUBLISH && m->has & CLASP_HAS_SAMPLES) {
        clasp_unpack_samples(codec, m->list);
    } else {
        clasp_unpack_value(codec, value_of(m));
    }
}

static void deliver_params(clasp_dispatcher *dispatcher, clasp_codec *codec, clasp_list params) {
    clasp_reader r = clasp_list_reader(params);
    for (uint32_t left = params.count; left > 0 && codec->tape.err == CLASP_OK; left--) {
        clasp_param param;
        clasp_read_param(&r, &param);
        lead to;
        if (r.err != CLASP_OK) {
            codec->tape.err = r.err;
        } else if (find(dispatcher, param.address, &to)) {
            add_lead(dispatcher, codec, param.address, &to);
            clasp_unpack_value(codec, param.value);
        }
    }
}

static void deliver_message(clasp_dispatcher *dispatcher, clasp_codec *codec, const clasp_message *m,
                            uint32_t level);

static inline void deliver_member(clasp_dispatcher *dispatcher, clasp_codec *codec, clasp_span payload,
                                  uint32_t level) {
    clasp_cell number;
    if (take_number(dispatcher, payload, &number)) {
        clasp_cell *cell = clasp_tape_add(&codec->tape, 1);
        if (cell) {
            *cell = number;
        }
        return;
    }
    clasp_message member;
    codec->tape.err = clasp_codec_open_member(payload, &member);
    if (codec->tape.err == CLASP_OK) {
        deliver_message(dispatcher, codec, &member, level + 1);
    }
}

static void deliver_members(clasp_dispatcher *dispatcher, clasp_codec *codec, clasp_list members,
                            uint32_t level) {
    if (level == CLASP_BUNDLE_DEPTH) {
        codec->tape.err = CLASP_TOO_DEEP;
        return;
    }
    clasp_reader r = clasp_list_reader(members);
    for (uint32_t left = members.count; left > 0 && codec->tape.err == CLASP_OK; left--) {
        deliver_member(dispatcher, codec, clasp_next_member(&r), level);
    }
}

/* `level`: bundles around it. */
static void deliver_message(clasp_dispatcher *dispatcher, clasp_codec *codec, const clasp_message *m,
                            uint32_t level) {
    lead to;
    switch (m->type) {
    case CLASP_MSG_SET:
    case CLASP_MSG_PUBLISH:
        if (find(dispatcher, m->address, &to)) {
            deliver_found(dispatcher, codec, m, &to);
        }
        break;
    case CLASP_MSG_SNAPSHOT:
        deliver_params(dispatcher, codec, m->list);
        break;
    case CLASP_MSG_BUNDLE:
        deliver_members(dispatcher, codec, m->list, level);
        break;
    default:
        break; /* nothing for subscribers */
    }
}

static clasp_err run(clasp_dispatcher *dispatcher, clasp_codec *codec, uint32_t len) {
    clasp_frame frame;
    clasp_message m;
    clasp_err err = clasp_codec_open(codec, len, &frame, &m);
    if (err != CLASP_OK) {
        return err;
    }
    deliver_message(dispatcher, codec, &m, 0);
    if (codec->tape.err != CLASP_OK) {
        memset(dispatcher->told, 0, sizeof dispatcher->told); /* the host will not look at what it was told */
        turn(dispatcher);
    }
    return codec->tape.err;
}

/* The members of a BUNDLE that are all such numbers. */
static inline bool take_numbers(clasp_dispatcher *dispatcher, clasp_reader r, clasp_cell *cell,
                                uint32_t count) {
    for (; count > 0; count--, cell++) {
        if (!take_number(dispatcher, clasp_next_member(&r), cell)) {
            return false;
        }
    }
    return true;
}

/* A BUNDLE of nothing else. It is looked at from member to member: what is not so is left to clasp_codec_open(), which judges the
 * lengths of all members before the first one. */
static int32_t run_bundle(clasp_dispatcher *dispatcher, clasp_codec *codec, clasp_span payload) {
    clasp_reader r = clasp_reader_of((clasp_span){payload.at + 1, payload.len - 1});
    const uint8_t flags = clasp_read_u8(&r);
    const uint32_t count = clasp_read_u16(&r);
    clasp_take(&r, flags & CLASP_BUNDLE_TIMESTAMP ? sizeof(uint64_t) : 0);
    if (count == 0 || count > clasp_left(&r) / CLASP_PLAIN_SET_SIZE) {
        return CLASP_DISPATCH_TAPE;
    }
    clasp_texts_begin(&codec->texts);
    clasp_tape_clear(&codec->tape);
    clasp_cell *cells = clasp_tape_add(&codec->tape, count);
    return cells && take_numbers(dispatcher, r, cells, count) ? CLASP_DISPATCH_NUMBERS : CLASP_DISPATCH_TAPE;
}

/* A plain SET. */
static inline int32_t run_set(clasp_dispatcher *dispatcher, clasp_codec *codec, const clasp_plain_set *set) {
    uint32_t hash;
    const uint32_t id = clasp_routes_id(dispatcher->routes, set->address, &hash);
    if (id == CLASP_NO_ADDRESS) {
        return new_number(dispatcher, codec, set, hash);
    }
    if (!is_told(dispatcher, id)) {
        return CLASP_DISPATCH_TAPE;
    }
    codec->envelope.number = clasp_load_f64(set->number);
    return (int32_t)id;
}

/* A frame that is one of these; CLASP_DISPATCH_TAPE: it is another one. */
static inline int32_t run_plain(clasp_dispatcher *dispatcher, clasp_codec *codec, uint32_t len) {
    clasp_frame frame;
    clasp_plain_set set;
    if (len > sizeof codec->frame ||
        clasp_frame_decode((clasp_span){codec->frame, len}, &frame, NULL) != CLASP_OK) {
        return CLASP_DISPATCH_TAPE;
    }
    if (clasp_read_plain_set(frame.payload, &set)) {
        return run_set(dispatcher, codec, &set);
    }
    return frame.payload.at[0] == CLASP_MSG_BUNDLE ? run_bundle(dispatcher, codec, frame.payload)
                                                   : CLASP_DISPATCH_TAPE;
}

int32_t clasp_dispatcher_run(clasp_dispatcher *dispatcher, clasp_codec *codec, uint32_t len) {
    const int32_t done = run_plain(dispatcher, codec, len);
    if (done == CLASP_DISPATCH_TAPE) {
        codec->envelope.err = run(dispatcher, codec, len);
    }
    return done;
}
