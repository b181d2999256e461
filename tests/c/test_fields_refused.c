/* Which maps make a message, and why the others do not: wire/fields.h. */
#include "field_maps.h"

/* ---- members ------------------------------------------------------------------------------------------------- */

/* Every message with all its members. */
static const struct {
    const char *text;
    const char *optional; /* members that may be missing, at any depth, each between spaces */
} FULL[] = {
    {"{'type':'HELLO','version':1,'name':'n','features':['param','federation'],'token':'t'}", " token "},
    {"{'type':'WELCOME','version':1,'session':'s','name':'n','features':['event'],'time':5,'token':'t'}",
     " token "},
    {"{'type':'ANNOUNCE','namespace':'/n','signals':[{'address':'/n/a','type':'stream','datatype':'f32',"
     "'access':'rw','meta':{'unit':'dB','range':[0,1],'default':[{}],'description':'d'}}]}",
     " namespace datatype access meta unit range default description "},
    {"{'type':'FEDERATION_SYNC','op':'request-sync','patterns':['/a/**'],'revisions':{'/a':1},"
     "'sinceRevision':2,'origin':'o'}",
     " patterns revisions /a sinceRevision origin "},
    {"{'type':'SUBSCRIBE','id':1,'pattern':'/a','types':['event'],"
     "'options':{'maxRate':1,'epsilon':0.5,'history':2,'window':3}}",
     " types options maxRate epsilon history window "},
    {"{'type':'UNSUBSCRIBE','id':1}", ""},
    {"{'type':'GET','address':'/a'}", ""},
    {"{'type':'REPLAY','pattern':'/a','from':1,'to':2,'limit':3,'types':['param']}", " from to limit types "},
    {"{'type':'SYNC','t1':1,'t2':2,'t3':3}", " t2 t3 "},
    {"{'type':'PING'}", ""},
    {"{'type':'PONG'}", ""},
    {"{'type':'ACK','address':'/a','revision':1,'locked':true,'holder':'h','correlationId':2}",
     " address revision locked holder correlationId "},
    {"{'type':'ERROR','code':404,'message':'m','address':'/a','correlationId':2}", " address correlationId "},
    {"{'type':'QUERY','pattern':'/a'}", ""},
    {"{'type':'RESULT','signals':[{'address':'/a','type':'param','datatype':'f32','access':'r'}]}",
     " datatype access "},
};
#define FULL_COUNT (sizeof FULL / sizeof *FULL)

/* Something to try with one node of a message, which then goes back to what it was. */
typedef void try_node(const cJSON *root, cJSON *node, const char *optional);

/* Every member and item below `node`, but nothing inside a default: any value will do there. */
static void each_node(const cJSON *root, cJSON *node, const char *optional, try_node *attempt) {
    for (cJSON *child = node->child; child; child = child->next) {
        const cJSON before = *child;
        CHECK_CONTEXT(child->string ? child->string : node->string);
        attempt(root, child, optional);
        *child = before;
        if (!child->string || strcmp(child->string, "default") != 0) {
            each_node(root, child, optional, attempt);
        }
    }
    CHECK_CONTEXT(NULL);
}

static void each_member(try_node *attempt) {
    for (size_t i = 0; i < FULL_COUNT; i++) {
        cJSON *json = json_of_text(FULL[i].text);
        CHECK_EQ(err_of_json(json), CLASP_OK);
        each_node(json, json, FULL[i].optional, attempt);
        CHECK_EQ(err_of_json(json), CLASP_OK); /* all is back in its place */
        cJSON_Delete(json);
    }
}

/* Every kind but its own. Only a default may be of any. */
static void try_kinds(const cJSON *root, cJSON *node, const char *optional) {
    static const int KINDS[] = {cJSON_NULL,   cJSON_False, cJSON_Number,
                                cJSON_String, cJSON_Array, cJSON_Object};
    const int own = node->type == cJSON_True ? cJSON_False : node->type;
    static char text[] = "";
    (void)optional;
    if (node->string && strcmp(node->string, "default") == 0) {
        return;
    }
    for (size_t i = 0; i < sizeof KINDS / sizeof *KINDS; i++) {
        if (KINDS[i] != own) {
            node->type = KINDS[i];
            node->valuestring = text;
            node->valuedouble = 1;
            node->child = NULL;
            CHECK_EQ(err_of_json(root), CLASP_BAD_FIELD);
        }
    }
}

