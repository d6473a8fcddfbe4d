/*
 * The main job against a real database, in rollback and in WAL mode: create, list, restore and the rest,
 * progress and cancel, several threads on one store, closing at the worst moments.
 *
 * Usage: main_job FOLDER, where FOLDER/rollback/studio.db and FOLDER/wal/studio.db are databases of several MiB.
 */
#define _POSIX_C_SOURCE 200809L

#include "check.h"

#include <pthread.h>
#include <time.h>
#include <unistd.h>

#define PATH_SIZE 1000

static char database_folder[PATH_SIZE];

static const char *in_folder(const char *name)
{
    static char path[2 * PATH_SIZE];
    snprintf(path, sizeof path, "%s/%s", database_folder, name);
    return path;
}

static respaldo_store open_store(void)
{
    char options[2 * PATH_SIZE];
    char *json = NULL;
    respaldo_store store = 0;
    snprintf(options, sizeof options, "{\"database\": \"%s\", \"busy_timeout_ms\": 60000, \"language\": \"en\"}",
             in_folder("studio.db"));
    CHECK(respaldo_open(options, &store, &json) == RESPALDO_OK);
    CHECK(store != 0);
    CHECK(json != NULL);
    respaldo_string_free(json);
    return store;
}

/* ---- the job ---- */

/* When a progress callback cancels, and what it was called with. */
struct progress {
    int cancel_at_call; /* 0: never */
    int calls;
    uint64_t done, total;
    int went_back;
    pthread_t thread;
};

static int32_t record_progress(void *user_data, uint64_t pages_done, uint64_t pages_total)
{
    struct progress *seen = user_data;
    seen->calls++;
    seen->went_back |= pages_done < seen->done || pages_done > pages_total;
    seen->done = pages_done;
    seen->total = pages_total;
    seen->thread = pthread_self();
    return seen->calls == seen->cancel_at_call;
}

static void check_progress(const struct progress *seen)
{
    CHECK(seen->calls > 1);
    CHECK(!seen->went_back);
    CHECK(seen->total > 1);
    CHECK(seen->done == seen->total);
    CHECK(pthread_equal(seen->thread, pthread_self()));
}

static int number_of_backups(respaldo_store store)
{
    char *json = NULL;
    CHECK(respaldo_list(store, NULL, &json) == RESPALDO_OK);
    int count = count_of(json, "\"kind\"");
    respaldo_string_free(json);
    return count;
}

static void check_empty_store(respaldo_store store)
{
    char *json = NULL;
    CHECK(respaldo_list(store, NULL, &json) == RESPALDO_OK);
    CHECK(json_is(json, "backups", "[]"));
    CHECK(json_is(json, "warnings", "[]"));
    respaldo_string_free(json);

    CHECK(respaldo_last_backup(store, &json) == RESPALDO_OK);
    CHECK(json_is(json, "last_backup_at", "null"));
    CHECK(json_is(json, "display", "\"\xE2\x80\x94\""));
    respaldo_string_free(json);
}

/* Leaves the name of the new backup in `name` (100 bytes). */
static void create(respaldo_store store, char *name)
{
    struct progress seen = {0};
    char *json = NULL;
    char text[PATH_SIZE], created_at[60];
    CHECK(respaldo_create(store, NULL, record_progress, &seen, &json) == RESPALDO_OK);
    check_progress(&seen);
    CHECK(json_is(json, "created", "true"));
    CHECK(json_is(json, "removed", "[]"));
    CHECK(json_is(json, "warnings", "[]"));
    CHECK(json_number(json, "duration_ms") >= 0);
    CHECK(looks_like(json_string(json, "name", name, 100), "backup_########_######.db"));
    CHECK(looks_like(json_string(json, "display", text, sizeof text), "##/##/#### ##:##"));
    CHECK(looks_like(json_string(json, "created_at", created_at, sizeof created_at), "####-##-##T##:##:##-07:00"));
    CHECK(json_is(json, "kind", "\"backup\""));
    CHECK(json_is(json, "intact", "true"));
    CHECK(json_number(json, "size") > 1024 * 1024);
    CHECK(file_exists(json_string(json, "path", text, sizeof text)));
    respaldo_string_free(json);
    CHECK(file_exists(in_folder("settings.json")));

    CHECK(respaldo_create_if_due(store, NULL, NULL, NULL, &json) == RESPALDO_OK);
    CHECK(json_is(json, "created", "false"));
    CHECK(json_is(json, "reason", "\"already_backed_up_today\""));
    CHECK(strcmp(json_string(json, "name", text, sizeof text), name) == 0);
    respaldo_string_free(json);

    CHECK(respaldo_last_backup(store, &json) == RESPALDO_OK);
    CHECK(strcmp(json_string(json, "last_backup_at", text, sizeof text), created_at) == 0);
    respaldo_string_free(json);

    CHECK(respaldo_list(store, NULL, &json) == RESPALDO_OK);
    CHECK(strcmp(json_string(json, "name", text, sizeof text), name) == 0);
    CHECK(count_of(json, "\"kind\"") == 1);
    respaldo_string_free(json);
}

