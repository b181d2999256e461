/* The tables of p2p: every pair of state and event, one by one. */
#include "check.h"
#include "peer/p2p_table.h"

/* What each state does on each event, a letter each: "." is refused, "=" does nothing, capitals name the action. The rows
 * are written apart from the table under test, so that a slip in either shows. */
static const char *const LINKS[P2P_LINK_STATE_COUNT] = {
    /* DIAL OFFER AGAIN ROUND ADMIT LOCAL ANSWER RESTART WISH RETRY END */
    [P2P_LINK_NONE] = "OK.........",     [P2P_LINK_ASKED] = "..=.A.....D",
    [P2P_LINK_OFFERING] = ".....S.===C", [P2P_LINK_OFFERED] = "......PGGGC",
    [P2P_LINK_STABLE] = ".......RRGC",   [P2P_LINK_ANSWERING] = "..=..T.=.=C",
    [P2P_LINK_ANSWERED] = "..GN...W.WC",
};

static const char *const PEERS[CLASP_P2P_STATE_COUNT] = {
    /* DIAL UP DOWN COVER SPENT END */
    [CLASP_P2P_KNOWN] = "T...G=",        [CLASP_P2P_CONNECTING] = "=C.FGG", [CLASP_P2P_CONNECTED] = "==F..G",
    [CLASP_P2P_DISCONNECTED] = "=C=.GG", [CLASP_P2P_FAILED] = "T...G=",     [CLASP_P2P_CLOSED] = "T...G=",
};

static char letter_of_link(p2p_link_action action) {
    static const char LETTERS[P2P_LINK_ACTION_COUNT] = {
        [P2P_DO_NOTHING] = '=',     [P2P_DO_OPEN_OFFER] = 'O',   [P2P_DO_ASK] = 'K',
        [P2P_DO_OPEN_ANSWER] = 'A', [P2P_DO_SEND_OFFER] = 'S',   [P2P_DO_SEND_ANSWER] = 'T',
        [P2P_DO_SEND_AGAIN] = 'G',  [P2P_DO_APPLY] = 'P',        [P2P_DO_OFFER_ROUND] = 'R',
        [P2P_DO_WISH] = 'W',        [P2P_DO_ANSWER_ROUND] = 'N', [P2P_DO_CLOSE] = 'C',
        [P2P_DO_DISCARD] = 'D'};
    return LETTERS[action];
}

static char letter_of_peer(p2p_peer_action action) {
    static const char LETTERS[P2P_PEER_ACTION_COUNT] = {[P2P_PEER_DO_NOTHING] = '=',
                                                        [P2P_PEER_DO_TELL] = 'T',
                                                        [P2P_PEER_DO_CONNECT] = 'C',
                                                        [P2P_PEER_DO_FALL_BACK] = 'F',
                                                        [P2P_PEER_DO_GIVE_UP] = 'G'};
    return LETTERS[action];
}

TEST(every_pair_of_the_link_table_is_as_written) {
    for (int from = 0; from < P2P_LINK_STATE_COUNT; from++) {
        CHECK_EQ(strlen(LINKS[from]), P2P_LINK_EVENT_COUNT);
        for (int on = 0; on < P2P_LINK_EVENT_COUNT; on++) {
            p2p_link_state state = (p2p_link_state)from;
            p2p_link_action action = P2P_LINK_ACTION_COUNT;
            const bool known = p2p_link_next(&state, (p2p_link_event)on, &action);
            CHECK_EQ(known ? letter_of_link(action) : '.', LINKS[from][on]);
            CHECK(known || (state == (p2p_link_state)from && action == P2P_LINK_ACTION_COUNT));
        }
    }
}

TEST(every_pair_of_the_peer_table_is_as_written) {
    for (int from = 0; from < CLASP_P2P_STATE_COUNT; from++) {
        CHECK_EQ(strlen(PEERS[from]), P2P_PEER_EVENT_COUNT);
        for (int on = 0; on < P2P_PEER_EVENT_COUNT; on++) {
            clasp_p2p_state state = (clasp_p2p_state)from;
            p2p_peer_action action = P2P_PEER_ACTION_COUNT;
            const bool known = p2p_peer_next(&state, (p2p_peer_event)on, &action);
            CHECK_EQ(known ? letter_of_peer(action) : '.', PEERS[from][on]);
            CHECK(known || (state == (clasp_p2p_state)from && action == P2P_PEER_ACTION_COUNT));
        }
    }
}

/* Run a list of events, ended by P2P_LINK_EVENT_COUNT. */
static p2p_link_state after(const p2p_link_event *events) {
    p2p_link_state state = P2P_LINK_NONE;
    p2p_link_action action;
    for (; *events != P2P_LINK_EVENT_COUNT; events++) {
        CHECK(p2p_link_next(&state, *events, &action));
    }
    return state;
}

TEST(both_roles_come_to_rest_and_back_by_a_restart) {
    CHECK_EQ(after((p2p_link_event[]){P2P_ON_DIAL, P2P_ON_LOCAL, P2P_ON_RETRY, P2P_ON_ANSWER, P2P_ON_RESTART,
                                      P2P_ON_LOCAL, P2P_ON_ANSWER, P2P_LINK_EVENT_COUNT}),
             P2P_LINK_STABLE);
    CHECK_EQ(after((p2p_link_event[]){P2P_ON_OFFER, P2P_ON_ADMIT, P2P_ON_LOCAL, P2P_ON_ROUND, P2P_ON_LOCAL,
                                      P2P_LINK_EVENT_COUNT}),
             P2P_LINK_ANSWERED);
}

TEST(every_opened_link_can_end) {
    for (int from = P2P_LINK_ASKED; from < P2P_LINK_STATE_COUNT; from++) {
        p2p_link_state state = (p2p_link_state)from;
        p2p_link_action action;
        CHECK(p2p_link_next(&state, P2P_ON_END, &action));
        CHECK_EQ(state, P2P_LINK_NONE);
    }
}

int main(void) {
    RUN(every_pair_of_the_link_table_is_as_written);
    RUN(every_pair_of_the_peer_table_is_as_written);
    RUN(both_roles_come_to_rest_and_back_by_a_restart);
    RUN(every_opened_link_can_end);
    return check_summary();
}