TEST(a_member_of_another_kind_is_refused) { each_member(try_kinds); }

static void try_without(const cJSON *root, cJSON *node, const char *optional) {
    static char unknown[] = "unknown";
    char padded[32];
    if (!node->string) {
        return;
    }
    snprintf(padded, sizeof padded, " %s ", node->string);
    const bool is_optional = strstr(optional, padded) != NULL;
    node->string = unknown;
    CHECK_EQ(err_of_json(root), is_optional ? CLASP_OK : CLASP_BAD_FIELD);
}

TEST(a_member_that_is_needed_may_not_be_missing) { each_member(try_without); }

static void try_unknown(const cJSON *root, cJSON *node, const char *optional) {
    cJSON extra = {.type = cJSON_NULL, .string = NULL, .next = node->next};
    static char key[] = "unknown";
    (void)optional;
    if (!node->string || strcmp(node->string, "/a") == 0) { /* every key of revisions means something */
        return;
    }
    extra.string = key;
    node->next = &extra;
    CHECK_EQ(err_of_json(root), CLASP_OK);
}

TEST(a_member_that_no_message_knows_is_ignored) { each_member(try_unknown); }

TEST(what_is_missing_has_its_default) {
    cJSON *json = json_of_text("{'type':'REPLAY','pattern':'/a'}");
    vector_pool pool = {NULL};
    clasp_value map;
    clasp_message message;
    CHECK_EQ(map_of(&pool, json, &map), CLASP_OK);
    CHECK_EQ(message_of(map, &message), CLASP_OK);
    CHECK_EQ(message.types, CLASP_TYPE_ALL);
    CHECK_EQ(message.has, 0);
    vector_pool_free(&pool);
    cJSON_Delete(json);
}

TEST(a_map_without_a_known_type_is_refused) {
    CHECK_EQ(err_of_text("{}"), CLASP_BAD_FIELD);
    CHECK_EQ(err_of_text("[]"), CLASP_BAD_FIELD);
    CHECK_EQ(err_of_text("null"), CLASP_BAD_FIELD);
    CHECK_EQ(err_of_text("'PING'"), CLASP_BAD_FIELD);
    CHECK_EQ(err_of_text("{'type':65}"), CLASP_BAD_FIELD);
    CHECK_EQ(err_of_text("{'type':''}"), CLASP_UNKNOWN_TYPE);
    CHECK_EQ(err_of_text("{'type':'ping'}"), CLASP_UNKNOWN_TYPE);
    CHECK_EQ(err_of_text("{'type':'PINGS'}"), CLASP_UNKNOWN_TYPE);
}

TEST(messages_of_the_hot_path_have_no_fields_here) {
    static const uint8_t HOT[] = {
        CLASP_MSG_SET, CLASP_MSG_PUBLISH, CLASP_MSG_SNAPSHOT, CLASP_MSG_BUNDLE, 0, 5, 0xFF};
    CHECK_EQ(err_of_text("{'type':'SET','address':'/a','value':1}"), CLASP_UNKNOWN_TYPE);
    CHECK_EQ(err_of_text("{'type':'PUBLISH','address':'/a'}"), CLASP_UNKNOWN_TYPE);
    CHECK_EQ(err_of_text("{'type':'SNAPSHOT','params':[]}"), CLASP_UNKNOWN_TYPE);
    CHECK_EQ(err_of_text("{'type':'BUNDLE','messages':[]}"), CLASP_UNKNOWN_TYPE);
    for (size_t i = 0; i < sizeof HOT; i++) {
        uint8_t nothing[8];
        clasp_writer w = clasp_writer_of(nothing, sizeof nothing);
        clasp_message_to_fields(&w, &(clasp_message){.type = HOT[i]});
        CHECK_EQ(w.err, CLASP_UNKNOWN_TYPE);
    }
}

/* ---- names --------------------------------------------------------------------------------------------------- */

