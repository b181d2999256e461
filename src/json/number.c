/*
 * Numbers of JSON texts, exact both ways, in little code: the printf and scanf of a C library are many times this size.
 * What messages mostly hold, integers and short decimals, goes by exact arithmetic on doubles. All else goes by
 * natural numbers of any length, which is slow (a few microseconds) and plainly right.
 */
#include <float.h>
#include <math.h>

#include "json/json.h"

_Static_assert(FLT_EVAL_METHOD == 0, "the fast paths need double arithmetic without excess precision");

#define EXACT_INTEGERS 9007199254740992.0 /* 2^53: up to here every integer is a double */
#define EXACT_TENS 22                     /* 10^22 is the last power of ten that is a double */

static const double TENS[EXACT_TENS + 1] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                            1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                            1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/* ---- natural numbers ----------------------------------------------------------------------------------------- */

/* Digits that can decide a rounding: no number halfway between two doubles has more than 768 digits. */
#define MAX_DIGITS 768

/* The largest one is a divisor of the parser, 10^(MAX_DIGITS + 325) << 63: 3,694 bits. */
#define LIMBS 116

typedef struct natural {
    uint32_t len; /* limbs in use; the last of them is not 0 */
    uint32_t limb[LIMBS];
} natural;

static natural natural_of(uint64_t value) {
    natural n;
    n.limb[0] = (uint32_t)value;
    n.limb[1] = (uint32_t)(value >> 32);
    n.len = n.limb[1] ? 2 : n.limb[0] != 0;
    return n;
}

