/* Loading the library and calling its functions by pointer, which Go cannot do itself. */

#ifndef RESPALDO_GO_LIBRARY_H
#define RESPALDO_GO_LIBRARY_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#ifdef _WIN32
#include <windows.h>
#else
#include <dlfcn.h>
#endif

extern int32_t respaldo_go_progress(uintptr_t watch, uint64_t pages_done, uint64_t pages_total);

static inline void *respaldo_go_load(const char *path, char *reason, int size)
{
#ifdef _WIN32
    wchar_t wide[32768];
    void *handle = NULL;
    if (MultiByteToWideChar(CP_UTF8, 0, path, -1, wide, 32768) > 0)
        handle = (void *)LoadLibraryW(wide);
    if (!handle)
        snprintf(reason, (size_t)size, "Windows error %lu", (unsigned long)GetLastError());
#else
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!handle)
        snprintf(reason, (size_t)size, "%s", dlerror());
#endif
    return handle;
}

static inline void *respaldo_go_symbol(void *handle, const char *name)
{
#ifdef _WIN32
    return (void *)GetProcAddress((HMODULE)handle, name);
#else
    return dlsym(handle, name);
#endif
}

typedef int32_t (*respaldo_go_progress_fn)(void *, uint64_t, uint64_t);

static inline int32_t respaldo_go_step(void *watch, uint64_t pages_done, uint64_t pages_total)
{
    return respaldo_go_progress((uintptr_t)watch, pages_done, pages_total);
}

static inline int32_t respaldo_go_open(void *function, const char *options, uint32_t *store, char **answer)
{
    return ((int32_t (*)(const char *, uint32_t *, char **))function)(options, store, answer);
}

static inline int32_t respaldo_go_close(void *function, uint32_t store)
{
    return ((int32_t (*)(uint32_t))function)(store);
}

static inline int32_t respaldo_go_watched(void *function, uint32_t store, const char *request, uintptr_t watch, char **answer)
{
    return ((int32_t (*)(uint32_t, const char *, respaldo_go_progress_fn, void *, char **))function)(
        store, request, watch ? respaldo_go_step : NULL, (void *)watch, answer);
}

static inline int32_t respaldo_go_request(void *function, uint32_t store, const char *request, char **answer)
{
    return ((int32_t (*)(uint32_t, const char *, char **))function)(store, request, answer);
}

static inline int32_t respaldo_go_plain(void *function, uint32_t store, char **answer)
{
    return ((int32_t (*)(uint32_t, char **))function)(store, answer);
}

static inline void respaldo_go_free(void *function, char *answer)
{
    ((void (*)(char *))function)(answer);
}

static inline uint32_t respaldo_go_abi_version(void *function)
{
    return ((uint32_t (*)(void))function)();
}

static inline const char *respaldo_go_version(void *function)
{
    return ((const char *(*)(void))function)();
}

static inline const char *respaldo_go_status_name(void *function, int32_t status)
{
    return ((const char *(*)(int32_t))function)(status);
}

#endif