static void verify(respaldo_store store, const char *name)
{
    struct progress seen = {0};
    char *json = NULL;
    char request[300];
    snprintf(request, sizeof request, "{\"backup\": \"%s\"}", name);
    CHECK(respaldo_verify(store, request, record_progress, &seen, &json) == RESPALDO_OK);
    CHECK(seen.calls > 0);
    CHECK(json_is(json, "ok", "true"));
    CHECK(json_number(json, "pages") > 1);
    CHECK(json_number(json, "page_size") == 4096);
    CHECK(json_is(json, "problems", "[]"));
    respaldo_string_free(json);
}

static void restore(respaldo_store store, const char *name)
{
    struct progress seen = {0};
    char *json = NULL;
    char request[300], text[PATH_SIZE];
    snprintf(request, sizeof request, "{\"backup\": \"%s\", \"reason\": \"the test\"}", name);
    CHECK(respaldo_restore(store, request, record_progress, &seen, &json) == RESPALDO_OK);
    check_progress(&seen);
    CHECK(strstr(json_string(json, "restored_from", text, sizeof text), name) != NULL);
    CHECK(file_exists(text));
    CHECK(same_path(json_string(json, "database", text, sizeof text), in_folder("studio.db")));
    CHECK(strstr(json_string(json, "safety_backup", text, sizeof text), "studio.db.before_restore_") != NULL);
    CHECK(file_exists(text));
    CHECK(json_is(json, "warnings", "[]"));
    respaldo_string_free(json);

    CHECK(respaldo_list(store, "{\"include_others\": true}", &json) == RESPALDO_OK);
    CHECK(count_of(json, "\"kind\":\"other\"") == 0);
    CHECK(count_of(json, "\"database\":\"studio.db\"") == 1);
    respaldo_string_free(json);
    CHECK(respaldo_list(store, "{\"include_safety\": true}", &json) == RESPALDO_OK);
    CHECK(count_of(json, "\"kind\":\"safety\"") == 1);
    CHECK(count_of(json, "\"kind\":\"backup\"") == 1);
    respaldo_string_free(json);
    CHECK(number_of_backups(store) == 1);
}

static void rehearse(respaldo_store store, const char *name)
{
    char *json = NULL;
    char request[2 * PATH_SIZE];
    snprintf(request, sizeof request, "{\"backup\": \"%s\", \"target\": \"%s\"}", name, in_folder("rehearsal.db"));
    CHECK(respaldo_restore(store, request, NULL, NULL, &json) == RESPALDO_OK);
    CHECK(json_is(json, "safety_backup", "null"));
    CHECK(file_exists(in_folder("rehearsal.db")));
    respaldo_string_free(json);

    CHECK(respaldo_restore(store, request, NULL, NULL, &json) == RESPALDO_TARGET_EXISTS);
    check_error(json, RESPALDO_TARGET_EXISTS);
    respaldo_string_free(json);
}

static void prune(respaldo_store store, const char *name)
{
    char *json = NULL;
    char text[100];
    CHECK(respaldo_prune(store, "{\"dry_run\": true}", &json) == RESPALDO_OK);
    CHECK(json_is(json, "dry_run", "true"));
    CHECK(json_is(json, "removed", "[]"));
    CHECK(strcmp(json_string(json, "name", text, sizeof text), name) == 0);
    CHECK(json_is(json, "reason", "\""));
    respaldo_string_free(json);
}

