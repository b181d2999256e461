/**
 * Runs vector files through the core: `clasp_vectors FILE…`. One line for each failure, then `N passed, N failed`.
 * Exit code 1: something failed; 2: no files, or one that holds no vectors.
 */
#include "vectors_main.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define SHOWN 100u /* bytes of a text in a line */

/* ---- lines --------------------------------------------------------------------------------------------------- */

/* Some bytes of the text of a piece of JSON, up to the end of a character. */
static void put_json(const cJSON *json) {
    char *text = cJSON_PrintUnformatted(json);
    const char *at = text ? text : "?";
    for (; *at && (at - text < (int)SHOWN || (*at & 0xC0) == 0x80); at++) {
        if (*at == VECTOR_NUL[0]) {
            fputs("\\u0000", stdout);
            at++;
        } else {
            putchar(*at);
        }
    }
    fputs(*at ? "…" : "", stdout);
    cJSON_free(text);
}

static void put_name(const cJSON *row) {
    const cJSON *pattern = vector_get(row, "pattern");
    const cJSON *text = vector_get(row, "text");
    if (vector_text(row, "name")) {
        fputs(vector_text(row, "name"), stdout);
    } else if (text) {
        put_json(text);
    } else if (pattern && vector_get(row, "address")) {
        put_json(pattern);
        putchar(' ');
        put_json(vector_get(row, "address"));
    } else {
        put_json(row);
    }
}

void report_pass(report *to) { to->passed++; }

void report_fail(report *to, const char *format, ...) {
    va_list args;
    va_start(args, format);
    printf("%s: ", to->file);
    put_name(to->row);
    fputs(": ", stdout);
    vprintf(format, args);
    putchar('\n');
    va_end(args);
    to->failed++;
}

/* ---- files --------------------------------------------------------------------------------------------------- */

typedef void visit_row(void *context, const cJSON *row);

static void each_row(const cJSON *section, visit_row *visit, void *context) {
    for (const cJSON *row = cJSON_IsArray(section) ? section->child : NULL; row; row = row->next) {
        visit(context, row);
    }
}

static bool has_objects(const cJSON *section) {
    const cJSON *row = cJSON_IsArray(section) ? section->child : NULL;
    while (row && !cJSON_IsObject(row)) {
        row = row->next;
    }
    return row != NULL;
}

/* All rows of a file: those of every list that holds an object. */
static void each_row_of_file(const cJSON *root, visit_row *visit, void *context) {
    if (cJSON_IsArray(root)) {
        each_row(root, visit, context);
        return;
    }
    for (const cJSON *section = cJSON_IsObject(root) ? root->child : NULL; section; section = section->next) {
        if (has_objects(section)) {
            each_row(section, visit, context);
        }
    }
}

static void count_known(void *context, const cJSON *row) {
    *(unsigned *)context += row_kind_of(row) != ROW_UNKNOWN;
}

static void check_row(void *context, const cJSON *row) {
    report *to = context;
    to->row = row;
    row_check(to);
}

/* @return NULL when it holds no vectors, which it says. Given. */
static cJSON *load(const char *path) {
    const char *problem;
    unsigned known = 0;
    cJSON *root = vectors_read(path, &problem);
    each_row_of_file(root, count_known, &known);
    if (known == 0) {
        fprintf(stderr, "%s: %s\n", path, problem ? problem : "holds no vectors");
        cJSON_Delete(root);
        return NULL;
    }
    return root;
}

static int run(int count, char **paths, cJSON **roots) {
    report sum = {0};
    for (int i = 0; i < count; i++) {
        sum.file = paths[i];
        each_row_of_file(roots[i], check_row, &sum);
    }
    printf("%u passed, %u failed\n", sum.passed, sum.failed);
    return sum.failed > 0 ? 1 : 0;
}

int main(int argc, char **argv) {
    int loaded = 0;
    cJSON **roots = calloc((size_t)argc, sizeof(cJSON *));
    while (roots && loaded + 1 < argc && (roots[loaded] = load(argv[loaded + 1])) != NULL) {
        loaded++;
    }
    const bool ready = roots && loaded > 0 && loaded + 1 == argc;
    if (argc < 2) {
        fputs("usage: clasp_vectors FILE…\n", stderr);
    }
    const int code = ready ? run(loaded, argv + 1, roots) : 2;
    while (loaded > 0) {
        cJSON_Delete(roots[--loaded]);
    }
    free(roots);
    return code;
}
