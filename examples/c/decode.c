/*
 * Reads CLASP frames as hexadecimal text and prints the address and the value of each SET and PUBLISH in them:
 *
 *     decode 5341000e210700022f613ff0000000000000        prints: /a = 1
 *     decode -m '/a*' < frames.txt                       only addresses that match
 *
 * Build it with   cc decode.c $(pkg-config --cflags --libs clasp)   or by the CMakeLists.txt beside it.
 */
#include <stdio.h>
#include <stdlib.h>

#include <clasp/base/limits.h>
#include <clasp/json/value_json.h>
#include <clasp/route/address.h>
#include <clasp/wire/message.h>

static void print_setting(clasp_span address, clasp_value value) {
    static uint8_t json[CLASP_JSON_MAX_LEN];
    clasp_writer w = clasp_writer_of(json, sizeof json);
    clasp_value_to_json(&w, value, 0);
    const clasp_span text = w.err == CLASP_OK ? clasp_written(&w) : clasp_span_of(clasp_err_name(w.err));
    printf("%.*s = %.*s\n", (int)address.len, (const char *)address.at, (int)text.len, (const char *)text.at);
}

/* Bundles inside one another are bounded (CLASP_BUNDLE_DEPTH), and their members are checked already. */
static void print_message(const clasp_message *message, clasp_span pattern) {
    if (message->type == CLASP_MSG_BUNDLE) {
        clasp_reader members = clasp_list_reader(message->list);
        for (uint32_t i = 0; i < message->list.count; i++) {
            clasp_message member;
            clasp_message_decode(clasp_next_member(&members), &member);
            print_message(&member, pattern);
        }
    } else if ((message->type == CLASP_MSG_SET || message->type == CLASP_MSG_PUBLISH) &&
               clasp_match(pattern, message->address)) {
        print_setting(message->address, message->value); /* of a PUBLISH without a value: null */
    }
}

/* The bytes that `hex` says, in `out`. @return how many; 0: it says none, or too many */
static uint32_t bytes_of(const char *hex, uint8_t *out, uint32_t cap) {
    const size_t digits = strspn(hex, "0123456789abcdefABCDEF");
    if (digits % 2 != 0 || digits / 2 > cap || hex[digits] != '\0') {
        return 0;
    }
    for (size_t i = 0; i < digits / 2; i++) {
        const char byte[] = {hex[2 * i], hex[2 * i + 1], '\0'};
        out[i] = (uint8_t)strtoul(byte, NULL, 16);
    }
    return (uint32_t)(digits / 2);
}

/* One text may hold several frames. */
static bool print_frames(const char *hex, clasp_span pattern) {
    static uint8_t bytes[CLASP_FRAME_MAX];
    clasp_span left = {bytes, bytes_of(hex, bytes, sizeof bytes)};
    clasp_err err = CLASP_OK;
    if (left.len == 0) {
        fprintf(stderr, "decode: %.40s: not the bytes of a frame in hexadecimal\n", hex);
        return false;
    }
    while (left.len > 0 && err == CLASP_OK) {
        clasp_frame frame;
        clasp_message message;
        uint32_t used = 0;
        err = clasp_frame_decode(left, &frame, &used);
        err = err == CLASP_OK ? clasp_message_decode(frame.payload, &message) : err;
        if (err == CLASP_OK) {
            print_message(&message, pattern);
            left = (clasp_span){left.at + used, left.len - used};
        }
    }
    if (err != CLASP_OK) {
        fprintf(stderr, "decode: %.40s: %s: %s\n", hex, clasp_err_name(err), clasp_err_text(err));
    }
    return err == CLASP_OK;
}

static bool print_lines(clasp_span pattern) {
    static char line[2 * CLASP_FRAME_MAX + 3]; /* digits, "\r\n" and the terminator */
    bool is_good = true;
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\r\n")] = '\0';
        is_good = print_frames(line, pattern) && is_good;
    }
    return is_good;
}

int main(int count, char **words) {
    const bool has_pattern = count > 2 && strcmp(words[1], "-m") == 0;
    const clasp_span pattern = clasp_span_of(has_pattern ? words[2] : "/**");
    int at = has_pattern ? 3 : 1;
    if (clasp_pattern_check(pattern) != CLASP_OK) {
        fprintf(stderr, "decode: %s: %s\n", words[2], clasp_err_text(CLASP_BAD_PATTERN));
        return EXIT_FAILURE;
    }
    bool is_good = at < count || print_lines(pattern);
    for (; at < count; at++) {
        is_good = print_frames(words[at], pattern) && is_good;
    }
    return is_good ? EXIT_SUCCESS : EXIT_FAILURE;
}
