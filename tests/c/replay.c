/*
 * replay FILE…: makes the calls of a recording again, and compares what comes of each: result, effects, bytes.
 *
 * The format is described in js-glue/recorder.js, which records a page's or Node's core. Prints one line for each file; at
 * the first difference, what differs, and exits with 1.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "wasm/abi.h"

#define MAGIC "CLRP"
#define VERSION 1u
#define ARGS_MAX 8u
#define DUMP_MAX 256u /* bytes shown of what differs */

/* The file's cursor. Past its end everything reads as zero, and `is_cut` stays. */
typedef struct recording {
    const uint8_t *at;
    const uint8_t *end;
    bool is_cut;
} recording;

typedef struct call {
    uint8_t operation;
    uint8_t arg_count;
    double args[ARGS_MAX];
    clasp_span input;
    int32_t result;
    uint32_t effect_count;
    clasp_span effects; /* records as they are in memory */
    clasp_span bytes;
} call;

/* ---- reading (little-endian; clasp_reader is for the wire's order) -------------------------------------------- */

static clasp_span take(recording *r, uint64_t len) {
    if (len > (uint64_t)(r->end - r->at)) {
        r->is_cut = true;
        r->at = r->end;
        return (clasp_span){NULL, 0};
    }
    const clasp_span taken = {r->at, (uint32_t)len};
    r->at += len;
    return taken;
}

static uint64_t read_number(recording *r, unsigned size) {
    const clasp_span bytes = take(r, size);
    uint64_t number = 0;
    for (unsigned i = 0; i < bytes.len; i++) {
        number |= (uint64_t)bytes.at[i] << 8 * i;
    }
    return number;
}

static double read_double(recording *r) {
    const uint64_t bits = read_number(r, 8);
    double number;
    memcpy(&number, &bits, sizeof number);
    return number;
}

static clasp_span read_bytes(recording *r) { return take(r, read_number(r, 4)); }

static call read_call(recording *r) {
    call c = {.operation = (uint8_t)read_number(r, 1), .arg_count = (uint8_t)read_number(r, 1)};
    for (uint8_t i = 0; i < c.arg_count; i++) {
        const double arg = read_double(r);
        if (i < ARGS_MAX) {
            c.args[i] = arg;
        }
    }
    c.input = read_bytes(r);
    c.result = (int32_t)read_number(r, 4);
    c.effect_count = (uint32_t)read_number(r, 4);
    c.effects = take(r, (uint64_t)c.effect_count * sizeof(clasp_effect));
    c.bytes = read_bytes(r);
    return c;
}

/* ---- making the calls ----------------------------------------------------------------------------------------- */

static uint32_t word(const call *c, unsigned i) { return (uint32_t)c->args[i]; }

static int32_t make_seed(const call *c) {
    clasp_seed(word(c, 0), word(c, 1), word(c, 2), word(c, 3));
    return 0;
}

static int32_t make_tick(const call *c) {
    clasp_tick(c->args[0]);
    return 0;
}

static int32_t make_session_new(const call *c) {
    (void)c;
    return clasp_abi_session_new();
}

static int32_t make_session_free(const call *c) { return clasp_abi_session_free(word(c, 0)); }

static int32_t make_session_event(const call *c) {
    return clasp_abi_session_event(word(c, 0), word(c, 1), word(c, 2), word(c, 3), word(c, 4), c->args[5]);
}

static int32_t make_conference_new(const call *c) { return clasp_abi_conference_new(word(c, 0)); }

static int32_t make_conference_free(const call *c) { return clasp_abi_conference_free(word(c, 0)); }

static int32_t make_conference_event(const call *c) {
    return clasp_abi_conference_event(word(c, 0), word(c, 1), word(c, 2), word(c, 3), word(c, 4), c->args[5]);
}

/* By the numbers of OPERATIONS in js-glue/recorder.js. */
static const struct {
    const char *name;
    int32_t (*make)(const call *);
    uint8_t arg_count;
} OPERATIONS[] = {
    {"seed", make_seed, 4},
    {"tick", make_tick, 1},
    {"session_new", make_session_new, 0},
    {"session_free", make_session_free, 1},
    {"session_event", make_session_event, 6},
    {"conference_new", make_conference_new, 1},
    {"conference_free", make_conference_free, 1},
    {"conference_event", make_conference_event, 6},
};
#define OPERATION_COUNT (sizeof OPERATIONS / sizeof *OPERATIONS)

static bool put_input(clasp_span input) {
    uint8_t *inbox = clasp_inbox(input.len);
    if (inbox && input.len > 0) {
        memcpy(inbox, input.at, input.len);
    }
    return inbox != NULL;
}

/* What the effects speak of. The last record's bytes are the last ones. */
static clasp_span outbox_bytes(void) {
    const uint32_t count = clasp_outbox_count();
    const clasp_effect *last = count > 0 ? clasp_outbox_effects() + count - 1 : NULL;
    return (clasp_span){clasp_outbox_data(), last ? last->at + last->len : 0};
}

/* ---- comparing ------------------------------------------------------------------------------------------------ */

