/*
 * Everything a caller can get wrong, against every function: the status, an error object that names the key or the path,
 * an answer on every path, no crash, and nothing changed on disk.
 *
 * Usage: bad_input FOLDER, with FOLDER as the current directory. FOLDER/studio.db is a small database, and FOLDER/pipe.db a
 * named pipe without a writer, or a folder on Windows.
 */
#include "check.h"

#include <limits.h>

/* Between the parts of a path, as JSON writes it. */
#ifdef _WIN32
#define SEPARATOR "\\\\"
#else
#define SEPARATOR "/"
#endif

enum function {
    OPEN, CREATE, CREATE_IF_DUE, LIST, RESTORE, VERIFY, PRUNE, ANNOTATE, HEALTH, REHEARSE, COMPARE, BRING_BACK, SALVAGE,
    FIND, HISTORY,
    ARCHIVE_INIT, ARCHIVE_PUSH, ARCHIVE_LIST, ARCHIVE_FETCH, ARCHIVE_CHECK, ARCHIVE_PRUNE, ARCHIVE_KEY,
    FUNCTIONS_WITH_REQUEST
};

static const char *const function_names[] = {"open",   "create", "create_if_due", "list",   "restore",
                                              "verify", "prune",  "annotate",      "health", "rehearse",
                                              "compare", "bring_back", "salvage", "find", "history",
                                              "archive_init", "archive_push", "archive_list", "archive_fetch",
                                              "archive_check", "archive_prune", "archive_key"};

static respaldo_store good_store;
static char good_backup[100];

static respaldo_status call(enum function function, respaldo_store store, const char *request, char **out_json)
{
    switch (function) {
    case OPEN: {
        respaldo_store opened = 12345;
        respaldo_status status = respaldo_open(request, &opened, out_json);
        CHECK(status == RESPALDO_OK ? opened != 0 : opened == 0);
        if (status == RESPALDO_OK)
            CHECK(respaldo_close(opened) == RESPALDO_OK);
        return status;
    }
    case CREATE:
        return respaldo_create(store, request, NULL, NULL, out_json);
    case CREATE_IF_DUE:
        return respaldo_create_if_due(store, request, NULL, NULL, out_json);
    case LIST:
        return respaldo_list(store, request, out_json);
    case RESTORE:
        return respaldo_restore(store, request, NULL, NULL, out_json);
    case VERIFY:
        return respaldo_verify(store, request, NULL, NULL, out_json);
    case PRUNE:
        return respaldo_prune(store, request, out_json);
    case ANNOTATE:
        return respaldo_annotate(store, request, NULL, NULL, out_json);
    case HEALTH:
        return respaldo_health(store, request, NULL, NULL, out_json);
    case REHEARSE:
        return respaldo_rehearse(store, request, NULL, NULL, out_json);
    case COMPARE:
        return respaldo_compare(store, request, NULL, NULL, out_json);
    case BRING_BACK:
        return respaldo_bring_back(store, request, NULL, NULL, out_json);
    case SALVAGE:
        return respaldo_salvage(store, request, NULL, NULL, out_json);
    case FIND:
        return respaldo_find(store, request, NULL, NULL, out_json);
    case HISTORY:
        return respaldo_history(store, request, NULL, NULL, out_json);
    case ARCHIVE_INIT:
        return respaldo_archive_init(store, request, NULL, NULL, out_json);
    case ARCHIVE_PUSH:
        return respaldo_archive_push(store, request, NULL, NULL, out_json);
    case ARCHIVE_LIST:
        return respaldo_archive_list(store, request, NULL, NULL, out_json);
    case ARCHIVE_FETCH:
        return respaldo_archive_fetch(store, request, NULL, NULL, out_json);
    case ARCHIVE_CHECK:
        return respaldo_archive_check(store, request, NULL, NULL, out_json);
    case ARCHIVE_PRUNE:
        return respaldo_archive_prune(store, request, NULL, NULL, out_json);
    default:
        return respaldo_archive_key(store, request, NULL, NULL, out_json);
    }
}

/* A failure whose status depends on the operating system. */
#define ANY_FAILURE (-1)

