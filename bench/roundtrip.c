/* What a call costs beside its work: nanoseconds of one round trip through the C interface, as JSON. */
#define _POSIX_C_SOURCE 200809L
#include "respaldo.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { BATCHES = 101, BATCH = 100 };

static const char *options;
static respaldo_store store;
static respaldo_status wrong;

static void expect(respaldo_status status, respaldo_status expected)
{
    if (status != expected)
        wrong = status ? status : RESPALDO_INTERNAL;
}

static void version(void)
{
    if (strlen(respaldo_version()) == 0)
        wrong = RESPALDO_INTERNAL;
}

static void open_and_close(void)
{
    respaldo_store opened;
    char *json;
    expect(respaldo_open(options, &opened, &json), RESPALDO_OK);
    respaldo_string_free(json);
    expect(respaldo_close(opened), RESPALDO_OK);
}

static void list(void)
{
    char *json;
    expect(respaldo_list(store, NULL, &json), RESPALDO_OK);
    respaldo_string_free(json);
}

static void closed_store(void)
{
    char *json;
    expect(respaldo_list(0, NULL, &json), RESPALDO_INVALID_HANDLE);
    respaldo_string_free(json);
}

static void unknown_key(void)
{
    char *json;
    expect(respaldo_list(store, "{\"include_saftey\": true}", &json), RESPALDO_INVALID_ARGUMENT);
    respaldo_string_free(json);
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The median of many batches. */
static void measure(const char *name, void (*call)(void), const char *separator)
{
    double nanoseconds[BATCHES];
    for (int batch = -1; batch < BATCHES; batch++) {
        struct timespec start, end;
        clock_gettime(CLOCK_MONOTONIC, &start);
        for (int i = 0; i < BATCH; i++)
            call();
        clock_gettime(CLOCK_MONOTONIC, &end);
        if (batch >= 0) /* the first is a warm-up */
            nanoseconds[batch] = ((end.tv_sec - start.tv_sec) * 1e9 + (end.tv_nsec - start.tv_nsec)) / BATCH;
    }
    qsort(nanoseconds, BATCHES, sizeof *nanoseconds, ascending);
    printf("%s\n \"%s\": %.0f", separator, name, nanoseconds[BATCHES / 2]);
}

int main(int count, char **arguments)
{
    char *json;
    if (count != 2) {
        fprintf(stderr, "usage: roundtrip OPTIONS_JSON\n");
        return 2;
    }
    options = arguments[1];
    respaldo_status status = respaldo_open(options, &store, &json);
    if (status != RESPALDO_OK) {
        fprintf(stderr, "%s\n", json ? json : "out of memory");
        return 1;
    }
    respaldo_string_free(json);
    measure("version", version, "{");
    measure("open_close", open_and_close, ",");
    measure("list", list, ",");
    measure("closed_store", closed_store, ",");
    measure("unknown_key", unknown_key, ",");
    printf("\n}\n");
    respaldo_close(store);
    if (wrong)
        fprintf(stderr, "a call was answered with %s\n", respaldo_status_name(wrong));
    return wrong != RESPALDO_OK;
}