static void cancel(respaldo_store store, const char *name)
{
    char request[300];
    char *json = NULL;
    int backups_before = folder_entries(in_folder("backups"));
    for (int call = 1; call <= 2; call++) {
        struct progress seen = {0};
        seen.cancel_at_call = call;
        CHECK(respaldo_create(store, NULL, record_progress, &seen, &json) == RESPALDO_CANCELLED);
        check_error(json, RESPALDO_CANCELLED);
        respaldo_string_free(json);
        CHECK(seen.calls == call);
        CHECK(folder_entries(in_folder("backups")) == backups_before);

        memset(&seen, 0, sizeof seen);
        seen.cancel_at_call = call;
        snprintf(request, sizeof request, "{\"backup\": \"%s\"}", name);
        CHECK(respaldo_restore(store, request, record_progress, &seen, &json) == RESPALDO_CANCELLED);
        check_error(json, RESPALDO_CANCELLED);
        respaldo_string_free(json);
        CHECK(seen.calls == call);
    }
}

/* `out_json` may be NULL everywhere. */
static void answers_without_out_json(respaldo_store store, const char *name)
{
    char request[300];
    respaldo_store second = 0;
    snprintf(request, sizeof request, "{\"backup\": \"%s\"}", name);
    CHECK(respaldo_open("{\"database\": \"not_there.db\"}", &second, NULL) == RESPALDO_OK);
    CHECK(respaldo_create(second, NULL, NULL, NULL, NULL) == RESPALDO_DATABASE_NOT_FOUND);
    CHECK(respaldo_close(second) == RESPALDO_OK);
    CHECK(respaldo_create(store, NULL, NULL, NULL, NULL) == RESPALDO_OK);
    CHECK(respaldo_create_if_due(store, NULL, NULL, NULL, NULL) == RESPALDO_OK);
    CHECK(respaldo_list(store, NULL, NULL) == RESPALDO_OK);
    CHECK(respaldo_last_backup(store, NULL) == RESPALDO_OK);
    CHECK(respaldo_verify(store, request, NULL, NULL, NULL) == RESPALDO_OK);
    CHECK(respaldo_prune(store, NULL, NULL) == RESPALDO_OK);
    CHECK(respaldo_restore(store, request, NULL, NULL, NULL) == RESPALDO_OK);
}

/* ---- threads ---- */

struct thread_job {
    respaldo_store store;
    respaldo_status status;
    char name[100];
};

static void *create_in_thread(void *argument)
{
    struct thread_job *job = argument;
    char *json = NULL;
    job->status = respaldo_create(job->store, NULL, NULL, NULL, &json);
    json_string(json, "name", job->name, sizeof job->name);
    respaldo_string_free(json);
    return NULL;
}

static void *list_in_thread(void *argument)
{
    struct thread_job *job = argument;
    for (int i = 0; i < 50 && job->status == RESPALDO_OK; i++) {
        char *json = NULL;
        job->status = respaldo_list(job->store, NULL, &json);
        respaldo_string_free(json);
    }
    return NULL;
}

static void threads_on_one_store(respaldo_store store)
{
    enum { THREADS = 4 };
    pthread_t threads[THREADS];
    struct thread_job jobs[THREADS];
    int before = number_of_backups(store);
    memset(jobs, 0, sizeof jobs);
    for (int i = 0; i < THREADS; i++) {
        jobs[i].store = store;
        pthread_create(&threads[i], NULL, i < 2 ? create_in_thread : list_in_thread, &jobs[i]);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        CHECK(jobs[i].status == RESPALDO_OK);
    }
    CHECK(strcmp(jobs[0].name, jobs[1].name) != 0);
    CHECK(number_of_backups(store) == before + 2);
}

/* ---- closing ---- */

/* A store that the callback uses itself. */
struct reentry {
    respaldo_store store;
    int close;
    int calls;
    respaldo_status status;
};

static int32_t call_from_callback(void *user_data, uint64_t pages_done, uint64_t pages_total)
{
    struct reentry *reentry = user_data;
    (void)pages_done;
    (void)pages_total;
    if (reentry->calls++ == 0)
        reentry->status = reentry->close ? respaldo_close(reentry->store) : respaldo_list(reentry->store, NULL, NULL);
    return 0;
}

