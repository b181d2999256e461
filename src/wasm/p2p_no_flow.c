/* In place of the data plane, until it is linked. */
#include "peer/flow.h"
#define W __attribute__((weak))
#define U(x) ((void)(x))
struct clasp_flows {
    int none;
};
static clasp_flows none;
W clasp_flows *clasp_flows_new(uint32_t h, uint64_t s, clasp_outbox *o, const clasp_flow_hooks *k) {
    U(h);
    U(s);
    U(o);
    U(k);
    return &none;
}
W void clasp_flows_free(clasp_flows *f) { U(f); }
W clasp_err clasp_flow_peer(clasp_flows *f, uint32_t p, bool o) {
    U(f);
    U(p);
    U(o);
    return CLASP_OK;
}
W void clasp_flow_gone(clasp_flows *f, uint32_t p, clasp_err c) {
    U(f);
    U(p);
    U(c);
}
W clasp_err clasp_flow_opened(clasp_flows *f, uint32_t p, uint32_t l, uint32_t c, uint32_t m, uint64_t n) {
    U(f);
    U(p);
    U(l);
    U(c);
    U(m);
    U(n);
    return CLASP_OK;
}
W void clasp_flow_closed(clasp_flows *f, uint32_t p, uint32_t l, uint32_t c, uint64_t n) {
    U(f);
    U(p);
    U(l);
    U(c);
    U(n);
}
W void clasp_flow_link_closed(clasp_flows *f, uint32_t p, uint32_t l, uint64_t n) {
    U(f);
    U(p);
    U(l);
    U(n);
}
W void clasp_flow_buffered(clasp_flows *f, uint32_t p, uint32_t l, uint32_t c, uint32_t b, uint64_t n) {
    U(f);
    U(p);
    U(l);
    U(c);
    U(b);
    U(n);
}
W void clasp_flow_cover(clasp_flows *f, uint32_t p, bool o, uint64_t n) {
    U(f);
    U(p);
    U(o);
    U(n);
}
W clasp_err clasp_flow_token(clasp_flows *f, uint32_t p, clasp_span t, uint64_t n) {
    U(f);
    U(p);
    U(t);
    U(n);
    return CLASP_OK;
}
W clasp_err clasp_flow_channel(clasp_flows *f, uint32_t p, clasp_span s, bool r, clasp_priority q,
                               uint32_t *c) {
    U(f);
    U(p);
    U(s);
    U(r);
    U(q);
    *c = 2;
    return CLASP_OK;
}
W clasp_err clasp_flow_channel_end(clasp_flows *f, uint32_t p, uint32_t c) {
    U(f);
    U(p);
    U(c);
    return CLASP_OK;
}
W clasp_err clasp_flow_address(clasp_flows *f, clasp_span a, uint32_t *id) {
    U(f);
    U(a);
    *id = 1;
    return CLASP_OK;
}
W uint32_t clasp_flow_generation(const clasp_flows *f) {
    U(f);
    return 0;
}
W clasp_err clasp_flow_number(clasp_flows *f, uint32_t p, clasp_flow_say s, uint32_t a, double v,
                              uint32_t *b) {
    U(f);
    U(p);
    U(s);
    U(a);
    U(v);
    *b = 0;
    return CLASP_OK;
}
W clasp_err clasp_flow_value(clasp_flows *f, uint32_t p, clasp_flow_say s, uint32_t a, clasp_span v,
                             uint32_t *b) {
    U(f);
    U(p);
    U(s);
    U(a);
    U(v);
    *b = 0;
    return CLASP_OK;
}
W clasp_err clasp_flow_get(clasp_flows *f, uint32_t p, clasp_span a, uint32_t t, uint64_t n) {
    U(f);
    U(p);
    U(a);
    U(t);
    U(n);
    return CLASP_OK;
}
W void clasp_flows_flush(clasp_flows *f, uint64_t n) {
    U(f);
    U(n);
}
W clasp_err clasp_flow_received(clasp_flows *f, uint32_t p, uint32_t l, uint32_t c, clasp_span m,
                                uint64_t n) {
    U(f);
    U(p);
    U(l);
    U(c);
    U(m);
    U(n);
    return CLASP_OK;
}
W clasp_err clasp_flow_record(clasp_flows *f, uint32_t p, clasp_span r, uint64_t n) {
    U(f);
    U(p);
    U(r);
    U(n);
    return CLASP_OK;
}
W clasp_err clasp_flow_subscribe(clasp_flows *f, uint32_t p, clasp_span s, uint32_t n) {
    U(f);
    U(p);
    U(s);
    U(n);
    return CLASP_OK;
}
W clasp_err clasp_flow_unsubscribe(clasp_flows *f, uint32_t p, uint32_t n) {
    U(f);
    U(p);
    U(n);
    return CLASP_OK;
}
W clasp_err clasp_flow_pipe_open(clasp_flows *f, uint32_t p, clasp_span a, clasp_priority q, uint32_t *n) {
    U(f);
    U(p);
    U(a);
    U(q);
    *n = 1;
    return CLASP_OK;
}
W clasp_err clasp_flow_pipe_write(clasp_flows *f, uint32_t p, uint32_t n, clasp_span b) {
    U(f);
    U(p);
    U(n);
    U(b);
    return CLASP_OK;
}
W clasp_err clasp_flow_pipe_end(clasp_flows *f, uint32_t p, uint32_t n) {
    U(f);
    U(p);
    U(n);
    return CLASP_OK;
}
W clasp_err clasp_flow_pipe_abort(clasp_flows *f, uint32_t p, uint32_t n, clasp_span r) {
    U(f);
    U(p);
    U(n);
    U(r);
    return CLASP_OK;
}
W clasp_err clasp_flow_pipe_read(clasp_flows *f, uint32_t p, uint32_t n, uint32_t b) {
    U(f);
    U(p);
    U(n);
    U(b);
    return CLASP_OK;
}
W double clasp_flow_get_stat(const clasp_flows *f, uint32_t p, clasp_flow_stat s) {
    U(f);
    U(p);
    U(s);
    return 0;
}
W uint64_t clasp_flows_deadline(const clasp_flows *f) {
    U(f);
    return UINT64_MAX;
}
W void clasp_flows_tick(clasp_flows *f, uint64_t n) {
    U(f);
    U(n);
}
