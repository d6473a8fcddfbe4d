#include "respaldo.h"

#include <stdio.h>
#include <string.h>

static int32_t show_progress(void *user_data, uint64_t pages_done, uint64_t pages_total)
{
    fprintf(user_data, "%u of %u pages\n", (unsigned)pages_done, (unsigned)pages_total);
    return 0; /* anything else cancels */
}

/* Prints an answer and frees it. Returns whether the call succeeded. */
static int report(const char *call, respaldo_status status, char *json)
{
    printf("%s: %s\n%s\n", call, respaldo_status_name(status), json ? json : "(out of memory)");
    respaldo_string_free(json);
    return status == RESPALDO_OK;
}

int main(void)
{
    respaldo_store store;
    char *json, newest[64] = "", request[100];
    int ok;

    respaldo_status status = respaldo_open("{\"database\": \"studio.db\"}", &store, &json);
    if (!report("open", status, json))
        return 1;

    status = respaldo_create(store, NULL, show_progress, stderr, &json);
    ok = report("create", status, json);

    status = respaldo_list(store, NULL, &json);
    const char *first = json ? strstr(json, "\"name\":") : NULL; /* the newest comes first; use your JSON library here */
    if (first)
        sscanf(first, "\"name\":\"%63[^\"]", newest);
    ok = report("list", status, json) && ok;

    snprintf(request, sizeof request, "{\"backup\": \"%s\"}", newest);
    status = respaldo_restore(store, request, show_progress, stderr, &json);
    ok = report("restore", status, json) && ok;

    respaldo_close(store);
    return ok ? 0 : 1;
}
