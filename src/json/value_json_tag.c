#include "json/value_json_tag.h"

#include <math.h>

static const struct {
    const char *text;
    double number;
} SPECIALS[] = {
    {"NaN", (double)NAN}, {"Infinity", (double)INFINITY}, {"-Infinity", -(double)INFINITY}, {"-0", -0.0}};

#define SPECIAL_COUNT (sizeof SPECIALS / sizeof *SPECIALS)

bool value_is_minus_zero(double number) { return number == 0 && signbit(number) != 0; }

const char *value_special_text(double number) {
    for (size_t i = 0; i < SPECIAL_COUNT; i++) {
        const double special = SPECIALS[i].number;
        if (number == 0 ? value_is_minus_zero(number) && value_is_minus_zero(special)
                        : number == special || (isnan(number) && isnan(special))) {
            return SPECIALS[i].text;
        }
    }
    return NULL;
}

bool value_parse_special(const char *text, double *number) {
    size_t i = 0;
    while (i < SPECIAL_COUNT && strcmp(SPECIALS[i].text, text) != 0) {
        i++;
    }
    *number = i < SPECIAL_COUNT ? SPECIALS[i].number : 0;
    return i < SPECIAL_COUNT;
}

const char *value_print_integer(int64_t integer, char room[24]) {
    uint64_t left = integer < 0 ? 0 - (uint64_t)integer : (uint64_t)integer;
    char *at = room + 23;
    *at = '\0';
    do {
        *--at = (char)('0' + left % 10);
        left /= 10;
    } while (left > 0);
    if (integer < 0) {
        *--at = '-';
    }
    return at;
}

bool value_parse_integer(const char *text, int64_t *integer) {
    const bool negative = *text == '-';
    const uint64_t most = (uint64_t)INT64_MAX + negative;
    uint64_t number = 0;
    text += negative;
    do {
        const uint64_t digit = (uint64_t)(*text - '0');
        if (*text < '0' || *text > '9' || number > (most - digit) / 10) {
            return false;
        }
        number = number * 10 + digit;
    } while (*++text);
    *integer = (int64_t)(negative ? 0 - number : number);
    return true;
}