static int32_t wait_a_little(void *user_data, uint64_t pages_done, uint64_t pages_total)
{
    struct timespec moment = {0, 20 * 1000 * 1000};
    (void)pages_done;
    (void)pages_total;
    *(volatile int *)user_data = 1;
    nanosleep(&moment, NULL);
    return 0;
}

struct closing_job {
    respaldo_store store;
    volatile int running;
    respaldo_status status;
};

static void *create_slowly(void *argument)
{
    struct closing_job *job = argument;
    job->status = respaldo_create(job->store, NULL, wait_a_little, (void *)&job->running, NULL);
    return NULL;
}

/* A call that is running when its store is closed ends as if it had not been closed. */
static void close_during_a_call(void)
{
    struct timespec moment = {0, 1000 * 1000};
    struct closing_job job = {open_store(), 0, -1};
    pthread_t thread;
    pthread_create(&thread, NULL, create_slowly, &job);
    while (!job.running)
        nanosleep(&moment, NULL);
    CHECK(respaldo_close(job.store) == RESPALDO_OK);
    CHECK(respaldo_list(job.store, NULL, NULL) == RESPALDO_INVALID_HANDLE);
    pthread_join(thread, NULL);
    CHECK(job.status == RESPALDO_OK);

    struct reentry reentry = {open_store(), 0, 0, -1};
    CHECK(respaldo_create(reentry.store, NULL, call_from_callback, &reentry, NULL) == RESPALDO_OK);
    CHECK(reentry.status == RESPALDO_OK);

    reentry.close = 1;
    reentry.calls = 0;
    CHECK(respaldo_create(reentry.store, NULL, call_from_callback, &reentry, NULL) == RESPALDO_OK);
    CHECK(reentry.status == RESPALDO_OK);
    CHECK(respaldo_close(reentry.store) == RESPALDO_INVALID_HANDLE);
}

static void stale_handles(respaldo_store closed)
{
    enum { STORES = 200 };
    respaldo_store stores[STORES];
    char *json = NULL;

    CHECK(respaldo_close(closed) == RESPALDO_INVALID_HANDLE);
    CHECK(respaldo_list(closed, NULL, &json) == RESPALDO_INVALID_HANDLE);
    check_error(json, RESPALDO_INVALID_HANDLE);
    respaldo_string_free(json);

    /* A closed handle stays invalid, however many stores come after it. */
    for (int i = 0; i < STORES; i++) {
        stores[i] = open_store();
        CHECK(stores[i] != closed);
        if (i % 2)
            CHECK(respaldo_close(stores[i]) == RESPALDO_OK);
    }
    CHECK(respaldo_list(closed, NULL, NULL) == RESPALDO_INVALID_HANDLE);
    for (int i = 0; i < STORES; i++)
        CHECK(respaldo_close(stores[i]) == (i % 2 ? RESPALDO_INVALID_HANDLE : RESPALDO_OK));
}

/* ---- all of it ---- */