/* Takes the answer of a call that failed. `mentions`: what its message or path must contain; NULL for nothing in particular. */
static void take_error(char *json, respaldo_status status, const char *mentions)
{
    check_error(json, status);
    if (mentions && !CHECK(json && strstr(json, mentions)))
        printf("    \"%s\" is not in %s\n", mentions, json ? json : "NULL");
    respaldo_string_free(json);
}

static void must_fail(enum function function, const char *request, respaldo_status expected, const char *mentions)
{
    static char never_an_answer[] = "never an answer";
    char *json = never_an_answer;
    respaldo_status status;
    snprintf(context, sizeof context, "%s(%.300s)", function_names[function], request ? request : "NULL");
    status = call(function, good_store, request, &json);
    CHECK(expected == ANY_FAILURE ? status != RESPALDO_OK && status != RESPALDO_INTERNAL : status == expected);
    if (!CHECK(json != never_an_answer))
        return;
    take_error(json, status, mentions);
    CHECK(call(function, good_store, request, NULL) == status);
}

/* ---- requests that are wrong whatever the function ---- */

static const struct {
    const char *request;
    const char *mentions;
} bad_anywhere[] = {
    {"", NULL},
    {" ", NULL},
    {"not json", NULL},
    {"{", NULL},
    {"}", NULL},
    {"{\"database\"", NULL},
    {"{\"database\": \"studio.db\"", NULL},
    {"{'database': 'studio.db'}", NULL},
    {"{\"database\": \"studio.db\"} {}", NULL},
    {"{\"database\": \"studio.db\",}", NULL},
    {"null", NULL},
    {"true", NULL},
    {"42", NULL},
    {"\"studio.db\"", NULL},
    {"[]", NULL},
    {"[\"studio.db\"]", NULL},
    {"[[[[[[]]]]]]", NULL},
    {"{\"surprise\": 1}", "surprise"},
    {"{\"surprise\": null}", "surprise"},
    {"{\"surprise\": {\"deeper\": [1, 2]}}", "surprise"},
    {"{\"surprise\\u0000\": 1}", "surprise"},
    {"{\"\": 1}", NULL},
    {"{\"surprise\": 1e999}", NULL},
    {"{\"surprise\": NaN}", NULL},
    {"{\"surprise\": \"\\ud800\"}", NULL},
    {"\xEF\xBB\xBF{", NULL},
    {"\xFF\xFE", NULL},
    {"{\"backup\": \"\xC3\x28\"}", NULL},
    {"{\"backup\": \"\xC0\xAF\"}", NULL},
    {"{\"backup\": \"\xED\xA0\x80\"}", NULL},
    {"{\"backup\": \"cut off \xF0\x9F", NULL},
};

static void bad_requests_anywhere(void)
{
    for (int function = 0; function < FUNCTIONS_WITH_REQUEST; function++)
        for (size_t i = 0; i < sizeof bad_anywhere / sizeof *bad_anywhere; i++)
            must_fail(function, bad_anywhere[i].request, RESPALDO_INVALID_ARGUMENT, bad_anywhere[i].mentions);
}

/* `prefix`, then `depth` times `opening`: deeper than any stack. */
static void deep_nesting(enum function function, const char *prefix, const char *opening, size_t depth)
{
    size_t step = strlen(opening), start = strlen(prefix);
    char *request = malloc(start + step * depth + 1);
    memcpy(request, prefix, start);
    for (size_t i = 0; i < depth; i++)
        memcpy(request + start + i * step, opening, step);
    request[start + step * depth] = '\0';
    must_fail(function, request, RESPALDO_INVALID_ARGUMENT, NULL);
    free(request);
}

static void deeply_nested_requests(void)
{
    for (int function = 0; function < FUNCTIONS_WITH_REQUEST; function++) {
        deep_nesting(function, "", "[", 100000);
        deep_nesting(function, "", "{\"backup\":", 100000);
        deep_nesting(function, "{\"surprise\":", "[", 100000);
    }
}

/* ---- every key with a value of every other type ---- */

enum type { NOTHING, BOOLEAN, STRING, COUNT, OTHER };

