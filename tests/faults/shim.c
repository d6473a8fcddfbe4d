/* A preloaded shim that makes file operations fail: the Nth of one kind below one folder, once or from then on.
 *
 * Inert until shim_arm is called, which a test does in the process it is about to break. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

enum { SHORT_WRITE = -1 };

static char folder[4096], kind[32];
static int nth, forever, fault;
static atomic_int seen, fired;
static atomic_int armed;

void shim_arm(const char *in_folder, const char *of_kind, int which, int for_ever, int error)
{
    snprintf(folder, sizeof folder, "%s", in_folder);
    snprintf(kind, sizeof kind, "%s", of_kind);
    nth = which, forever = for_ever, fault = error;
    seen = fired = 0;
    armed = 1;
}

int shim_fired(void)
{
    armed = 0;
    return fired;
}

/* Whether this operation is to fail; errno is set then. */
static int fails(const char *of_kind, const char *path)
{
    if (!armed || strcmp(kind, of_kind) != 0 || strncmp(path, folder, strlen(folder)) != 0)
        return 0;
    int now = ++seen;
    if (now < nth || (now > nth && !forever))
        return 0;
    fired++;
    if (fault > 0)
        errno = fault;
    return 1;
}

static int fails_fd(const char *of_kind, int fd)
{
    if (!armed || strcmp(kind, of_kind) != 0)
        return 0;
    /* The library's threads have descriptor tables of their own. */
    char link[64], path[4096];
    int saved = errno;
    snprintf(link, sizeof link, "/proc/thread-self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    errno = saved;
    if (length < 0)
        return 0;
    path[length] = 0;
    return fails(of_kind, path);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

#define OPEN(name)                                                                                                     \
    int name(const char *path, int flags, ...)                                                                         \
    {                                                                                                                  \
        va_list rest;                                                                                                  \
        va_start(rest, flags);                                                                                         \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;                                        \
        va_end(rest);                                                                                                  \
        return fails("open", path) ? -1 : REAL(name)(path, flags, mode);                                               \
    }
OPEN(open)
OPEN(open64)

#define OPENAT(name)                                                                                                   \
    int name(int at, const char *path, int flags, ...)                                                                 \
    {                                                                                                                  \
        va_list rest;                                                                                                  \
        va_start(rest, flags);                                                                                         \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;                                        \
        va_end(rest);                                                                                                  \
        return fails("open", path) ? -1 : REAL(name)(at, path, flags, mode);                                           \
    }
OPENAT(openat)
OPENAT(openat64)

#define READ(name, parameters, arguments)                                                                              \
    ssize_t name parameters { return fails_fd("read", fd) ? -1 : REAL(name) arguments; }
READ(read, (int fd, void *to, size_t size), (fd, to, size))
READ(pread, (int fd, void *to, size_t size, off_t at), (fd, to, size, at))
READ(pread64, (int fd, void *to, size_t size, off64_t at), (fd, to, size, at))

#define WRITE(name, parameters, arguments)                                                                             \
    ssize_t name parameters                                                                                            \
    {                                                                                                                  \
        if (fails_fd("write", fd)) {                                                                                   \
            if (fault != SHORT_WRITE)                                                                                  \
                return -1;                                                                                             \
            size = (size + 1) / 2;                                                                                     \
        }                                                                                                              \
        return REAL(name) arguments;                                                                                   \
    }
WRITE(write, (int fd, const void *from, size_t size), (fd, from, size))
WRITE(pwrite, (int fd, const void *from, size_t size, off_t at), (fd, from, size, at))
WRITE(pwrite64, (int fd, const void *from, size_t size, off64_t at), (fd, from, size, at))

ssize_t copy_file_range(int from, off64_t *from_at, int fd, off64_t *at, size_t size, unsigned flags)
{
    /* It has no short form here, and Rust's copy does not try again; the library's threads take no signals. */
    return fails_fd("write", fd) && fault > 0 && fault != EINTR ? -1 : REAL(copy_file_range)(from, from_at, fd, at, size, flags);
}

#define ON_FD(name, of_kind, parameters, arguments)                                                                    \
    int name parameters { return fails_fd(of_kind, fd) ? -1 : REAL(name) arguments; }
ON_FD(fsync, "fsync", (int fd), (fd))
ON_FD(fdatasync, "fsync", (int fd), (fd))
ON_FD(ftruncate, "truncate", (int fd, off_t size), (fd, size))
ON_FD(ftruncate64, "truncate", (int fd, off64_t size), (fd, size))
ON_FD(fchmod, "chmod", (int fd, mode_t mode), (fd, mode))
ON_FD(fchown, "chown", (int fd, uid_t owner, gid_t group), (fd, owner, group))

int unlink(const char *path) { return fails("unlink", path) ? -1 : REAL(unlink)(path); }
int mkdir(const char *path, mode_t mode) { return fails("mkdir", path) ? -1 : REAL(mkdir)(path, mode); }
int rename(const char *from, const char *to) { return fails("rename", to) ? -1 : REAL(rename)(from, to); }
