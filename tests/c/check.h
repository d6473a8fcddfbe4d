/* What the test programs share: checks that are counted, and just enough JSON to read an answer. */
#ifndef CHECK_H
#define CHECK_H

#include "respaldo.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int checks_made, checks_failed;

/* What the checks of this moment are about; printed with a failure. */
static char context[400];

#define CHECK(condition) check_that((condition) != 0, #condition, __FILE__, __LINE__)

static int check_that(int holds, const char *condition, const char *file, int line)
{
    checks_made++;
    if (!holds) {
        checks_failed++;
        printf("%s:%d: does not hold: %s\n    in: %s\n", file, line, condition, context);
    }
    return holds;
}

static int report_checks(const char *program)
{
    printf("%s: %d checks, %d failed\n", program, checks_made, checks_failed);
    return checks_failed ? 1 : 0;
}

/* The text after `"key":`, at the key's first appearance in `json`; NULL without one. */
static inline const char *json_value(const char *json, const char *key)
{
    char quoted[80];
    const char *at = json;
    snprintf(quoted, sizeof quoted, "\"%s\"", key);
    while (at && (at = strstr(at, quoted))) {
        at += strlen(quoted);
        while (isspace((unsigned char)*at))
            at++;
        if (*at == ':') {
            at++;
            while (isspace((unsigned char)*at))
                at++;
            return at;
        }
    }
    return NULL;
}

/* Whether the value of `key` starts with `text`, such as `null`, `true` or `[]`. */
static inline int json_is(const char *json, const char *key, const char *text)
{
    const char *value = json_value(json, key);
    return value && strncmp(value, text, strlen(text)) == 0;
}

/* The string value of `key`, still escaped; "" where it is absent, not a string or too long. */
static inline const char *json_string(const char *json, const char *key, char *buffer, size_t size)
{
    const char *value = json_value(json, key);
    size_t length = 0;
    buffer[0] = '\0';
    if (!value || *value++ != '"')
        return buffer;
    for (; value[length] && value[length] != '"'; length++)
        if (value[length] == '\\' && value[length + 1])
            length++;
    if (length < size) {
        memcpy(buffer, value, length);
        buffer[length] = '\0';
    }
    return buffer;
}

/* The integer value of `key`; -1 where it is absent. */
static inline long json_number(const char *json, const char *key)
{
    const char *value = json_value(json, key);
    return value ? strtol(value, NULL, 10) : -1;
}

static inline int count_of(const char *json, const char *part)
{
    int count = 0;
    for (const char *at = json; at && (at = strstr(at, part)); at += strlen(part))
        count++;
    return count;
}

/* `#` in the pattern stands for one digit; everything else for itself. */
static inline int looks_like(const char *text, const char *pattern)
{
    for (; *text && *pattern; text++, pattern++)
        if (*pattern == '#' ? !isdigit((unsigned char)*text) : *text != *pattern)
            return 0;
    return *text == '\0' && *pattern == '\0';
}

/* Whether two paths are written alike, but for the separators: Windows answers with backslashes, which JSON doubles. */
static inline int same_path(const char *a, const char *b)
{
    static const char separators[] = "/\\";
    while (*a && *b) {
        size_t in_a = strspn(a, separators), in_b = strspn(b, separators);
        if ((in_a == 0) != (in_b == 0) || (in_a == 0 && *a != *b))
            return 0;
        a += in_a ? in_a : 1;
        b += in_b ? in_b : 1;
    }
    return *a == *b;
}

static inline int file_exists(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file)
        fclose(file);
    return file != NULL;
}

/* The number of entries of a folder, hidden ones too; 0 where it is missing. */
static inline int folder_entries(const char *path)
{
    int count = 0;
    DIR *folder = opendir(path);
    if (!folder)
        return 0;
    while (readdir(folder))
        count++;
    closedir(folder);
    return count;
}

/* An error object, complete and of this status. */
static inline void check_error(const char *json, respaldo_status status)
{
    char name[40];
    if (!CHECK(json != NULL))
        return;
    CHECK(json_is(json, "error", "{"));
    CHECK(json_number(json, "status") == status);
    CHECK(strcmp(json_string(json, "name", name, sizeof name), respaldo_status_name(status)) == 0);
    CHECK(json_is(json, "message", "\"") && !json_is(json, "message", "\"\""));
    CHECK(json_is(json, "hint", "\"") && !json_is(json, "hint", "\"\""));
    CHECK(json_is(json, "path", "\"") || json_is(json, "path", "null"));
}

#endif
