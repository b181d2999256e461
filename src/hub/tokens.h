/** The tokens that an authenticated hub knows, and what each allows. For src/hub/ only. */
#ifndef CLASP_HUB_TOKENS_H
#define CLASP_HUB_TOKENS_H

#include "hub/scopes.h"
#include "route/table.h"

typedef struct clasp_hub_token {
    clasp_span text;     /* secret */
    uint64_t expires_us; /* UINT64_MAX: never */
    clasp_scopes scopes;
} clasp_hub_token;

/** All zeros: none. */
typedef struct clasp_hub_tokens {
    clasp_hub_token *list; /* given by malloc, as all below */
    clasp_scope *scopes;   /* of all tokens */
    uint8_t *bytes;        /* what they were read from: all texts lie there */
    clasp_table table;     /* from the keyed hash of a text to its index */
    uint64_t hash_key;
    uint32_t count;
} clasp_hub_tokens;

/**
 * Read a list of tokens, in the form that clasp_hub_set_tokens() names.
 *
 * @param tokens overwritten; only on CLASP_OK there is anything to deinit
 * @param in borrowed and copied
 * @param hash_key a secret, so that the time of a look-up tells nothing of a token's text
 * @return what clasp_hub_set_tokens() returns
 */
clasp_err clasp_hub_tokens_read(clasp_hub_tokens *tokens, clasp_span in, uint64_t hash_key);
void clasp_hub_tokens_deinit(clasp_hub_tokens *tokens);

/** The token with this text, expired or not; NULL: there is none. Texts are compared in a time that depends on their lengths alone. */
const clasp_hub_token *clasp_hub_tokens_find(const clasp_hub_tokens *tokens, clasp_span text);

#endif