static void multiply_add(natural *n, uint32_t factor, uint32_t addend) {
    uint64_t carry = addend;
    for (uint32_t i = 0; i < n->len; i++) {
        carry += (uint64_t)n->limb[i] * factor;
        n->limb[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry) {
        n->limb[n->len++] = (uint32_t)carry;
    }
}

static void multiply_power_of_ten(natural *n, int32_t exponent) {
    for (; exponent >= 9; exponent -= 9) {
        multiply_add(n, 1000000000u, 0);
    }
    for (; exponent > 0; exponent--) {
        multiply_add(n, 10, 0);
    }
}

static void shift_left(natural *n, int32_t bits) {
    const uint32_t limbs = (uint32_t)bits / 32;
    if (n->len > 0 && limbs > 0) {
        memmove(n->limb + limbs, n->limb, n->len * sizeof n->limb[0]);
        memset(n->limb, 0, limbs * sizeof n->limb[0]);
        n->len += limbs;
    }
    multiply_add(n, (uint32_t)1 << (bits % 32), 0);
}

/* Below, at or above 0, as `a` is less than, equal to or greater than `b`. */
static int compare(const natural *a, const natural *b) {
    if (a->len != b->len) {
        return a->len < b->len ? -1 : 1;
    }
    for (uint32_t i = a->len; i-- > 0;) {
        if (a->limb[i] != b->limb[i]) {
            return a->limb[i] < b->limb[i] ? -1 : 1;
        }
    }
    return 0;
}

/* a -= b, which is not greater. */
static void subtract(natural *a, const natural *b) {
    uint64_t borrow = 0;
    for (uint32_t i = 0; i < a->len; i++) {
        const uint64_t limb = (uint64_t)a->limb[i] - (i < b->len ? b->limb[i] : 0) - borrow;
        a->limb[i] = (uint32_t)limb;
        borrow = limb >> 63;
    }
    while (a->len > 0 && a->limb[a->len - 1] == 0) {
        a->len--;
    }
}

static int32_t bit_length(const natural *n) {
    return (int32_t)n->len * 32 - (n->len ? __builtin_clz(n->limb[n->len - 1]) : 0);
}

/* ---- printing ------------------------------------------------------------------------------------------------ */

/* The decimal number 0.d1d2d3... x 10^point. */
typedef struct digits {
    char text[24];
    int32_t count;
    int32_t point;
} digits;

/* A number between two neighbours: value / scale, and how far from it the numbers reach that are read back as it. */
typedef struct interval {
    natural value;
    natural below;
    natural above;
    natural scale;
    bool closed; /* its ends belong to it */
} interval;

static interval interval_of(uint64_t bits) {
    const uint64_t fraction = bits & ((UINT64_C(1) << 52) - 1);
    const int32_t biased = (int32_t)(bits >> 52 & 0x7FF);
    const int32_t exponent = (biased ? biased : 1) - 1075;
    const int32_t up = exponent > 0 ? exponent : 0;
    const int32_t uneven = fraction == 0 && biased > 1; /* the neighbour below is only half as far away */
    interval in;
    in.value = natural_of(fraction | (uint64_t)(biased != 0) << 52);
    in.below = in.above = in.scale = natural_of(1);
    shift_left(&in.value, 1 + uneven + up);
    shift_left(&in.below, up);
    shift_left(&in.above, uneven + up);
    shift_left(&in.scale, 1 + uneven + up - exponent);
    in.closed = (bits & 1) == 0; /* halfway goes to the even one */
    return in;
}

static bool within(const natural *distance, const natural *reach, bool closed) {
    return compare(distance, reach) < (closed ? 1 : 0);
}

/* What is missing from the value to the scale; the value is below it. */
static natural distance_up(const interval *in) {
    natural up = in->scale;
    subtract(&up, &in->value);
    return up;
}

static void multiply_by_ten(interval *in) {
    multiply_add(&in->value, 10, 0);
    multiply_add(&in->below, 10, 0);
    multiply_add(&in->above, 10, 0);
}

/* Scale so that the interval lies below 1 and not below 0.1. */
static int32_t place_point(interval *in) {
    const int32_t log2 = bit_length(&in->value) - bit_length(&in->scale);
    int32_t point = log2 * 30103 / 100000 - 1; /* not above the right one */
    multiply_power_of_ten(&in->scale, point);
    multiply_power_of_ten(&in->value, -point);
    multiply_power_of_ten(&in->below, -point);
    multiply_power_of_ten(&in->above, -point);
    for (;; point++) {
        if (compare(&in->value, &in->scale) < 0) {
            const natural up = distance_up(in);
            if (!within(&up, &in->above, in->closed)) {
                return point;
            }
        }
        multiply_add(&in->scale, 10, 0);
    }
}

static char next_digit(interval *in) {
    char digit = '0';
    multiply_by_ten(in);
    for (; compare(&in->value, &in->scale) >= 0; digit++) {
        subtract(&in->value, &in->scale);
    }
    return digit;
}

/* The fewest digits that are read back as the number, and of those the nearest to it (Steele and White). */
static digits shortest_digits(uint64_t bits) {
    interval in = interval_of(bits);
    digits out = {.count = 0, .point = place_point(&in)};
    for (bool low = false, high = false; !low && !high;) {
        char digit = next_digit(&in);
        const natural up = distance_up(&in);
        low = within(&in.value, &in.below, in.closed);
        high = within(&up, &in.above, in.closed);
        if (high) {
            const int nearer = compare(&in.value, &up);
            const bool round_up = !low || nearer > 0 || (nearer == 0 && digit % 2 != 0);
            digit = (char)(digit + round_up);
        }
        out.text[out.count++] = digit;
    }
    return out;
}

static digits integer_digits(uint64_t integer, int32_t decimals) {
    digits out = {.count = 1};
    for (uint64_t rest = integer; rest >= 10; rest /= 10) {
        out.count++;
    }
    for (int32_t i = out.count; i-- > 0; integer /= 10) {
        out.text[i] = (char)('0' + integer % 10);
    }
    out.point = out.count - decimals;
    return out;
}

/* Numbers of at most 15 digits: only one decimal of that length is read back as them, so the first found is it. */
static bool short_digits(double number, digits *out) {
    if (number < EXACT_INTEGERS && (double)(uint64_t)number == number) {
        *out = integer_digits((uint64_t)number, 0);
        return true;
    }
    for (int32_t decimals = 1; decimals <= EXACT_TENS && number * TENS[decimals] < 1e15; decimals++) {
        const uint64_t integer = (uint64_t)(number * TENS[decimals] + 0.5);
        if ((double)integer / TENS[decimals] == number) {
            *out = integer_digits(integer, decimals);
            return true;
        }
    }
    return false;
}

static char *put(char *at, const char *text, int32_t count) {
    memcpy(at, text, (size_t)count);
    return at + count;
}

static char *put_zeros(char *at, int32_t count) {
    memset(at, '0', (size_t)count);
    return at + count;
}

static char *put_exponent(char *at, int32_t exponent) {
    *at++ = 'e';
    *at++ = exponent < 0 ? '-' : '+';
    const digits d = integer_digits((uint64_t)(exponent < 0 ? -exponent : exponent), 0);
    return put(at, d.text, d.count);
}

/* The layout of JavaScript's Number.prototype.toString(); at most 24 characters. */
static char *put_digits(char *at, const digits *d) {
    const bool plain = d->point > -6 && d->point <= 21;
    const int32_t point = plain ? d->point : 1;
    if (point <= 0) {
        at = put_zeros(put(at, "0.", 2), -point);
        return put(at, d->text, d->count);
    }
    const int32_t whole = d->count < point ? d->count : point;
    at = put_zeros(put(at, d->text, whole), point - whole);
    if (d->count > whole) {
        *at++ = '.';
        at = put(at, d->text + whole, d->count - whole);
    }
    return plain ? at : put_exponent(at, d->point - 1);
}

uint32_t clasp_number_print(double number, char out[32]) {
    char *at = out;
    uint64_t bits;
    memcpy(&bits, &number, sizeof bits);
    if (bits >> 63) {
        *at++ = '-';
        number = -number;
    }
    digits d;
    if (!short_digits(number, &d)) {
        d = shortest_digits(bits);
    }
    at = put_digits(at, &d);
    *at = '\0';
    return (uint32_t)(at - out);
}

/* ---- parsing ------------------------------------------------------------------------------------------------- */

/* A scanned number: its digits, read as an integer, times 10^exponent. */
typedef struct decimal {
    const char *first; /* the first digit that is not 0; a point may be among those behind it */
    uint64_t mantissa; /* of the first 19 digits */
    int32_t count;     /* digits from `first` on */
    int32_t exponent;
} decimal;

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static const char *scan_digits(decimal *d, const char *at, int32_t step) {
    for (; is_digit(*at); at++, d->exponent -= step) {
        if (d->count == 0 && *at == '0') {
            continue;
        }
        d->first = d->count == 0 ? at : d->first;
        if (++d->count <= 19) {
            d->mantissa = d->mantissa * 10 + (uint64_t)(*at - '0');
        }
    }
    return at;
}

/* The exponent stops growing where it outweighs any digits. */
static const char *scan_exponent(decimal *d, const char *at) {
    const char *p = at + 1;
    const bool negative = *p == '-';
    p += *p == '-' || *p == '+';
    if (!is_digit(*p)) {
        return at;
    }
    int32_t exponent = 0;
    for (; is_digit(*p); p++) {
        exponent = exponent < 100000000 ? exponent * 10 + (*p - '0') : exponent;
    }
    d->exponent += negative ? -exponent : exponent;
    return p;
}

/* NULL if there is no number. */
static const char *scan_decimal(decimal *d, const char *text) {
    const char *at = scan_digits(d, text, 0);
    if (at == text) {
        return NULL;
    }
    if (at[0] == '.' && is_digit(at[1])) {
        at = scan_digits(d, at + 1, 1);
    }
    return *at == 'e' || *at == 'E' ? scan_exponent(d, at) : at;
}

/* All digits as one number. Of those behind the last that matters, only whether they are all 0 is kept. */
static natural all_digits(decimal *d) {
    natural n = natural_of(0);
    bool rest = false;
    const char *at = d->first;
    for (int32_t i = 0; i < d->count; at++) {
        if (*at == '.') {
            continue;
        }
        if (i++ < MAX_DIGITS) {
            multiply_add(&n, 10, (uint32_t)(*at - '0'));
        } else {
            rest |= *at != '0';
            d->exponent++;
        }
    }
    if (rest) {
        multiply_add(&n, 10, 1);
        d->exponent--;
    }
    return n;
}

/* The double nearest to quotient x 2^exponent, halfway to even. The quotient is not 0; its last bit stands for all
 * that may follow it. */
static double round_to_double(uint64_t quotient, int32_t exponent) {
    const int32_t zeros = __builtin_clzll(quotient);
    const int32_t biased = exponent - zeros + 63 + 1023;
    const int32_t drop = biased > 0 ? 11 : 12 - biased;
    if (biased >= 2047) {
        return HUGE_VAL;
    }
    if (drop > 64) {
        return 0;
    }
    quotient <<= zeros;
    const uint64_t half = UINT64_C(1) << (drop - 1);
    const uint64_t rest = quotient & (half * 2 - 1); /* half * 2 is 0 when all bits are dropped */
    uint64_t bits = drop < 64 ? quotient >> drop : 0;
    bits += rest > half || (rest == half && bits % 2 != 0);
    bits +=
        biased > 0 ? (uint64_t)(biased - 1) << 52 : 0; /* the leading bit of the fraction adds the last 1 */
    double number;
    memcpy(&number, &bits, sizeof number);
    return number;
}

/* Divide by shifting: 64 bits of the quotient, and in the last of them whether a rest is left. */
static double divide(decimal *d) {
    natural value = all_digits(d);
    natural divisor = natural_of(1);
    multiply_power_of_ten(&value, d->exponent);
    multiply_power_of_ten(&divisor, -d->exponent);
    const int32_t shift = 63 - (bit_length(&value) - bit_length(&divisor));
    shift_left(&value, shift > 0 ? shift : 0);
    shift_left(&divisor, 63 + (shift < 0 ? -shift : 0));
    uint64_t quotient = 0;
    for (int i = 0; i < 64; i++) {
        quotient <<= 1;
        if (compare(&value, &divisor) >= 0) {
            subtract(&value, &divisor);
            quotient |= 1;
        }
        multiply_add(&value, 2, 0);
    }
    return round_to_double(quotient | (value.len > 0), -shift);
}

static double to_double(decimal *d) {
    if (d->count <= 19 && d->mantissa <= (uint64_t)EXACT_INTEGERS && d->exponent >= -EXACT_TENS &&
        d->exponent <= EXACT_TENS) {
        const double mantissa = (double)d->mantissa;
        return d->exponent < 0 ? mantissa / TENS[-d->exponent] : mantissa * TENS[d->exponent];
    }
    if (d->count == 0 || d->count + d->exponent < -324) {
        return 0;
    }
    return d->count + d->exponent > 310 ? HUGE_VAL : divide(d);
}

double clasp_number_parse(const char *text, char **end) {
    decimal d = {.first = text};
    const bool negative = text[0] == '-';
    const char *behind = scan_decimal(&d, text + negative);
    if (end) {
        *end = (char *)(behind ? behind : text);
    }
    const double number = behind ? to_double(&d) : 0;
    return negative ? -number : number;
}
