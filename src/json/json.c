#include "json/json.h"

#include <limits.h>
#include <math.h>
#include <stdarg.h>

#include "base/limits.h"
#include "wire/value.h"
#include "json/cjson_config.h"

/* ---- checking ------------------------------------------------------------------------------------------------ */

/*
 * The whole grammar of RFC 8259 is checked here, in one pass without recursion or memory, before cJSON sees the text:
 * cJSON takes more than JSON (control characters as blanks, U+0000, 01, +1), has no bound on nodes, and reports one
 * error for everything. After this check it can fail for want of memory only.
 */

/* What may come next, apart from blanks. */
typedef enum expectation { VALUE, FIRST_ITEM, FIRST_KEY, KEY, SEPARATOR } expectation;

typedef struct scanner {
    const uint8_t *at;
    const uint8_t *end;
    uint32_t depth;
    uint32_t objects; /* bit d-1: what is open at depth d is an object */
    uint32_t nodes;
    expectation expect;
} scanner;

_Static_assert(CLASP_JSON_DEPTH <= 32, "scanner.objects has one bit for each level");

/* The byte `offset` behind the place; 0, which stands nowhere in JSON, behind the end. */
static uint8_t peek(const scanner *s, size_t offset) {
    return (size_t)(s->end - s->at) > offset ? s->at[offset] : 0;
}

static bool accept(scanner *s, uint8_t c) {
    const bool is_next = s->at < s->end && *s->at == c;
    s->at += is_next;
    return is_next;
}

static void skip_blanks(scanner *s) {
    while (accept(s, ' ') || accept(s, '\n') || accept(s, '\r') || accept(s, '\t')) {
    }
}

static bool scan_word(scanner *s, const char *word) {
    for (; *word; word++) {
        if (!accept(s, (uint8_t)*word)) {
            return false;
        }
    }
    return true;
}

static bool scan_digits(scanner *s) {
    const uint8_t *start = s->at;
    while (peek(s, 0) >= '0' && peek(s, 0) <= '9') {
        s->at++;
    }
    return s->at > start;
}

static bool scan_number(scanner *s) {
    accept(s, '-');
    if (!accept(s, '0') && !scan_digits(s)) {
        return false;
    }
    if (accept(s, '.') && !scan_digits(s)) {
        return false;
    }
    if (accept(s, 'e') || accept(s, 'E')) {
        if (!accept(s, '+')) {
            accept(s, '-');
        }
        return scan_digits(s);
    }
    return true;
}

/* The 16 bits of "\uXXXX" at the place; 0, as for "\u0000", when it is none. */
static uint32_t scan_unit(scanner *s) {
    uint32_t unit = 0;
    if (!scan_word(s, "\\u")) {
        return 0;
    }
    for (int i = 0; i < 4; i++, s->at++) {
        const uint8_t c = peek(s, 0);
        const uint8_t letter = c | 0x20;
        if (c >= '0' && c <= '9') {
            unit = unit << 4 | (uint32_t)(c - '0');
        } else if (letter >= 'a' && letter <= 'f') {
            unit = unit << 4 | (uint32_t)(letter - 'a' + 10);
        } else {
            return 0;
        }
    }
    return unit;
}

/* Surrogates in pairs only: a lone one is no character. */
static bool scan_escape(scanner *s) {
    const uint8_t c = peek(s, 1);
    if (c == 0) {
        return false; /* U+0000, or the end of the text, beyond which no pointer may point */
    }
    if (c != 'u') {
        s->at += 2;
        return strchr("\"\\/bfnrt", c) != NULL;
    }
    const uint32_t unit = scan_unit(s);
    if (unit >= 0xD800 && unit <= 0xDBFF) {
        const uint32_t second = scan_unit(s);
        return second >= 0xDC00 && second <= 0xDFFF;
    }
    return unit != 0 && (unit < 0xDC00 || unit > 0xDFFF);
}

static bool scan_string(scanner *s) {
    if (!accept(s, '"')) {
        return false;
    }
    while (!accept(s, '"')) {
        if (peek(s, 0) == '\\') {
            if (!scan_escape(s)) {
                return false;
            }
        } else if (peek(s, 0) < 0x20) {
            return false; /* a control character, or the end of the text */
        } else {
            s->at++;
        }
    }
    return true;
}

static clasp_err open_container(scanner *s, bool is_object) {
    if (s->depth == CLASP_JSON_DEPTH) {
        return CLASP_TOO_DEEP;
    }
    const uint32_t bit = (uint32_t)1 << s->depth++;
    s->objects = is_object ? s->objects | bit : s->objects & ~bit;
    s->expect = is_object ? FIRST_KEY : FIRST_ITEM;
    s->at++;
    return CLASP_OK;
}

static bool in_object(const scanner *s) { return s->depth > 0 && (s->objects >> (s->depth - 1) & 1) != 0; }

static bool close_container(scanner *s) {
    if (s->depth == 0 || !accept(s, in_object(s) ? '}' : ']')) {
        return false;
    }
    s->depth--;
    s->expect = SEPARATOR;
    return true;
}

static clasp_err scan_value(scanner *s) {
    const uint8_t c = peek(s, 0);
    if (++s->nodes > CLASP_JSON_NODES) {
        return CLASP_TOO_LARGE;
    }
    if (c == '{' || c == '[') {
        return open_container(s, c == '{');
    }
    s->expect = SEPARATOR;
    const bool is_value = c == '"'   ? scan_string(s)
                          : c == 't' ? scan_word(s, "true")
                          : c == 'f' ? scan_word(s, "false")
                          : c == 'n' ? scan_word(s, "null")
                                     : scan_number(s);
    return is_value ? CLASP_OK : CLASP_BAD_JSON;
}