static const struct {
    const char *json;
    enum type type;
} values[] = {
    {"null", NOTHING},
    {"true", BOOLEAN},
    {"\"text\"", STRING},
    {"7", COUNT},
    {"-7", OTHER},
    {"1.5", OTHER},
    {"99999999999999999999999999", OTHER},
    {"[]", OTHER},
    {"[\"text\"]", OTHER},
    {"{}", OTHER},
    {"{\"text\": true}", OTHER},
};

/* A key of type `OTHER` is a choice between words, and takes none of the values above. */
static const struct {
    enum function function;
    const char *key;
    enum type type, also;
} keys[] = {
    {OPEN, "database", STRING, STRING},
    {OPEN, "settings", STRING, NOTHING},
    {OPEN, "backup_dir", STRING, STRING},
    {OPEN, "max_backups", COUNT, COUNT},
    {OPEN, "timezone", STRING, STRING},
    {OPEN, "busy_timeout_ms", COUNT, COUNT},
    {OPEN, "verify", OTHER, OTHER},
    {OPEN, "language", OTHER, OTHER},
    {CREATE, "label", STRING, STRING},
    {CREATE, "note", STRING, STRING},
    {CREATE, "made", OTHER, OTHER},
    {CREATE, "pinned", BOOLEAN, BOOLEAN},
    {CREATE, "skip_unchanged", BOOLEAN, BOOLEAN},
    {CREATE_IF_DUE, "label", STRING, STRING},
    {CREATE_IF_DUE, "made", OTHER, OTHER},
    {CREATE_IF_DUE, "skip_unchanged", BOOLEAN, BOOLEAN},
    {LIST, "include_safety", BOOLEAN, BOOLEAN},
    {LIST, "include_others", BOOLEAN, BOOLEAN},
    {RESTORE, "backup", STRING, STRING},
    {RESTORE, "reason", STRING, STRING},
    {RESTORE, "target", STRING, STRING},
    {RESTORE, "allow_different", BOOLEAN, BOOLEAN},
    {RESTORE, "dry_run", BOOLEAN, BOOLEAN},
    {VERIFY, "backup", STRING, STRING},
    {PRUNE, "dry_run", BOOLEAN, BOOLEAN},
    {ANNOTATE, "backup", STRING, STRING},
    {ANNOTATE, "label", STRING, STRING},
    {ANNOTATE, "note", STRING, STRING},
    {ANNOTATE, "pinned", BOOLEAN, BOOLEAN},
    {ANNOTATE, "confirmed", BOOLEAN, BOOLEAN},
    {ANNOTATE, "dry_run", BOOLEAN, BOOLEAN},
    {HEALTH, "deep", BOOLEAN, BOOLEAN},
    {REHEARSE, "backup", STRING, NOTHING},
    {COMPARE, "backup", STRING, STRING},
    {BRING_BACK, "backup", STRING, STRING},
    {SALVAGE, "source", STRING, NOTHING},
    {SALVAGE, "dry_run", BOOLEAN, BOOLEAN},
};

static void values_of_the_wrong_type(void)
{
    char request[400], required[200];
    for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
        required[0] = '\0';
        if (keys[k].function == OPEN && strcmp(keys[k].key, "database") != 0)
            snprintf(required, sizeof required, "\"database\": \"studio.db\", ");
        if ((keys[k].function == RESTORE || keys[k].function == ANNOTATE) && strcmp(keys[k].key, "backup") != 0)
            snprintf(required, sizeof required, "\"backup\": \"%s\", ", good_backup);
        for (size_t v = 0; v < sizeof values / sizeof *values; v++) {
            int accepted = values[v].type != OTHER && (values[v].type == keys[k].type || values[v].type == keys[k].also);
            snprintf(request, sizeof request, "{%s\"%s\": %s}", required, keys[k].key, values[v].json);
            if (!accepted)
                must_fail(keys[k].function, request, RESPALDO_INVALID_ARGUMENT, keys[k].key);
        }
    }
}

/* ---- values of the right type that are refused ---- */