TEST(a_name_that_is_none_is_refused) {
    static const char *const FORMS[] = {
        "{'type':'HELLO','version':1,'name':'','features':['param','%s']}",
        "{'type':'SUBSCRIBE','id':1,'pattern':'/a','types':['%s']}",
        "{'type':'REPLAY','pattern':'/a','types':['event','%s']}",
        "{'type':'ANNOUNCE','signals':[{'address':'/a','type':'%s'}]}",
        "{'type':'RESULT','signals':[{'address':'/a','type':'%s'}]}",
        "{'type':'FEDERATION_SYNC','op':'%s'}",
    };
    static const char *const NAMES[] = {"",       "Param", "para",    "params",
                                        "param ", "all",   "declare", "Request-Sync"};
    for (size_t i = 0; i < sizeof FORMS / sizeof *FORMS; i++) {
        for (size_t k = 0; k < sizeof NAMES / sizeof *NAMES; k++) {
            char text[128];
            CHECK_CONTEXT(FORMS[i]);
            snprintf(text, sizeof text, FORMS[i], NAMES[k]);
            CHECK_EQ(err_of_text(text), CLASP_BAD_ENUM);
        }
        char text[128];
        snprintf(text, sizeof text, FORMS[i], "federation"); /* a feature alone */
        CHECK_EQ(err_of_text(text), i == 0 ? CLASP_OK : CLASP_BAD_ENUM);
    }
}

/* ---- numbers ------------------------------------------------------------------------------------------------- */

/* Where a number stands in a message, and the largest it may be. */
static const struct {
    const char *form;
    uint64_t most;
} NUMBERS[] = {
    {"{'type':'HELLO','version':%s,'name':'','features':[]}", UINT8_MAX},
    {"{'type':'ERROR','code':%s,'message':''}", UINT16_MAX},
    {"{'type':'ACK','correlationId':%s}", UINT32_MAX},
    {"{'type':'UNSUBSCRIBE','id':%s}", UINT32_MAX},
    {"{'type':'SUBSCRIBE','id':1,'pattern':'/a','options':{'window':%s}}", UINT32_MAX},
    {"{'type':'REPLAY','pattern':'/a','limit':%s}", UINT32_MAX},
    {"{'type':'ACK','revision':%s}", UINT64_MAX},
    {"{'type':'SYNC','t1':%s}", UINT64_MAX},
    {"{'type':'FEDERATION_SYNC','op':'revision-vector','revisions':{'/a':%s}}", UINT64_MAX},
};

static clasp_err err_of_number(const char *form, const char *number) {
    char text[160];
    CHECK_CONTEXT(form);
    snprintf(text, sizeof text, form, number);
    return err_of_text(text);
}

TEST(a_number_that_its_field_cannot_hold_is_refused) {
    static const char *const BAD[] = {
        "-1",
        "0.5",
        "254.5",
        "1e300",
        "18446744073709551616", /* 2^64 */
        "{'$i8':'-1'}",
        "{'$i64':'-1'}",
        "{'$i64':'-9223372036854775808'}",
        "{'$f32':'1.5'}",
        "{'$f64':'NaN'}",
        "{'$f64':'Infinity'}",
        "{'$f64':'-Infinity'}",
    };
    for (size_t i = 0; i < sizeof NUMBERS / sizeof *NUMBERS; i++) {
        for (size_t k = 0; k < sizeof BAD / sizeof *BAD; k++) {
            CHECK_EQ(err_of_number(NUMBERS[i].form, BAD[k]), CLASP_OUT_OF_RANGE);
        }
    }
}

TEST(every_type_of_number_fits_up_to_the_largest) {
    for (size_t i = 0; i < sizeof NUMBERS / sizeof *NUMBERS; i++) {
        const bool is_wide = NUMBERS[i].most == UINT64_MAX;
        char most[32];
        char over[32];
        snprintf(most, sizeof most, "%.0f", is_wide ? 0x1.fffffffffffffp63 : (double)NUMBERS[i].most);
        snprintf(over, sizeof over, "%.0f", is_wide ? 0x1p64 : (double)NUMBERS[i].most + 1);
        CHECK_EQ(err_of_number(NUMBERS[i].form, most), CLASP_OK);
        CHECK_EQ(err_of_number(NUMBERS[i].form, over), CLASP_OUT_OF_RANGE);
        CHECK_EQ(err_of_number(NUMBERS[i].form, "{'$f64':'-0'}"), CLASP_OK);
        CHECK_EQ(err_of_number(NUMBERS[i].form, "{'$i8':'127'}"), CLASP_OK);
        CHECK_EQ(err_of_number(NUMBERS[i].form, "{'$i16':'255'}"), CLASP_OK);
        CHECK_EQ(err_of_number(NUMBERS[i].form, "{'$i32':'255'}"), CLASP_OK);
        CHECK_EQ(err_of_number(NUMBERS[i].form, "{'$i64':'255'}"), CLASP_OK);
        CHECK_EQ(err_of_number(NUMBERS[i].form, "{'$f32':'255'}"), CLASP_OK);
        CHECK_EQ(err_of_number(NUMBERS[i].form, "{'$bytes':'ffffffffffffffff'}"),
                 is_wide ? CLASP_OK : CLASP_BAD_FIELD);
        CHECK_EQ(err_of_number(NUMBERS[i].form, "{'$bytes':'ffffffffffffff'}"), CLASP_BAD_FIELD);
        CHECK_EQ(err_of_number(NUMBERS[i].form, "{'$bytes':'00ffffffffffffffff'}"), CLASP_BAD_FIELD);
    }
}