static clasp_err scan_key(scanner *s) {
    if (!scan_string(s)) {
        return CLASP_BAD_JSON;
    }
    skip_blanks(s);
    s->expect = VALUE;
    return accept(s, ':') ? CLASP_OK : CLASP_BAD_JSON;
}

static clasp_err scan_separator(scanner *s) {
    if (close_container(s)) {
        return CLASP_OK;
    }
    s->expect = in_object(s) ? KEY : VALUE;
    return accept(s, ',') ? CLASP_OK : CLASP_BAD_JSON;
}

static clasp_err scan_next(scanner *s) {
    switch (s->expect) {
    case FIRST_ITEM:
        return close_container(s) ? CLASP_OK : scan_value(s);
    case FIRST_KEY:
        return close_container(s) ? CLASP_OK : scan_key(s);
    case KEY:
        return scan_key(s);
    case SEPARATOR:
        return scan_separator(s);
    default:
        return scan_value(s);
    }
}

static clasp_err check(clasp_span text, uint32_t max_len) {
    if (text.len > max_len) {
        return CLASP_TOO_LARGE;
    }
    if (text.len == 0) {
        return CLASP_BAD_JSON;
    }
    if (!clasp_utf8_check(text)) {
        return CLASP_BAD_UTF8;
    }
    scanner s = {.at = text.at, .end = text.at + text.len, .expect = VALUE};
    clasp_err err = CLASP_OK;
    while (err == CLASP_OK && (s.depth > 0 || s.expect != SEPARATOR)) {
        skip_blanks(&s);
        err = scan_next(&s);
    }
    skip_blanks(&s);
    return err == CLASP_OK && s.at < s.end ? CLASP_BAD_JSON : err;
}

/* ---- trees --------------------------------------------------------------------------------------------------- */

cJSON *clasp_json_parse(clasp_span text, clasp_err *err) {
    return clasp_json_parse_up_to(text, CLASP_JSON_MAX_LEN, err);
}

cJSON *clasp_json_parse_up_to(clasp_span text, uint32_t max_len, clasp_err *err) {
    *err = check(text, max_len);
    if (*err != CLASP_OK) {
        return NULL;
    }
    cJSON *tree = cJSON_ParseWithLength((const char *)text.at, text.len);
    *err = tree ? CLASP_OK : CLASP_NO_MEMORY;
    return tree;
}

const cJSON *clasp_json_get(const cJSON *object, const char *key) {
    const cJSON *found = NULL;
    if (cJSON_IsObject(object)) {
        const cJSON *member;
        cJSON_ArrayForEach(member, object) {
            if (strcmp(member->string, key) == 0) {
                found = member;
            }
        }
    }
    return found;
}

clasp_span clasp_json_text(const cJSON *object, const char *key) {
    const cJSON *member = clasp_json_get(object, key);
    return cJSON_IsString(member) ? clasp_span_of(member->valuestring) : (clasp_span){NULL, 0};
}

bool clasp_json_number(const cJSON *object, const char *key, double *number) {
    const cJSON *member = clasp_json_get(object, key);
    if (!cJSON_IsNumber(member) || !isfinite(member->valuedouble)) {
        return false;
    }
    *number = member->valuedouble;
    return true;
}

bool clasp_json_true(const cJSON *object, const char *key) {
    return cJSON_IsTrue(clasp_json_get(object, key)) != 0;
}

void clasp_json_write(clasp_writer *w, const cJSON *item) {
    if (w->err != CLASP_OK) {
        return;
    }
    if (!item) {
        w->err = CLASP_NO_MEMORY;
        return;
    }
    const size_t room = (size_t)(w->end - w->at);
    const int cap = room < INT_MAX ? (int)room : INT_MAX;
    if (!cJSON_PrintPreallocated((cJSON *)item, (char *)w->at, cap,
                                 false)) { /* it does not write to the item */
        w->err = CLASP_TOO_LARGE;
        return;
    }
    w->at += strlen((const char *)w->at);
}

/* ---- for cJSON.c (json/cjson_config.h) ----------------------------------------------------------------------- */

static int print_hex4(char *out, unsigned unit) {
    out[0] = 'u';
    for (int i = 0; i < 4; i++) {
        out[1 + i] = "0123456789abcdef"[unit >> (12 - 4 * i) & 0xF];
    }
    out[5] = '\0';
    return 5;
}

int clasp_cjson_print(char *out, const char *format, ...) {
    int len = -1;
    va_list args;
    va_start(args, format);
    /* NOLINTBEGIN(clang-analyzer-valist.Uninitialized): clang-tidy 14 does not see va_start() */
    if (strcmp(format, "null") == 0) {
        memcpy(out, "null", sizeof "null");
        len = 4;
    } else if (strcmp(format, "u%04x") == 0) {
        len = print_hex4(out, va_arg(args, unsigned));
    } else if (strcmp(format, "%d") == 0) {
        len = (int)clasp_number_print(va_arg(args, int), out);
    } else if (strncmp(format, "%1.1", 4) == 0) {
        len = (int)clasp_number_print(va_arg(args, double), out);
    }
    /* NOLINTEND(clang-analyzer-valist.Uninitialized) */
    va_end(args);
    return len;
}