static void without_a_store(void)
{
    CHECK(respaldo_abi_version() == RESPALDO_ABI_VERSION);
    CHECK(count_of(respaldo_version(), ".") >= 2);
    CHECK(strcmp(respaldo_status_name(RESPALDO_OK), "OK") == 0);
    CHECK(strcmp(respaldo_status_name(RESPALDO_INVALID_ARGUMENT), "INVALID_ARGUMENT") == 0);
    CHECK(strcmp(respaldo_status_name(RESPALDO_INVALID_HANDLE), "INVALID_HANDLE") == 0);
    CHECK(strcmp(respaldo_status_name(RESPALDO_UNKNOWN_TIMEZONE), "UNKNOWN_TIMEZONE") == 0);
    CHECK(strcmp(respaldo_status_name(RESPALDO_CANCELLED), "CANCELLED") == 0);
    CHECK(strcmp(respaldo_status_name(RESPALDO_DATABASE_NOT_FOUND), "DATABASE_NOT_FOUND") == 0);
    CHECK(strcmp(respaldo_status_name(RESPALDO_BACKUP_NOT_FOUND), "BACKUP_NOT_FOUND") == 0);
    CHECK(strcmp(respaldo_status_name(RESPALDO_PERMISSION_DENIED), "PERMISSION_DENIED") == 0);
    CHECK(strcmp(respaldo_status_name(RESPALDO_DISK_FULL), "DISK_FULL") == 0);
    CHECK(strcmp(respaldo_status_name(RESPALDO_IO_ERROR), "IO_ERROR") == 0);
    CHECK(strcmp(respaldo_status_name(RESPALDO_TARGET_EXISTS), "TARGET_EXISTS") == 0);
    CHECK(strcmp(respaldo_status_name(RESPALDO_DATABASE_LOCKED), "DATABASE_LOCKED") == 0);
    CHECK(strcmp(respaldo_status_name(RESPALDO_DATABASE_CORRUPT), "DATABASE_CORRUPT") == 0);
    CHECK(strcmp(respaldo_status_name(RESPALDO_NOT_A_DATABASE), "NOT_A_DATABASE") == 0);
    CHECK(strcmp(respaldo_status_name(RESPALDO_BACKUP_CORRUPT), "BACKUP_CORRUPT") == 0);
    CHECK(strcmp(respaldo_status_name(RESPALDO_SAME_FILE), "SAME_FILE") == 0);
    CHECK(strcmp(respaldo_status_name(RESPALDO_DIFFERENT_DATABASE), "DIFFERENT_DATABASE") == 0);
    CHECK(strcmp(respaldo_status_name(RESPALDO_SCHEMA_TOO_NEW), "SCHEMA_TOO_NEW") == 0);
    CHECK(strcmp(respaldo_status_name(RESPALDO_ROWS_IN_CONFLICT), "ROWS_IN_CONFLICT") == 0);
    CHECK(strcmp(respaldo_status_name(RESPALDO_BUSY), "BUSY") == 0);
    CHECK(strcmp(respaldo_status_name(RESPALDO_RESTORE_FAILED), "RESTORE_FAILED") == 0);
    CHECK(strcmp(respaldo_status_name(RESPALDO_SECOND_PLACE_ABSENT), "SECOND_PLACE_ABSENT") == 0);
    CHECK(strcmp(respaldo_status_name(RESPALDO_ARCHIVE_UNREACHABLE), "ARCHIVE_UNREACHABLE") == 0);
    CHECK(strcmp(respaldo_status_name(RESPALDO_ARCHIVE_WRONG_PASSWORD), "ARCHIVE_WRONG_PASSWORD") == 0);
    CHECK(strcmp(respaldo_status_name(RESPALDO_ARCHIVE_NOT_FOUND), "ARCHIVE_NOT_FOUND") == 0);
    CHECK(strcmp(respaldo_status_name(RESPALDO_ARCHIVE_DAMAGED), "ARCHIVE_DAMAGED") == 0);
    CHECK(strcmp(respaldo_status_name(RESPALDO_UNSUPPORTED), "UNSUPPORTED") == 0);
    CHECK(strcmp(respaldo_status_name(RESPALDO_INTERNAL), "INTERNAL") == 0);
    CHECK(respaldo_status_name(-1) != NULL);
    CHECK(respaldo_status_name(12345) != NULL);
    respaldo_string_free(NULL);
}

static void main_job(const char *folder, const char *journal_mode)
{
    char name[100] = "";
    snprintf(database_folder, sizeof database_folder, "%s/%s", folder, journal_mode);
    snprintf(context, sizeof context, "the main job, %s journal", journal_mode);
    respaldo_store store = open_store();
    check_empty_store(store);
    create(store, name);
    verify(store, name);
    restore(store, name);
    rehearse(store, name);
    prune(store, name);
    cancel(store, name);
    answers_without_out_json(store, name);
    threads_on_one_store(store);
    close_during_a_call();
    CHECK(respaldo_close(store) == RESPALDO_OK);
    stale_handles(store);
}

int main(int count, char **arguments)
{
    if (count != 2) {
        fprintf(stderr, "usage: main_job FOLDER\n");
        return 2;
    }
    without_a_store();
    main_job(arguments[1], "rollback");
    main_job(arguments[1], "wal");
    return report_checks("main_job");
}