static const struct {
    enum function function;
    const char *request;
    respaldo_status status;
    const char *mentions;
} bad_values[] = {
    {OPEN, "{}", RESPALDO_INVALID_ARGUMENT, "database"},
    {OPEN, "{\"max_backups\": 5}", RESPALDO_INVALID_ARGUMENT, "database"},
    {OPEN, "{\"database\": \"\"}", RESPALDO_INVALID_ARGUMENT, "database"},
    {OPEN, "{\"database\": \"stu\\u0000dio.db\"}", RESPALDO_INVALID_ARGUMENT, "database"},
    {OPEN, "{\"databse\": \"studio.db\"}", RESPALDO_INVALID_ARGUMENT, "databse"},
    {OPEN, "{\"Database\": \"studio.db\"}", RESPALDO_INVALID_ARGUMENT, "Database"},
    {OPEN, "{\"database\": \"studio.db\", \"settings\": \"\"}", RESPALDO_INVALID_ARGUMENT, "settings"},
    {OPEN, "{\"database\": \"studio.db\", \"settings\": \"s\\u0000\"}", RESPALDO_INVALID_ARGUMENT, "settings"},
    {OPEN, "{\"database\": \"studio.db\", \"backup_dir\": \"\"}", RESPALDO_INVALID_ARGUMENT, "backup_dir"},
    {OPEN, "{\"database\": \"studio.db\", \"backup_dir\": \"b\\u0000\"}", RESPALDO_INVALID_ARGUMENT, "backup_dir"},
    {OPEN, "{\"database\": \"studio.db\", \"max_backups\": 0}", RESPALDO_INVALID_ARGUMENT, "max_backups"},
    {OPEN, "{\"database\": \"studio.db\", \"max_backups\": 1e400}", RESPALDO_INVALID_ARGUMENT, NULL},
    {OPEN, "{\"database\": \"studio.db\", \"verify\": \"\"}", RESPALDO_INVALID_ARGUMENT, "verify"},
    {OPEN, "{\"database\": \"studio.db\", \"verify\": \"FULL\"}", RESPALDO_INVALID_ARGUMENT, "verify"},
    {OPEN, "{\"database\": \"studio.db\", \"language\": \"fr\"}", RESPALDO_INVALID_ARGUMENT, "language"},
    {OPEN, "{\"database\": \"studio.db\", \"timezone\": \"Mars/Olympus\"}", RESPALDO_UNKNOWN_TIMEZONE, "Mars/Olympus"},
    {OPEN, "{\"database\": \"studio.db\", \"timezone\": \"\"}", RESPALDO_UNKNOWN_TIMEZONE, NULL},
    {OPEN, "{\"database\": \"studio.db\", \"timezone\": \"../../etc/passwd\"}", RESPALDO_UNKNOWN_TIMEZONE, NULL},

    {OPEN, "{\"database\": \"studio.db\", \"retention\": 7}", RESPALDO_INVALID_ARGUMENT, "retention"},
    {OPEN, "{\"database\": \"studio.db\", \"retention\": null}", RESPALDO_INVALID_ARGUMENT, "retention"},
    {OPEN, "{\"database\": \"studio.db\", \"retention\": {\"last\": 0}}", RESPALDO_INVALID_ARGUMENT, "retention.last"},
    {OPEN, "{\"database\": \"studio.db\", \"retention\": {\"hours\": 1}}", RESPALDO_INVALID_ARGUMENT, "retention.hours"},
    {OPEN, "{\"database\": \"studio.db\", \"schema\": []}", RESPALDO_INVALID_ARGUMENT, "schema"},
    {OPEN, "{\"database\": \"studio.db\", \"schema\": {\"alembic_heads\": \"9f2c\"}}", RESPALDO_INVALID_ARGUMENT,
     "schema.alembic_heads"},
    {OPEN, "{\"database\": \"studio.db\", \"health\": true}", RESPALDO_INVALID_ARGUMENT, "health"},
    {OPEN, "{\"database\": \"studio.db\", \"health\": {\"max_age_days\": 0}}", RESPALDO_INVALID_ARGUMENT,
     "health.max_age_days"},
    {OPEN, "{\"database\": \"studio.db\", \"health\": {\"rehearse_every_days\": 1e9}}", RESPALDO_INVALID_ARGUMENT,
     "health.rehearse_every_days"},
    {OPEN, "{\"database\": \"studio.db\", \"health\": {\"rehearse_wait_ms\": -1}}", RESPALDO_INVALID_ARGUMENT,
     "health.rehearse_wait_ms"},
    {OPEN, "{\"database\": \"studio.db\", \"health\": {\"rehearse_checks\": \"SELECT 1\"}}", RESPALDO_INVALID_ARGUMENT,
     "health.rehearse_checks"},

    {OPEN, "{\"database\": \"studio.db\", \"archive\": {\"repository\": \"a\", \"password\": \"x\", \"wait_ms\": -1}}",
     RESPALDO_INVALID_ARGUMENT, "archive.wait_ms"},
    {ARCHIVE_INIT, "{\"chunk_bytes\": 5000}", RESPALDO_INVALID_ARGUMENT, "chunk_bytes"},
    {ARCHIVE_INIT, "{\"chunk_bytes\": \"16384\"}", RESPALDO_INVALID_ARGUMENT, "chunk_bytes"},

    {CREATE, "{\"made\": \"by_robot\"}", RESPALDO_INVALID_ARGUMENT, "made"},
    {REHEARSE, "{\"checks\": \"SELECT 1\"}", RESPALDO_INVALID_ARGUMENT, "checks"},
    {REHEARSE, "{\"checks\": [1]}", RESPALDO_INVALID_ARGUMENT, "checks"},
    {REHEARSE, "{\"checks\": null}", RESPALDO_INVALID_ARGUMENT, "checks"},
    {COMPARE, NULL, RESPALDO_INVALID_ARGUMENT, "backup"},
    {BRING_BACK, NULL, RESPALDO_INVALID_ARGUMENT, "backup"},
    {BRING_BACK, "{\"backup\": \"x.db\"}", RESPALDO_INVALID_ARGUMENT, "rows"},
    {BRING_BACK, "{\"backup\": \"x.db\", \"rows\": {}}", RESPALDO_INVALID_ARGUMENT, "rows"},
    {BRING_BACK, "{\"backup\": \"x.db\", \"rows\": [7]}", RESPALDO_INVALID_ARGUMENT, "rows"},
    {BRING_BACK, "{\"backup\": \"x.db\", \"rows\": [], \"on_conflict\": \"ask\"}", RESPALDO_INVALID_ARGUMENT, NULL},
    {SALVAGE, "{\"source\": \"not_there.db\"}", RESPALDO_BACKUP_NOT_FOUND, "not_there.db"},
    {SALVAGE, "{\"source\": \"\"}", RESPALDO_INVALID_ARGUMENT, "source"},
    {FIND, NULL, RESPALDO_INVALID_ARGUMENT, "text"},
    {FIND, "{\"text\": \"\"}", RESPALDO_INVALID_ARGUMENT, "text"},
    {FIND, "{\"text\": 7}", RESPALDO_INVALID_ARGUMENT, "text"},
    {FIND, "{\"text\": \"a\", \"rows\": 0}", RESPALDO_INVALID_ARGUMENT, "rows"},
    {FIND, "{\"text\": \"a\", \"table\": 7}", RESPALDO_INVALID_ARGUMENT, "table"},
    {FIND, "{\"key\": {\"id\": 7}}", RESPALDO_INVALID_ARGUMENT, "table"},
    {FIND, "{\"table\": \"t\", \"key\": {}}", RESPALDO_INVALID_ARGUMENT, "key"},
    {FIND, "{\"table\": \"t\", \"key\": {\"id\": [7]}}", RESPALDO_INVALID_ARGUMENT, "key"},
    {FIND, "{\"table\": \"no_such_table\", \"text\": \"a\"}", RESPALDO_INVALID_ARGUMENT, "no_such_table"},
    {FIND, "{\"table\": \"t\", \"text\": \"a\", \"key\": {\"id\": 7}}", RESPALDO_INVALID_ARGUMENT, "key"},
    {HISTORY, NULL, RESPALDO_INVALID_ARGUMENT, "table"},
    {HISTORY, "{\"table\": \"t\"}", RESPALDO_INVALID_ARGUMENT, "key"},
    {HISTORY, "{\"table\": \"t\", \"key\": 7}", RESPALDO_INVALID_ARGUMENT, "key"},
    {HISTORY, "{\"table\": \"no_such_table\", \"key\": {\"id\": 7}}", RESPALDO_INVALID_ARGUMENT, "no_such_table"},
    {COMPARE, "{\"backup\": \"x.db\", \"rows\": -1}", RESPALDO_INVALID_ARGUMENT, "rows"},
    {COMPARE, "{\"backup\": \"x.db\", \"rows\": 10001}", RESPALDO_INVALID_ARGUMENT, "rows"},
    {RESTORE, "{\"reason\": \"none\"}", RESPALDO_INVALID_ARGUMENT, "backup"},
    {RESTORE, "{\"backup\": \"studio.db\", \"target\": \"\"}", RESPALDO_INVALID_ARGUMENT, "target"},
    {RESTORE, "{\"backup\": \"studio.db\", \"target\": \"a\\u0000b\"}", RESPALDO_INVALID_ARGUMENT, "target"},
};

