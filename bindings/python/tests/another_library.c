/* Stands in for a respaldo library of another version: see test_library.py.
 * -DVERSION, -DABI and -DANSWER say what it is and what every call answers. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#ifndef STATUS
#define STATUS 0
#endif

typedef int32_t (*progress_fn)(void *, uint64_t, uint64_t);

static int32_t answer(char **out_json)
{
#ifdef ANSWER
    *out_json = strdup(ANSWER);
#else
    *out_json = NULL;
#endif
    return STATUS;
}

int32_t respaldo_open(const char *options, uint32_t *store, char **out_json)
{
    (void)options;
    *store = 1;
    *out_json = strdup("{}");
    return 0;
}

int32_t respaldo_close(uint32_t store) { (void)store; return 0; }

#define WITH_PROGRESS(name)                                                                        \
    int32_t name(uint32_t store, const char *request, progress_fn progress, void *user_data,       \
                 char **out_json)                                                                  \
    {                                                                                              \
        (void)store; (void)request; (void)progress; (void)user_data;                               \
        return answer(out_json);                                                                   \
    }
WITH_PROGRESS(respaldo_create)
WITH_PROGRESS(respaldo_create_if_due)
WITH_PROGRESS(respaldo_restore)
WITH_PROGRESS(respaldo_verify)
WITH_PROGRESS(respaldo_annotate)
WITH_PROGRESS(respaldo_health)
WITH_PROGRESS(respaldo_rehearse)
WITH_PROGRESS(respaldo_compare)
WITH_PROGRESS(respaldo_bring_back)
WITH_PROGRESS(respaldo_salvage)
WITH_PROGRESS(respaldo_find)
WITH_PROGRESS(respaldo_history)
WITH_PROGRESS(respaldo_archive_init)
WITH_PROGRESS(respaldo_archive_push)
WITH_PROGRESS(respaldo_archive_list)
WITH_PROGRESS(respaldo_archive_fetch)
WITH_PROGRESS(respaldo_archive_check)
WITH_PROGRESS(respaldo_archive_prune)
WITH_PROGRESS(respaldo_archive_key)

#define WITHOUT_PROGRESS(name)                                                                     \
    int32_t name(uint32_t store, const char *request, char **out_json)                             \
    {                                                                                              \
        (void)store; (void)request;                                                                \
        return answer(out_json);                                                                   \
    }
WITHOUT_PROGRESS(respaldo_list)
#ifndef WITHOUT_PRUNE
WITHOUT_PROGRESS(respaldo_prune)
#endif

int32_t respaldo_last_backup(uint32_t store, char **out_json) { (void)store; return answer(out_json); }
void respaldo_string_free(char *json) { free(json); }
const char *respaldo_version(void) { return VERSION; }
uint32_t respaldo_abi_version(void) { return ABI; }
const char *respaldo_status_name(int32_t status) { (void)status; return "OK"; }