static void dump(const char *label, clasp_span bytes, uint32_t from) {
    printf("    %s:", label);
    for (uint32_t i = from; i < bytes.len && i < from + DUMP_MAX; i++) {
        const bool is_text = bytes.at[i] >= ' ' && bytes.at[i] < 0x7F;
        printf(is_text ? "%c" : "\\%02x", bytes.at[i]);
    }
    printf("\n");
}

static bool same_bytes(const char *what, clasp_span recorded, clasp_span now) {
    if (clasp_span_equal(recorded, now)) {
        return true;
    }
    uint32_t at = 0;
    while (at < recorded.len && at < now.len && recorded.at[at] == now.at[at]) {
        at++;
    }
    printf("  %s differ from byte %u on (%u recorded, %u now)\n", what, at, recorded.len, now.len);
    dump("recorded", recorded, at);
    dump("now     ", now, at);
    return false;
}

static void print_effect(const char *label, const clasp_effect *e) {
    printf("    %s: kind %u owner %u a %u b %u number %g at %u len %u\n", label, e->kind, e->owner, e->a,
           e->b, e->number, e->at, e->len);
}

static bool same_effects(const call *c) {
    const uint32_t count = clasp_outbox_count();
    for (uint32_t i = 0; i < c->effect_count && i < count; i++) {
        const uint8_t *before = c->effects.at + i * sizeof(clasp_effect);
        const uint8_t *now = (const uint8_t *)(clasp_outbox_effects() + i);
        if (memcmp(before, now, sizeof(clasp_effect)) != 0) {
            clasp_effect recorded;
            memcpy(&recorded, before, sizeof recorded);
            printf("  effect %u of %u differs\n", i, count);
            print_effect("recorded", &recorded);
            print_effect("now     ", clasp_outbox_effects() + i);
            return false;
        }
    }
    if (count != c->effect_count) {
        printf("  %u effects recorded, %u now\n", c->effect_count, count);
    }
    return count == c->effect_count;
}

/* Make one call and compare. false: it differs, and was told. */
static bool replay_call(const call *c, unsigned number) {
    if (c->operation >= OPERATION_COUNT || c->arg_count != OPERATIONS[c->operation].arg_count ||
        !put_input(c->input)) {
        printf("  call %u is none of this version's\n", number);
        return false;
    }
    const int32_t result = OPERATIONS[c->operation].make(c);
    bool same = result == c->result;
    if (!same) {
        printf("  result: %d recorded, %d now\n", c->result, result);
    }
    same = same_effects(c) && same_bytes("the bytes of the effects", c->bytes, outbox_bytes()) && same;
    if (!same) {
        printf("  in call %u, %s(", number, OPERATIONS[c->operation].name);
        for (unsigned i = 0; i < c->arg_count; i++) {
            printf("%s%.17g", i > 0 ? ", " : "", c->args[i]);
        }
        printf(")\n");
        dump("input", c->input, 0);
    }
    return clasp_outbox_done() == CLASP_OK && same;
}

static bool replay(const char *name, clasp_span file) {
    recording r = {file.at, file.at + file.len, false};
    const clasp_span magic = take(&r, strlen(MAGIC));
    if (!clasp_span_equal(magic, clasp_span_of(MAGIC)) || read_number(&r, 4) != VERSION) {
        printf("%s: not a recording of version %u\n", name, VERSION);
        return false;
    }
    unsigned calls = 0;
    unsigned effects = 0;
    while (r.at < r.end) {
        const call c = read_call(&r);
        if (r.is_cut || !replay_call(&c, calls)) {
            printf("%s: %s after %u calls\n", name, r.is_cut ? "the recording is cut off" : "differs", calls);
            return false;
        }
        calls++;
        effects += c.effect_count;
    }
    printf("%s: %u calls, %u effects identical\n", name, calls, effects);
    return true;
}

/* The whole file, given: free `at`. `at` NULL: it cannot be read, and was told. */
static clasp_span read_file(const char *name) {
    FILE *file = fopen(name, "rb");
    uint8_t *bytes = NULL;
    long len = 0;
    if (file && fseek(file, 0, SEEK_END) == 0 && (len = ftell(file)) > 0 && fseek(file, 0, SEEK_SET) == 0) {
        bytes = malloc((size_t)len);
        if (bytes && fread(bytes, 1, (size_t)len, file) != (size_t)len) {
            free(bytes);
            bytes = NULL;
        }
    }
    if (file) {
        fclose(file);
    }
    if (!bytes) {
        printf("%s: cannot be read\n", name);
    }
    return (clasp_span){bytes, bytes ? (uint32_t)len : 0};
}

static bool replay_file(const char *name) {
    const clasp_span file = read_file(name);
    const bool same = file.at && replay(name, file);
    free((void *)(uintptr_t)file.at);
    return same;
}

/* The door has one core, and every recording wants a fresh one: a process for each. */
static bool replay_apart(const char *name) {
    fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
        exit(replay_file(name) ? EXIT_SUCCESS : EXIT_FAILURE);
    }
    int status = 0;
    return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

int main(int argc, char **argv) {
    int failed = argc < 2;
    if (failed) {
        fprintf(stderr, "usage: replay FILE...\n");
    }
    for (int i = 1; i < argc; i++) {
        failed |= !replay_apart(argv[i]);
    }
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