/* The requests that restore, verify, annotate and compare refuse alike, and rehearse where a backup is named. */
static const struct {
    const char *request;
    respaldo_status status;
    const char *mentions;
} bad_backups[] = {
    {NULL, RESPALDO_INVALID_ARGUMENT, "backup"},
    {"{}", RESPALDO_INVALID_ARGUMENT, "backup"},
    {"{\"backup\": \"\"}", RESPALDO_INVALID_ARGUMENT, "backup"},
    {"{\"backup\": \"a\\u0000b\"}", RESPALDO_INVALID_ARGUMENT, "backup"},
    {"{\"backup\": \"not_there.db\"}", RESPALDO_BACKUP_NOT_FOUND, "not_there.db"},
    {"{\"backup\": \"../not_there.db\"}", RESPALDO_BACKUP_NOT_FOUND, "not_there.db"},
    {"{\"backup\": \"no/such/folder/backup.db\"}", RESPALDO_BACKUP_NOT_FOUND, "no" SEPARATOR "such" SEPARATOR "folder"},
    {"{\"backup\": \".\"}", ANY_FAILURE, NULL},
    {"{\"backup\": \"..\"}", ANY_FAILURE, NULL},
    {"{\"backup\": \"/\"}", ANY_FAILURE, NULL},
    {"{\"backup\": \"/dev/null\"}", ANY_FAILURE, SEPARATOR "dev" SEPARATOR "null"},
    {"{\"backup\": \"/dev/zero\"}", ANY_FAILURE, SEPARATOR "dev" SEPARATOR "zero"},
    {"{\"backup\": \"./pipe.db\"}", ANY_FAILURE, "pipe.db"},
};

