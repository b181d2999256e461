/**
 * Put before cJSON.c by the compiler (-include json/cjson_config.h): cJSON prints and reads its numbers with our exact
 * functions, and so neither printf, scanf, strtod nor a locale gets into the module.
 */
#ifndef CLASP_JSON_CJSON_CONFIG_H
#define CLASP_JSON_CJSON_CONFIG_H

#include <stdio.h>
#include <stdlib.h>

#undef ENABLE_LOCALES
#undef sprintf
#undef sscanf
#undef strtod

/** The formats that cJSON prints with, and no others: "null", "u%04x", "%d", and "%1.15g" and "%1.17g", which both
 *  print the shortest exact form here.
 *  @return characters written, without the terminator; -1 for any other format */
int clasp_cjson_print(char *out, const char *format, ...);

double clasp_number_parse(const char *text, char **end);

#define sprintf clasp_cjson_print
#define sscanf(text, format, number) (*(number) = clasp_number_parse(text, NULL), 1)
#define strtod clasp_number_parse

#endif
