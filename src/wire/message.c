#include "wire/message.h"

static const uint8_t QOS[] = {
#define X(name, code, qos) [code] = qos,
    CLASP_MESSAGE_LIST(X)
#undef X
};

static const uint8_t PUBLISH_QOS[] = {
    [CLASP_SIGNAL_PARAM] = CLASP_QOS_CONFIRM,   [CLASP_SIGNAL_EVENT] = CLASP_QOS_CONFIRM,
    [CLASP_SIGNAL_STREAM] = CLASP_QOS_FIRE,     [CLASP_SIGNAL_GESTURE] = CLASP_QOS_FIRE,
    [CLASP_SIGNAL_TIMELINE] = CLASP_QOS_COMMIT,
};

clasp_qos clasp_message_qos(const clasp_message *message) {
    if (message->type == CLASP_MSG_PUBLISH && message->signal < sizeof PUBLISH_QOS) {
        return (clasp_qos)PUBLISH_QOS[message->signal];
    }
    return message->type < sizeof QOS ? (clasp_qos)QOS[message->type] : CLASP_QOS_FIRE;
}

uint8_t clasp_message_type_bit(const clasp_message *message) {
    static const uint8_t BITS[] = {CLASP_TYPE_PARAM, CLASP_TYPE_EVENT, CLASP_TYPE_STREAM, CLASP_TYPE_GESTURE,
                                   CLASP_TYPE_TIMELINE};
    if (message->type == CLASP_MSG_SET) {
        return CLASP_TYPE_PARAM;
    }
    return message->type == CLASP_MSG_PUBLISH && message->signal < sizeof BITS ? BITS[message->signal] : 0;
}