static void values_that_are_refused(void)
{
    for (size_t i = 0; i < sizeof bad_values / sizeof *bad_values; i++)
        must_fail(bad_values[i].function, bad_values[i].request, bad_values[i].status, bad_values[i].mentions);
    for (size_t i = 0; i < sizeof bad_backups / sizeof *bad_backups; i++) {
        must_fail(RESTORE, bad_backups[i].request, bad_backups[i].status, bad_backups[i].mentions);
        must_fail(VERIFY, bad_backups[i].request, bad_backups[i].status, bad_backups[i].mentions);
        must_fail(ANNOTATE, bad_backups[i].request, bad_backups[i].status, bad_backups[i].mentions);
        must_fail(COMPARE, bad_backups[i].request, bad_backups[i].status, bad_backups[i].mentions);
        if (bad_backups[i].request && strstr(bad_backups[i].request, "backup"))
            must_fail(REHEARSE, bad_backups[i].request, bad_backups[i].status, bad_backups[i].mentions);
    }
}

/* `%s` in the format becomes 100,000 letters. */
static void very_long(enum function function, const char *format, respaldo_status status)
{
    enum { LETTERS = 100000 };
    char *letters = malloc(LETTERS + 1), *request = malloc(LETTERS + 200);
    memset(letters, 'a', LETTERS);
    letters[LETTERS] = '\0';
    sprintf(request, format, letters);
    must_fail(function, request, status, NULL);
    free(letters);
    free(request);
}

