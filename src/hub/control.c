/* What a session says about itself, and the table of all handlers. */
#include "hub/access.h"
#include "hub/send.h"
#include "route/address.h"

#define PROTOCOL_VERSION 1u
#define FEATURES                                                                                \
    (CLASP_FEATURE_PARAM | CLASP_FEATURE_EVENT | CLASP_FEATURE_STREAM | CLASP_FEATURE_GESTURE | \
     CLASP_FEATURE_TIMELINE)

static const clasp_span NOWHERE = {NULL, 0};

/* A second HELLO makes a new session on the same connection. */
static void on_hello(clasp_hub *hub, clasp_hub_session *session, const clasp_message *message,
                     uint64_t now_us) {
    if (!clasp_hub_admit(hub, session, message, now_us)) {
        return;
    }
    clasp_hub_strip(hub, session);
    clasp_hub_sessions_open(&hub->sessions, session, &hub->random);
    clasp_hub_sessions_touch(&hub->sessions, session, now_us);
    CLASP_HUB_COUNT(hub, sessions_total);
    const clasp_message welcome = {
        .type = CLASP_MSG_WELCOME,
        .version = PROTOCOL_VERSION,
        .features = FEATURES,
        .time_us = now_us,
        .session = clasp_hub_session_id(session),
        .name = clasp_text_span(&hub->name),
    };
    clasp_hub_send(hub, session, &welcome);
    clasp_hub_send_params(hub, session, now_us);
    clasp_hub_tell(hub, session, CLASP_HUB_EVENT_OPENED, message->name, NOWHERE);
}

static void on_announce(clasp_hub *hub, clasp_hub_session *session, const clasp_message *message,
                        uint64_t now_us) {
    (void)now_us;
    const clasp_err err = clasp_hub_announced_put(&session->announced, &hub->announced_bytes, message);
    if (err != CLASP_OK) {
        clasp_hub_refuse(hub, session, clasp_wire_error_of(err), clasp_err_text(err), message->address);
        return;
    }
    const clasp_message ack = {.type = CLASP_MSG_ACK, .has = CLASP_HAS_ADDRESS, .address = message->address};
    clasp_hub_send(hub, session, &ack);
}

static void on_unsubscribe(clasp_hub *hub, clasp_hub_session *session, const clasp_message *message,
                           uint64_t now_us) {
    (void)now_us;
    clasp_hub_subs_drop(&hub->subs, session, message->id);
}

static void on_sync(clasp_hub *hub, clasp_hub_session *session, const clasp_message *message,
                    uint64_t now_us) {
    const clasp_message answer = {.type = CLASP_MSG_SYNC,
                                  .has = CLASP_HAS_T2 | CLASP_HAS_T3,
                                  .time_us = message->time_us,
                                  .t2_us = now_us,
                                  .t3_us = now_us};
    clasp_hub_send(hub, session, &answer);
}

static void on_ping(clasp_hub *hub, clasp_hub_session *session, const clasp_message *message,
                    uint64_t now_us) {
    (void)message;
    (void)now_us;
    const clasp_message pong = {.type = CLASP_MSG_PONG};
    clasp_hub_send(hub, session, &pong);
}

static void on_federation_sync(clasp_hub *hub, clasp_hub_session *session, const clasp_message *message,
                               uint64_t now_us) {
    (void)message;
    (void)now_us;
    clasp_hub_refuse(hub, session, CLASP_WIRE_REFUSED, "this relay does not federate", NOWHERE);
}

/* WELCOME, SNAPSHOT, PONG, ACK, ERROR and RESULT are a relay's to send: from a client they are ignored. */
static clasp_hub_handler *const HANDLERS[] = {
    [CLASP_MSG_HELLO] = on_hello,
    [CLASP_MSG_ANNOUNCE] = on_announce,
    [CLASP_MSG_FEDERATION_SYNC] = on_federation_sync,
    [CLASP_MSG_SUBSCRIBE] = clasp_hub_on_subscribe,
    [CLASP_MSG_UNSUBSCRIBE] = on_unsubscribe,
    [CLASP_MSG_PUBLISH] = clasp_hub_on_publish,
    [CLASP_MSG_SET] = clasp_hub_on_set,
    [CLASP_MSG_GET] = clasp_hub_on_get,
    [CLASP_MSG_REPLAY] = clasp_hub_on_replay,
    [CLASP_MSG_BUNDLE] = clasp_hub_on_bundle,
    [CLASP_MSG_SYNC] = on_sync,
    [CLASP_MSG_PING] = on_ping,
    [CLASP_MSG_QUERY] = clasp_hub_on_query,
};

clasp_hub_handler *clasp_hub_handler_of(uint8_t type) {
    return type < sizeof HANDLERS / sizeof *HANDLERS ? HANDLERS[type] : NULL;
}