TEST(a_range_is_two_numbers) {
    static const char FORM[] = "{'type':'ANNOUNCE','signals':[{'address':'/a','type':'param','meta':{"
                               "'range':%s}}]}";
    CHECK_EQ(err_of_number(FORM, "[]"), CLASP_BAD_FIELD);
    CHECK_EQ(err_of_number(FORM, "[1]"), CLASP_BAD_FIELD);
    CHECK_EQ(err_of_number(FORM, "[1,2,3]"), CLASP_BAD_FIELD);
    CHECK_EQ(err_of_number(FORM, "[1,null]"), CLASP_BAD_FIELD);
    CHECK_EQ(err_of_number(FORM, "[{'$i8':'-5'},{'$f64':'Infinity'}]"), CLASP_OK);
}

/* ---- changed maps -------------------------------------------------------------------------------------------- */

TEST(the_last_of_two_equal_members_counts) {
    CHECK_EQ(err_of_text("{'type':1,'type':'GET','address':null,'address':'/a'}"), CLASP_OK);
    CHECK_EQ(err_of_text("{'type':'GET','address':'/a','address':null}"), CLASP_BAD_FIELD);
    CHECK_EQ(err_of_text("{'type':'GET','address':'/a','type':'SET'}"), CLASP_UNKNOWN_TYPE);
    CHECK_EQ(err_of_text("{'type':'SUBSCRIBE','id':1,'pattern':'/a','options':{'window':-1,'window':1}}"),
             CLASP_OK);
}

/* Whatever makes a message makes one that can be decoded. */
static bool survives(clasp_value map) {
    clasp_message message;
    if (!is_checked(map) || message_of(map, &message) != CLASP_OK) {
        return true;
    }
    clasp_frame frame;
    clasp_message again;
    static uint8_t bytes[CLASP_FRAME_MAX];
    clasp_writer w = clasp_writer_of(bytes, sizeof bytes);
    clasp_frame_write(&w, &message);
    return w.err == CLASP_OK && clasp_decode(clasp_written(&w), &frame, &again) == CLASP_OK &&
           again.type == message.type;
}

TEST(a_changed_byte_gives_a_result) {
    static const uint8_t FLIPS[] = {0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0xFF};
    for (size_t i = 0; i < FULL_COUNT; i++) {
        vector_pool pool = {NULL};
        cJSON *json = json_of_text(FULL[i].text);
        clasp_value map;
        CHECK_EQ(map_of(&pool, json, &map), CLASP_OK);
        uint8_t *bytes = vector_copy(map.data);
        map.data.at = bytes;
        CHECK_CONTEXT(FULL[i].text);
        for (uint32_t at = 0; at < map.data.len; at++) {
            for (size_t k = 0; k < sizeof FLIPS; k++) {
                bytes[at] ^= FLIPS[k];
                CHECK(survives(map));
                bytes[at] ^= FLIPS[k];
            }
        }
        free(bytes);
        cJSON_Delete(json);
        vector_pool_free(&pool);
    }
}

int main(void) {
    RUN(a_member_of_another_kind_is_refused);
    RUN(a_member_that_is_needed_may_not_be_missing);
    RUN(a_member_that_no_message_knows_is_ignored);
    RUN(what_is_missing_has_its_default);
    RUN(a_map_without_a_known_type_is_refused);
    RUN(messages_of_the_hot_path_have_no_fields_here);
    RUN(a_name_that_is_none_is_refused);
    RUN(a_number_that_its_field_cannot_hold_is_refused);
    RUN(every_type_of_number_fits_up_to_the_largest);
    RUN(a_range_is_two_numbers);
    RUN(the_last_of_two_equal_members_counts);
    RUN(a_changed_byte_gives_a_result);
    return check_summary();
}
