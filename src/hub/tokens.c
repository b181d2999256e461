#include "hub/tokens.h"

#include <stdlib.h>

#include "base/limits.h"
#include "route/hash.h"

static clasp_span read_text(clasp_reader *r) {
    const uint32_t len = clasp_read_u16(r);
    const uint8_t *at = clasp_take(r, len);
    return (clasp_span){at, at ? len : 0};
}

/* ---- look-up ------------------------------------------------------------------------------------------------- */

/* Every byte is looked at, whatever the first ones said. */
static bool is_same_secret(clasp_span a, clasp_span b) {
    if (a.len != b.len) {
        return false;
    }
    volatile uint8_t difference = 0;
    for (uint32_t i = 0; i < a.len; i++) {
        difference = (uint8_t)(difference | (a.at[i] ^ b.at[i]));
    }
    return difference == 0;
}

const clasp_hub_token *clasp_hub_tokens_find(const clasp_hub_tokens *tokens, clasp_span text) {
    if (tokens->count == 0 || text.len == 0 || text.len > CLASP_HUB_TOKEN_LEN) {
        return NULL;
    }
    clasp_probe p = clasp_table_probe(&tokens->table, clasp_hash(tokens->hash_key, text));
    uint32_t index;
    while ((index = clasp_table_next(&tokens->table, &p)) != CLASP_NONE) {
        if (is_same_secret(tokens->list[index].text, text)) {
            return &tokens->list[index];
        }
    }
    return NULL;
}

/* ---- reading ------------------------------------------------------------------------------------------------- */

/* Check one token's head and count its scopes; the reader then stands before the first of them. */
static clasp_err read_head(clasp_reader *r, clasp_hub_token *token) {
    token->text = read_text(r);
    const uint64_t expires_us = clasp_read_u64(r);
    token->expires_us = expires_us > 0 ? expires_us : UINT64_MAX;
    token->scopes = (clasp_scopes){NULL, clasp_read_u16(r)};
    if (r->err != CLASP_OK) {
        return r->err;
    }
    if (token->text.len == 0) {
        return CLASP_BAD_FIELD;
    }
    const bool fits = token->text.len <= CLASP_HUB_TOKEN_LEN && token->scopes.count <= CLASP_HUB_SCOPES;
    return fits ? CLASP_OK : CLASP_TOO_LARGE;
}

/* Check the whole list, and count the scopes in it. */
static clasp_err survey(clasp_span in, uint32_t *tokens, uint32_t *scopes) {
    clasp_reader r = clasp_reader_of(in);
    *tokens = clasp_read_u32(&r);
    *scopes = 0;
    if (*tokens > CLASP_HUB_TOKENS || in.len > CLASP_HUB_TOKENS_BYTES) {
        return CLASP_TOO_LARGE;
    }
    clasp_err err = r.err;
    for (uint32_t i = 0; err == CLASP_OK && i < *tokens; i++) {
        clasp_hub_token token;
        err = read_head(&r, &token);
        for (uint32_t k = 0; err == CLASP_OK && k < token.scopes.count; k++, ++*scopes) {
            clasp_scope scope;
            const clasp_span text = read_text(&r);
            err = r.err == CLASP_OK ? clasp_scope_parse(text, &scope) : r.err;
        }
    }
    return err;
}

/* Make the entries of a list that was surveyed; there is room for all. NO_MEMORY; BAD_FIELD: a token is there twice. */
static clasp_err fill(clasp_hub_tokens *tokens, clasp_span in, uint32_t count) {
    clasp_reader r = clasp_reader_of((clasp_span){tokens->bytes, in.len});
    clasp_scope *scope = tokens->scopes;
    clasp_read_u32(&r);
    for (uint32_t i = 0; i < count; i++) {
        clasp_hub_token *token = &tokens->list[i];
        read_head(&r, token);
        token->scopes.at = scope;
        for (uint32_t k = 0; k < token->scopes.count; k++) {
            clasp_scope_parse(read_text(&r), scope++);
        }
        if (clasp_hub_tokens_find(tokens, token->text)) {
            return CLASP_BAD_FIELD;
        }
        if (!clasp_table_reserve(&tokens->table)) {
            return CLASP_NO_MEMORY;
        }
        clasp_table_add(&tokens->table, clasp_hash(tokens->hash_key, token->text), i);
        tokens->count++;
    }
    return CLASP_OK;
}

clasp_err clasp_hub_tokens_read(clasp_hub_tokens *tokens, clasp_span in, uint64_t hash_key) {
    uint32_t count = 0, scopes = 0;
    *tokens = (clasp_hub_tokens){.hash_key = hash_key};
    clasp_err err = survey(in, &count, &scopes);
    if (err != CLASP_OK) {
        return err;
    }
    tokens->list = calloc(count + 1u, sizeof *tokens->list); /* one more: never an allocation of nothing */
    tokens->scopes = calloc(scopes + 1u, sizeof *tokens->scopes);
    tokens->bytes = malloc(in.len);
    err = CLASP_NO_MEMORY;
    if (tokens->list && tokens->scopes && tokens->bytes) {
        memcpy(tokens->bytes, in.at, in.len);
        err = fill(tokens, in, count);
    }
    if (err != CLASP_OK) {
        clasp_hub_tokens_deinit(tokens);
    }
    return err;
}

void clasp_hub_tokens_deinit(clasp_hub_tokens *tokens) {
    clasp_table_deinit(&tokens->table);
    free(tokens->list);
    free(tokens->scopes);
    free(tokens->bytes);
    *tokens = (clasp_hub_tokens){0};
}
