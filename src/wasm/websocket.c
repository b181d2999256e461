/*
 * The relay's socket, by <emscripten/websocket.h>: one for each session. Knows nothing of the protocol.
 *
 * A callback leaves what came in the inbox and notes whose it is; the host's class asks right after it for
 * clasp_socket_pending() and makes the session event itself, so that all input enters by one way.
 */
#include <emscripten/websocket.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "wasm/abi.h"
#include "wire/frame.h"

#define CLOSE_ABNORMAL 1006u /* RFC 6455, 7.1.5: the connection was lost */

/* The glue never uses a socket's number again, so the events of a replaced one find no slot. */
typedef struct socket_slot {
    uint32_t session; /* handle; 0: free */
    int socket;       /* EMSCRIPTEN_WEBSOCKET_T */
} socket_slot;

static socket_slot sockets[CLASP_ABI_SESSIONS];
static uint32_t pending[4]; /* session, event, a, len; session 0: nothing */

static socket_slot *slot_of(uint32_t session) {
    for (socket_slot *s = sockets; s < &sockets[CLASP_ABI_SESSIONS]; s++) {
        if (s->session == session) {
            return s;
        }
    }
    return NULL;
}

/* Note an event of `socket`, whose `len` bytes are at `bytes`; nothing when the socket was replaced or closed. */
static EM_BOOL note(EMSCRIPTEN_WEBSOCKET_T socket, clasp_session_event event, uint32_t a, const void *bytes,
                    uint32_t len) {
    const socket_slot *s = sockets;
    while (s < &sockets[CLASP_ABI_SESSIONS] && (s->session == 0 || s->socket != socket)) {
        s++;
    }
    if (s == &sockets[CLASP_ABI_SESSIONS]) {
        return EM_FALSE;
    }
    uint8_t *inbox = len > 0 ? clasp_inbox(len) : NULL;
    if (len > 0 && !inbox) {
        return EM_FALSE; /* no memory: the message is lost as a datagram would be */
    }
    if (len > 0) {
        memcpy(inbox, bytes, len);
    }
    pending[0] = s->session;
    pending[1] = (uint32_t)event;
    pending[2] = a;
    pending[3] = len;
    return EM_TRUE;
}

static EM_BOOL on_open(int type, const EmscriptenWebSocketOpenEvent *event, void *context) {
    (void)type;
    (void)context;
    return note(event->socket, CLASP_SESSION_EVENT_SOCKET_OPENED, 0, NULL, 0);
}

static EM_BOOL on_message(int type, const EmscriptenWebSocketMessageEvent *event, void *context) {
    (void)type;
    (void)context;
    return event->isText ? EM_FALSE /* no CLASP message is text */
                         : note(event->socket, CLASP_SESSION_EVENT_RECEIVED, 0, event->data, event->numBytes);
}

/* An error is always followed by a close, which says the same. */
static EM_BOOL on_close(int type, const EmscriptenWebSocketCloseEvent *event, void *context) {
    (void)type;
    (void)context;
    return note(event->socket, CLASP_SESSION_EVENT_SOCKET_CLOSED, event->code ? event->code : CLOSE_ABNORMAL,
                NULL, 0);
}

static void listen(EMSCRIPTEN_WEBSOCKET_T socket) {
    emscripten_websocket_set_onopen_callback(socket, NULL, on_open);
    emscripten_websocket_set_onmessage_callback(socket, NULL, on_message);
    emscripten_websocket_set_onclose_callback(socket, NULL, on_close);
}

int32_t clasp_socket_open(uint32_t session, uint32_t url_len) {
    clasp_socket_close(session, 0);
    socket_slot *s = slot_of(0);
    uint8_t *url = url_len < CLASP_SESSION_URL_MAX ? clasp_inbox(url_len + 1) : NULL;
    if (!s || !url) {
        return s ? CLASP_TOO_LARGE : CLASP_LIMIT;
    }
    url[url_len] = '\0';
    EmscriptenWebSocketCreateAttributes attributes = {(const char *)url, CLASP_SUBPROTOCOL, EM_TRUE};
    const EMSCRIPTEN_WEBSOCKET_T socket = emscripten_websocket_new(&attributes);
    if (socket <= 0) {
        return CLASP_RELAY_UNREACHABLE;
    }
    *s = (socket_slot){session, socket};
    listen(socket);
    return CLASP_OK;
}

int32_t clasp_socket_send(uint32_t session, const uint8_t *bytes, uint32_t len) {
    const socket_slot *s = session ? slot_of(session) : NULL;
    if (!s) {
        return CLASP_BAD_HANDLE;
    }
    /* The parameter lacks its const; the glue only reads. */
    return emscripten_websocket_send_binary(s->socket, (void *)(uintptr_t)bytes, len) < 0
               ? CLASP_NOT_CONNECTED
               : CLASP_OK;
}

void clasp_socket_close(uint32_t session, uint32_t code) {
    socket_slot *s = session ? slot_of(session) : NULL;
    if (s) {
        emscripten_websocket_close(s->socket, (unsigned short)code, NULL);
        emscripten_websocket_delete(s->socket);
        *s = (socket_slot){0, 0};
    }
}

const uint32_t *clasp_socket_pending(void) {
    static uint32_t taken[4];
    memcpy(taken, pending, sizeof taken);
    pending[0] = 0;
    return taken[0] ? taken : NULL;
}
