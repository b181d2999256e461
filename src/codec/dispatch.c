#include "codec/dispatch.h"

#include <stdlib.h>

#include "route/routes.h"

#define IDS_A_CELL 4u
#define SEEN 4096u /* a power of two */

struct clasp_dispatcher {
    clasp_routes *routes;
    uint32_t generation; /* never 0; goes up when a subscription comes or goes */
    /* By address id: the generation in which the host was told its text and subscriptions; 0: it was not. */
    uint32_t told[CLASP_DISPATCH_ADDRESSES];
    uint32_t seen[SEEN]; /* hashes of addresses that came once, lately */
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

/* Where an address leads; false: to nobody. One gets an id when it comes for the second time, so that a stream of addresses that
 * never come again costs the others nothing, and itself no memory. */
static inline bool find(clasp_dispatcher *dispatcher, clasp_span address, clasp_route *route) {
    uint32_t hash;
    if (clasp_routes_peek(dispatcher->routes, address, &hash, route) != CLASP_OK) {
        return false; /* not an address: nobody can have subscribed to it */
    }
    if (route->address_id != CLASP_NO_ADDRESS) {
        return route->sub_count > 0;
    }
    uint32_t *seen = &dispatcher->seen[hash & (SEEN - 1)];
    if (*seen != hash) {
        *seen = hash;
    } else if (clasp_routes_find(dispatcher->routes, address, route) == CLASP_OK) {
        dispatcher->told[route->address_id] = 0;
    }
    return route->sub_count > 0;
}

static void add_subs(clasp_codec *codec, const clasp_route *route) {
    clasp_cell *cells = clasp_tape_add(&codec->tape, (route->sub_count + IDS_A_CELL - 1) / IDS_A_CELL);
    if (cells) {
        memcpy(cells, route->subs, route->sub_count * sizeof *route->subs);
    }
}

/*
 * The usual packet: a SET of an f64 and nothing else (docs/wire.md, section 3), for an address whose subscriptions the host knows of.
 * It is read in one look, and its address is compared with one that was checked before. @return the address id;
 * CLASP_NO_ADDRESS: it is something else, or not well-formed
 */
#define PLAIN_SET_SIZE 12u /* type, flags, length of the address, the number */

static inline uint32_t known_number(clasp_dispatcher *dispatcher, clasp_span payload, double *number) {
    const uint8_t *p = payload.at;
    if (payload.len < PLAIN_SET_SIZE || p[0] != CLASP_MSG_SET || p[1] != CLASP_VALUE_F64) {
        return CLASP_NO_ADDRESS;
    }
    const uint32_t len = clasp_load_u16(p + 2);
    if (payload.len != PLAIN_SET_SIZE + len) {
        return CLASP_NO_ADDRESS;
    }
    const uint32_t id = clasp_routes_id(dispatcher->routes, (clasp_span){p + 4, len});
    if (id == CLASP_NO_ADDRESS || dispatcher->told[id] != dispatcher->generation) {
        return CLASP_NO_ADDRESS;
    }
    *number = clasp_load_f64(p + 4 + len);
    return id;
}

/* The head of a DELIVER, and what the host does not know yet. */
static inline void add_head(clasp_dispatcher *dispatcher, clasp_codec *codec, clasp_span address,
                            const clasp_route *route) {
    const bool has_id = route->address_id != CLASP_NO_ADDRESS;
    const uint32_t told = has_id ? dispatcher->told[route->address_id] : 0;
    const uint32_t new_text = told == 0 ? CLASP_NEW_TEXT : 0;
    const uint32_t new_list = told != dispatcher->generation ? CLASP_NEW_LIST : 0;
    clasp_cell *cell = clasp_tape_add(&codec->tape, 1);
    if (!cell) {
        return;
    }
    cell->kind = CLASP_CELL_DELIVER;
    cell->a = route->address_id;
    cell->b = new_text | new_list;
    cell->c = route->sub_count;
    if (has_id) {
        dispatcher->told[route->address_id] = dispatcher->generation;
    }
    if (new_text) {
        clasp_unpack_text(codec, address);
    }
    if (new_list) {
        add_subs(codec, route);
    }
}

static clasp_value value_of(const clasp_message *m) {
    const clasp_value none = {{NULL, 0}, CLASP_VALUE_NULL};
    return m->type == CLASP_MSG_SET || m->has & CLASP_HAS_VALUE ? m->value : none;
}

/* What a SET or PUBLISH says, to those that were found. */
static inline void deliver_found(clasp_dispatcher *dispatcher, clasp_codec *codec, const clasp_message *m,
                                 const clasp_route *route) {
    add_head(dispatcher, codec, m->address, route);
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
        clasp_route route;
        if (r.err != CLASP_OK) {
            codec->tape.err = r.err;
        } else if (find(dispatcher, param.address, &route)) {
            add_head(dispatcher, codec, param.address, &route);
            clasp_unpack_value(codec, param.value);
        }
    }
}

static void deliver_message(clasp_dispatcher *dispatcher, clasp_codec *codec, const clasp_message *m,
                            uint32_t level);

static inline void deliver_member(clasp_dispatcher *dispatcher, clasp_codec *codec, clasp_span payload,
                                  uint32_t level) {
    double number;
    const uint32_t id = known_number(dispatcher, payload, &number);
    if (id != CLASP_NO_ADDRESS) {
        clasp_cell *cell = clasp_tape_add(&codec->tape, 1);
        if (cell) {
            *cell = (clasp_cell){.kind = CLASP_CELL_NUMBER, .a = id, .number = number};
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
    clasp_route route;
    switch (m->type) {
    case CLASP_MSG_SET:
    case CLASP_MSG_PUBLISH:
        if (find(dispatcher, m->address, &route)) {
            deliver_found(dispatcher, codec, m, &route);
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
    }
    return codec->tape.err;
}

int32_t clasp_dispatcher_run(clasp_dispatcher *dispatcher, clasp_codec *codec, uint32_t len) {
    clasp_frame frame;
    if (len <= sizeof codec->frame &&
        clasp_frame_decode((clasp_span){codec->frame, len}, &frame, NULL) == CLASP_OK) {
        const uint32_t id = known_number(dispatcher, frame.payload, &codec->envelope.number);
        if (id != CLASP_NO_ADDRESS) {
            return (int32_t)id;
        }
    }
    codec->envelope.err = run(dispatcher, codec, len);
    return CLASP_DISPATCH_TAPE;
}
