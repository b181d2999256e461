#include <float.h>
#include <math.h>

#include "check.h"
#include "json/json.h"

static uint64_t bits_of(double number) {
    uint64_t bits;
    memcpy(&bits, &number, sizeof bits);
    return bits;
}

static double double_of(uint64_t bits) {
    double number;
    memcpy(&number, &bits, sizeof number);
    return number;
}

TEST(numbers_are_printed_in_the_shortest_form) {
    static const struct {
        double number;
        const char *text;
    } rows[] = {
        {0.0, "0"},
        {-0.0, "-0"},
        {1, "1"},
        {-42, "-42"},
        {0.1, "0.1"},
        {0.1 + 0.2, "0.30000000000000004"},
        {1.0 / 3, "0.3333333333333333"},
        {2.0 / 3, "0.6666666666666666"},
        {100, "100"},
        {1234567.25, "1234567.25"},
        {1700000000000000, "1700000000000000"},
        {1700000000000.125, "1700000000000.125"},
        {0.000001, "0.000001"},
        {0.0000012345678901234567, "0.0000012345678901234567"},
        {-0.0000012345678901234567, "-0.0000012345678901234567"},
        {0.0000001, "1e-7"},
        {1.5e-7, "1.5e-7"},
        {9007199254740991.0, "9007199254740991"},
        {9007199254740992.0, "9007199254740992"},
        {9007199254740994.0, "9007199254740994"},
        {123456789012345680000.0, "123456789012345680000"},
        {999999999999999900000.0, "999999999999999900000"},
        {1e21, "1e+21"},
        {1.5e300, "1.5e+300"},
        {1e23, "1e+23"},
        {9.5e-7, "9.5e-7"},
        {5e-324, "5e-324"},
        {1e-323, "1e-323"},
        {2.225073858507201e-308, "2.225073858507201e-308"},
        {2.2250738585072014e-308, "2.2250738585072014e-308"},
        {1.7976931348623157e308, "1.7976931348623157e+308"},
        {-2.2250738585072014e-308, "-2.2250738585072014e-308"},
        {5.684341886080802e-14, "5.684341886080802e-14"},   /* 2^-44: its neighbours are unevenly far */
        {9.332636185032189e-302, "9.332636185032189e-302"}, /* 2^-1000 */
        {5e-310, "5e-310"},
        {4.35, "4.35"},
        {4.349999999999999, "4.349999999999999"},
        {4.349999999999999e15, "4349999999999999"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[32];
        CHECK_CONTEXT(rows[i].text);
        CHECK_EQ(clasp_number_print(rows[i].number, text), strlen(rows[i].text));
        CHECK_TEXT(text, rows[i].text);
    }
}

TEST(numbers_are_rounded_to_the_nearest_double) {
    static const struct {
        const char *text;
        double number;
    } rows[] = {
        {"0", 0.0},
        {"-0", -0.0},
        {"-0.0e999999999999", -0.0},
        {"9007199254740992", 9007199254740992.0},
        {"9007199254740993", 9007199254740992.0}, /* halfway: to the even one */
        {"9007199254740995", 9007199254740996.0},
        {"9007199254740993.0000000000000000000000000001", 9007199254740994.0},
        {"9007199254740992.9999999999999999999999999999", 9007199254740992.0},
        {"18446744073709551615", 18446744073709551616.0},
        {"99999999999999999999999999", 1e26},
        {"1e23", 1e23},
        {"8.988465674311579e307", 8.988465674311579e307},
        {"1.7976931348623157e308", DBL_MAX},
        {"1.7976931348623158e308", DBL_MAX},
        {"1.797693134862315807e308", DBL_MAX},
        {"1.7976931348623159e308", HUGE_VAL},
        {"1e309", HUGE_VAL},
        {"-1e400", -HUGE_VAL},
        {"1e99999999999999999999", HUGE_VAL},
        {"1e-99999999999999999999", 0.0},
        {"5e-324", 4.9406564584124654e-324},
        {"2.4703282292062327e-324", 0.0},                     /* just below half of the least */
        {"2.4703282292062328e-324", 4.9406564584124654e-324}, /* just above */
        {"7.4109846876186981e-324", 4.9406564584124654e-324},
        {"7.4109846876186982e-324", 9.8813129168249309e-324},
        {"2.2250738585072011e-308", 2.2250738585072011e-308},
        {"2.2250738585072012e-308", 2.2250738585072014e-308},
        {"0.000000000000000000000000000000000000000000000000001e51", 1.0},
        {"1000000000000000000000000000000000000000000000000000e-51", 1.0},
        {"6929495644600919.5", 6929495644600920.0},
        {"3.518437208883201171875e13", 35184372088832.015625},
        {"62.5364939768271845828", 62.5364939768271845828},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_CONTEXT(rows[i].text);
        char *end = NULL;
        const double number = clasp_number_parse(rows[i].text, &end);
        CHECK(bits_of(number) == bits_of(rows[i].number));
        CHECK(end == rows[i].text + strlen(rows[i].text));
    }
}

TEST(parsing_stops_behind_the_number) {
    static const struct {
        const char *text;
        size_t used;
    } rows[] = {{"", 0},     {"-", 0},     {"x", 0},     {"-x", 0},    {".5", 0},      {"+1", 0},
                {"12,", 2},  {"-1.5]", 4}, {"1.", 1},    {"1.x", 1},   {"1e", 1},      {"1e+", 1},
                {"1e+x", 1}, {"1e5x", 3},  {"1E-5}", 4}, {"1.5.5", 3}, {"0.0e0e0", 5}, {"00", 2}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_CONTEXT(rows[i].text);
        char *end = NULL;
        clasp_number_parse(rows[i].text, &end);
        CHECK_EQ(end - rows[i].text, rows[i].used);
    }
}

/* The digits of number x 5^1075, which are those of number x 2^-1075. */
static int halfway_digits(uint64_t number, char text[800]) {
    int len = 0;
    for (; number > 0; number /= 10) {
        text[len++] = (char)(number % 10); /* the last digit first */
    }
    for (int power = 0; power < 1075; power++) {
        int carry = 0;
        for (int i = 0; i < len; i++) {
            carry += text[i] * 5;
            text[i] = (char)(carry % 10);
            carry /= 10;
        }
        if (carry > 0) {
            text[len++] = (char)carry;
        }
    }
    for (int i = 0; i < len / 2; i++) {
        const char last = text[len - 1 - i];
        text[len - 1 - i] = text[i];
        text[i] = last;
    }
    for (int i = 0; i < len; i++) {
        text[i] = (char)(text[i] + '0');
    }
    text[len] = '\0';
    return len;
}

static uint64_t bits_with_end(const char *digits, int len, char last, const char *end) {
    char text[1100];
    memcpy(text, digits, (size_t)len);
    text[len - 1] = last;
    strcpy(text + len, end);
    return bits_of(clasp_number_parse(text, NULL));
}

TEST(the_last_of_768_digits_decides_and_those_behind_it_count) {
    char digits[800];
    const int len = halfway_digits((UINT64_C(1) << 54) - 3, digits); /* the double below it is even */
    CHECK_EQ(len, 768);
    CHECK_EQ(digits[len - 1], '5');
    CHECK(bits_with_end(digits, len, '4', "e-1075") == UINT64_C(0x001FFFFFFFFFFFFE));
    CHECK(bits_with_end(digits, len, '5', "e-1075") == UINT64_C(0x001FFFFFFFFFFFFE));
    CHECK(bits_with_end(digits, len, '5', "000000000000000e-1090") == UINT64_C(0x001FFFFFFFFFFFFE));
    CHECK(bits_with_end(digits, len, '5', "000000000000001e-1090") == UINT64_C(0x001FFFFFFFFFFFFF));
    CHECK(bits_with_end(digits, len, '6', "e-1075") == UINT64_C(0x001FFFFFFFFFFFFF));
}

static uint64_t next_random(uint64_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static bool comes_back(double number) {
    char text[32];
    const uint32_t len = clasp_number_print(number, text);
    return len < 26 && text[len] == '\0' && bits_of(clasp_number_parse(text, NULL)) == bits_of(number) &&
           bits_of(strtod(text, NULL)) == bits_of(number);
}

TEST(every_double_comes_back_bit_by_bit) {
    uint64_t state = UINT64_C(0x9E3779B97F4A7C15);
    for (int i = 0; i < 20000; i++) {
        const uint64_t random = next_random(&state);
        const double any = double_of(random);
        const double amount = (double)(random >> 40) / 1000;
        CHECK(!isfinite(any) || comes_back(any));
        CHECK(comes_back(amount));
        CHECK(comes_back((double)(random >> (random % 64))));
    }
    for (int exponent = -1074; exponent < 1024; exponent++) {
        const double power = ldexp(1, exponent);
        CHECK(comes_back(power));
        CHECK(comes_back(nextafter(power, 0)));
        CHECK(comes_back(nextafter(power, HUGE_VAL)) || exponent == 1023);
    }
}

TEST(printed_digits_are_never_more_than_needed) {
    uint64_t state = 7;
    for (int i = 0; i < 5000; i++) {
        const double number = fabs(double_of(next_random(&state)));
        if (!isfinite(number)) {
            continue;
        }
        char text[32];
        char other[32];
        clasp_number_print(number, text);
        int digits = 0;
        for (const char *at = text; *at && *at != 'e'; at++) {
            digits += *at != '.' && (digits > 0 || *at != '0');
        }
        if (digits > 17 || digits < 2) {
            continue; /* zeros before the point, and nothing to leave out */
        }
        snprintf(other, sizeof other, "%.*e", digits - 2, number); /* one digit less does not come back */
        CHECK(bits_of(strtod(other, NULL)) != bits_of(number) || text[strlen(text) - 1] == '0');
    }
}

TEST(random_long_decimals_are_read_as_by_the_c_library) {
    uint64_t state = 99;
    for (int i = 0; i < 3000; i++) {
        char text[96];
        const int digits = 1 + (int)(next_random(&state) % 60);
        const int point = (int)(next_random(&state) % (unsigned)digits);
        int len = 0;
        for (int d = 0; d < digits; d++) {
            text[len++] = (char)('0' + next_random(&state) % 10);
            if (d == point && d + 1 < digits) {
                text[len++] = '.';
            }
        }
        snprintf(text + len, sizeof text - (size_t)len, "e%d", (int)(next_random(&state) % 700) - 380);
        CHECK_CONTEXT(text);
        CHECK(bits_of(clasp_number_parse(text, NULL)) == bits_of(strtod(text, NULL)));
    }
}

int main(void) {
    RUN(numbers_are_printed_in_the_shortest_form);
    RUN(numbers_are_rounded_to_the_nearest_double);
    RUN(parsing_stops_behind_the_number);
    RUN(the_last_of_768_digits_decides_and_those_behind_it_count);
    RUN(every_double_comes_back_bit_by_bit);
    RUN(printed_digits_are_never_more_than_needed);
    RUN(random_long_decimals_are_read_as_by_the_c_library);
    return check_summary();
}
