/* What is sent in one turn leaves together: in one message where the relay is one of ours (docs/wire.md, section 14). */
#include "session/client_state.h"

void clasp_client_set_joining(clasp_client *client, bool is_joining) {
    client->is_joining = is_joining;
    client->joined_len = 0;
}

void clasp_client_send_joined(clasp_client *client) {
    const clasp_session *session = client->session;
    if (client->joined_len > 0) {
        clasp_outbox_add(session->out, CLASP_EFFECT_SOCKET_SEND, session->handle, 0, !client->is_joining,
                         (clasp_span){client->joined, client->joined_len});
        client->joined_len = 0;
    }
}

bool clasp_client_join(void *context, clasp_span frame) {
    clasp_client *client = context;
    if (clasp_client_get_state(client) != CLASP_SESSION_OPEN) {
        return false;
    }
    if (frame.len > sizeof client->joined - client->joined_len) {
        clasp_client_send_joined(client);
    }
    memcpy(client->joined + client->joined_len, frame.at, frame.len);
    client->joined_len += frame.len;
    return true;
}

/* Bytes of the first frame of a message; all of them where frames share none, or where it is none. */
static uint32_t first_frame(const clasp_client *client, clasp_span bytes) {
    clasp_frame frame;
    uint32_t used = 0;
    return client->is_joining && clasp_frame_decode(bytes, &frame, &used) == CLASP_OK ? used : bytes.len;
}

void clasp_client_received(clasp_client *client, clasp_span bytes, uint64_t now_us) {
    uint32_t len = first_frame(client, bytes);
    clasp_client_received_frame(client, (clasp_span){bytes.at, len}, now_us);
    while (len < bytes.len) {
        bytes = (clasp_span){bytes.at + len, bytes.len - len};
        len = first_frame(client, bytes);
        clasp_client_received_frame(client, (clasp_span){bytes.at, len}, now_us);
    }
    clasp_client_send_joined(client);
}