static void very_long_values(void)
{
    char with_target[200];
    very_long(OPEN, "{\"%s\": 1}", RESPALDO_INVALID_ARGUMENT);
    very_long(OPEN, "{\"database\": \"studio.db\", \"timezone\": \"%s\"}", RESPALDO_UNKNOWN_TIMEZONE);
    very_long(OPEN, "{\"database\": \"studio.db\", \"language\": \"%s\"}", RESPALDO_INVALID_ARGUMENT);
    very_long(LIST, "{\"%s\": 1}", RESPALDO_INVALID_ARGUMENT);
    very_long(RESTORE, "{\"backup\": \"%s\"}", ANY_FAILURE);
    very_long(VERIFY, "{\"backup\": \"%s\"}", ANY_FAILURE);
    very_long(ANNOTATE, "{\"backup\": \"%s\"}", ANY_FAILURE);
    very_long(REHEARSE, "{\"backup\": \"%s\"}", ANY_FAILURE);
    very_long(COMPARE, "{\"backup\": \"%s\"}", ANY_FAILURE);
    very_long(FIND, "{\"text\": \"%s\"}", RESPALDO_INVALID_ARGUMENT);
    very_long(HISTORY, "{\"table\": \"%s\", \"key\": {\"id\": 7}}", RESPALDO_INVALID_ARGUMENT);
    very_long(CREATE, "{\"made\": \"%s\"}", RESPALDO_INVALID_ARGUMENT);
    snprintf(with_target, sizeof with_target, "{\"backup\": \"%s\", \"target\": \"%%s\"}", good_backup);
    very_long(RESTORE, with_target, ANY_FAILURE);
}

/* Numbers larger than a clock or a list can hold: refused with the key's name, or harmless. */
static void largest_numbers(void)
{
    static const char *const largest[] = {"4294967295", "4294967296", "9223372036854775807", "18446744073709551615"};
    static const char *const number_keys[] = {"max_backups", "busy_timeout_ms"};
    for (size_t k = 0; k < 2; k++)
        for (size_t i = 0; i < sizeof largest / sizeof *largest; i++) {
            char options[200];
            char *json = NULL;
            respaldo_store store = 0;
            snprintf(options, sizeof options, "{\"database\": \"studio.db\", \"%s\": %s}", number_keys[k], largest[i]);
            snprintf(context, sizeof context, "open(%s)", options);
            if (respaldo_open(options, &store, &json) == RESPALDO_OK) {
                char request[150];
                snprintf(request, sizeof request, "{\"backup\": \"%s\"}", good_backup);
                CHECK(respaldo_list(store, NULL, NULL) == RESPALDO_OK);
                CHECK(respaldo_verify(store, request, NULL, NULL, NULL) == RESPALDO_OK);
                CHECK(respaldo_prune(store, NULL, NULL) == RESPALDO_OK);
                CHECK(respaldo_create_if_due(store, NULL, NULL, NULL, NULL) == RESPALDO_OK);
                CHECK(respaldo_close(store) == RESPALDO_OK);
                respaldo_string_free(json);
            } else {
                take_error(json, RESPALDO_INVALID_ARGUMENT, number_keys[k]);
            }
        }
}

/* ---- handles and NULL ---- */

static void bad_handle(respaldo_store store)
{
    for (int function = CREATE; function < FUNCTIONS_WITH_REQUEST; function++) {
        int names_a_backup = function == RESTORE || function == VERIFY || function == ANNOTATE;
        const char *request = names_a_backup ? "{\"backup\": \"studio.db\"}" : NULL;
        if (function == BRING_BACK)
            request = "{\"backup\": \"studio.db\", \"rows\": [{\"table\": \"clients\", \"key\": {\"id\": 1}}]}";
        if (function == FIND || function == HISTORY)
            request = "{\"table\": \"clients\", \"key\": {\"id\": 1}}";
        char *json = NULL;
        snprintf(context, sizeof context, "%s with the handle %lu", function_names[function], (unsigned long)store);
        CHECK(call(function, store, request, &json) == RESPALDO_INVALID_HANDLE);
        take_error(json, RESPALDO_INVALID_HANDLE, NULL);
        CHECK(call(function, store, request, NULL) == RESPALDO_INVALID_HANDLE);
    }
    char *json = NULL;
    snprintf(context, sizeof context, "last_backup or close with the handle %lu", (unsigned long)store);
    CHECK(respaldo_last_backup(store, &json) == RESPALDO_INVALID_HANDLE);
    take_error(json, RESPALDO_INVALID_HANDLE, NULL);
    CHECK(respaldo_last_backup(store, NULL) == RESPALDO_INVALID_HANDLE);
    CHECK(respaldo_close(store) == RESPALDO_INVALID_HANDLE);
}

static void bad_handles(void)
{
    respaldo_store closed = 0;
    snprintf(context, sizeof context, "a closed store");
    CHECK(respaldo_open("{\"database\": \"studio.db\"}", &closed, NULL) == RESPALDO_OK);
    CHECK(respaldo_close(closed) == RESPALDO_OK);
    bad_handle(closed);
    bad_handle(0);
    bad_handle(UINT32_MAX);
    for (int bit = 0; bit < 32; bit++)
        bad_handle(good_store ^ ((respaldo_store)1 << bit));
}

static void null_everywhere(void)
{
    char *json = NULL;
    respaldo_store store = 12345;

    must_fail(OPEN, NULL, RESPALDO_INVALID_ARGUMENT, NULL);

    snprintf(context, sizeof context, "open without out_store");
    CHECK(respaldo_open("{\"database\": \"studio.db\"}", NULL, &json) == RESPALDO_INVALID_ARGUMENT);
    take_error(json, RESPALDO_INVALID_ARGUMENT, "out_store");
    CHECK(respaldo_open("{\"database\": \"studio.db\"}", NULL, NULL) == RESPALDO_INVALID_ARGUMENT);
    CHECK(respaldo_open(NULL, NULL, NULL) == RESPALDO_INVALID_ARGUMENT);
    CHECK(respaldo_open(NULL, &store, NULL) == RESPALDO_INVALID_ARGUMENT);
    CHECK(store == 0);

    snprintf(context, sizeof context, "NULL where it is allowed");
    CHECK(respaldo_create_if_due(good_store, NULL, NULL, NULL, NULL) == RESPALDO_OK);
    CHECK(respaldo_list(good_store, NULL, NULL) == RESPALDO_OK);
    CHECK(respaldo_last_backup(good_store, NULL) == RESPALDO_OK);
    CHECK(respaldo_prune(good_store, NULL, NULL) == RESPALDO_OK);
    CHECK(respaldo_health(good_store, NULL, NULL, NULL, NULL) == RESPALDO_OK);
    CHECK(respaldo_rehearse(good_store, NULL, NULL, NULL, NULL) == RESPALDO_OK);
    respaldo_string_free(NULL);
}

static void status_names(void)
{
    static const respaldo_status invented[] = {INT_MIN, -1, 5, 19, 26, 48, 62, 98, 100, INT_MAX};
    for (size_t i = 0; i < sizeof invented / sizeof *invented; i++) {
        const char *name = respaldo_status_name(invented[i]);
        snprintf(context, sizeof context, "status_name(%ld)", (long)invented[i]);
        CHECK(name && *name && strcmp(name, "OK") != 0);
    }
}

/* Entries of the backup folder without the log of restores, which has a line for a restore that failed, too. */
static int backup_entries(void)
{
    return folder_entries("backups") - file_exists("backups/restores.jsonl");
}

int main(int count, char **arguments)
{
    char *json = NULL;
    if (count != 2) {
        fprintf(stderr, "usage: bad_input FOLDER\n");
        return 2;
    }
    snprintf(context, sizeof context, "the preparation");
    CHECK(respaldo_open("{\"database\": \"studio.db\", \"busy_timeout_ms\": 60000}", &good_store, NULL) == RESPALDO_OK);
    CHECK(respaldo_create(good_store, "{}", NULL, NULL, &json) == RESPALDO_OK);
    json_string(json, "name", good_backup, sizeof good_backup);
    respaldo_string_free(json);
    int files = folder_entries(arguments[1]), backups = backup_entries();

    null_everywhere();
    bad_requests_anywhere();
    deeply_nested_requests();
    values_of_the_wrong_type();
    values_that_are_refused();
    very_long_values();
    largest_numbers();
    bad_handles();
    status_names();

    snprintf(context, sizeof context, "nothing has changed");
    CHECK(folder_entries(arguments[1]) == files);
    CHECK(backup_entries() == backups);
    CHECK(respaldo_close(good_store) == RESPALDO_OK);
    return report_checks("bad_input");
}
