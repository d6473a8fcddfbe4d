/* Makes system calls of the process it is loaded into fail: the Nth of one kind below one folder, once or from then on.
 *
 * The kernel hands every call of a watched number to a thread of ours before it is carried out (seccomp_unotify(2)). So
 * nothing escapes: not a call that comes from inside libc, not one that is made without libc, and no thread, whatever its
 * descriptor table. The thread lives in the watched process, and reads paths and descriptors where they are. It must not
 * call malloc: the thread that holds malloc's lock may be waiting for an answer. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { NUMBERS = 1024, SHORT_WRITE = -1, MAY_PASS = 0x7fff0000 /* SECCOMP_RET_ALLOW */ };

/* What a call works on. PATH_AT is a path with the descriptor of its folder in the argument before. */
enum { NOTHING, DESCRIPTOR, PATH, PATH_AT };

/* Uses of one number that can be of different kinds, in the order of USES in system_calls.py. */
enum { FIRST_USE, SECOND_USE, THIRD_USE, USES };

struct rule {
    int32_t kind; /* 0: never fails */
    int32_t subject;
    int32_t at; /* which argument it is */
};

static struct rule rules[NUMBERS][USES];
static unsigned counts[NUMBERS][USES];
static char folder[4096];
static int listener = -1, kind, nth, forever, fault;
static int fired, seen;
static atomic_int armed;
static sem_t watching;

static int use_of(const struct seccomp_data *call)
{
    switch (call->nr) {
    case SYS_fcntl:
        switch ((int)call->args[1]) {
        case F_GETLK: case F_OFD_GETLK:
            return THIRD_USE;
        case F_SETLK: case F_SETLKW: case F_OFD_SETLK: case F_OFD_SETLKW:
            return ((const struct flock *)(uintptr_t)call->args[2])->l_type == F_UNLCK ? THIRD_USE : SECOND_USE;
        }
        return FIRST_USE;
    case SYS_mmap:
        return call->args[3] & MAP_ANONYMOUS ? FIRST_USE : SECOND_USE;
    case SYS_newfstatat:
        return call->args[3] & AT_EMPTY_PATH ? SECOND_USE : FIRST_USE;
    case SYS_statx:
        return call->args[2] & AT_EMPTY_PATH ? SECOND_USE : FIRST_USE;
    }
    return FIRST_USE;
}

/* The path behind a descriptor of the calling thread, whose table may be its own. */
static int path_of(uint32_t thread, int descriptor, char path[static 4096])
{
    char link[64];
    snprintf(link, sizeof link, "/proc/self/task/%u/fd/%d", thread, descriptor);
    ssize_t length = readlink(link, path, 4095);
    if (length < 0)
        return 0;
    path[length] = 0;
    return 1;
}

static int is_directory(const char *path)
{
    struct stat found;
    return stat(path, &found) == 0 && S_ISDIR(found.st_mode);
}

static int is_below_folder(const char *path) { return strncmp(path, folder, strlen(folder)) == 0; }

/* Whether the call works on something below the folder; what works on nothing counts wherever it is. */
static int is_ours(const struct seccomp_notif *call, const struct rule *rule)
{
    char path[4096];
    const __u64 *args = call->data.args;
    const char *named = (const char *)(uintptr_t)args[rule->at];
    switch (rule->subject) {
    case NOTHING:
        return 1;
    case DESCRIPTOR:
        return path_of(call->pid, (int)args[rule->at], path) && is_below_folder(path) &&
               !(call->data.nr == SYS_close && is_directory(path));
    case PATH:
        return named && is_below_folder(named);
    default: /* behind the descriptor of a folder, which an absolute path ignores, and no path means */
        if (named && *named == '/')
            return is_below_folder(named);
        return path_of(call->pid, (int)args[rule->at - 1], path) && is_below_folder(path);
    }
}

/* Does the first half of a write in the caller's place. Returns what it wrote, or -1 where that cannot be done. */
static int64_t write_half(const struct seccomp_notif *call)
{
    const __u64 *args = call->data.args;
    enum { THREAD = O_EXCL /* PIDFD_THREAD, Linux 6.9 */ };
    int process = (int)syscall(SYS_pidfd_open, call->pid, THREAD);
    int file = process < 0 ? -1 : (int)syscall(SYS_pidfd_getfd, process, (int)args[0], 0);
    int64_t written = -1;
    if (file >= 0) {
        const void *from = (const void *)(uintptr_t)args[1];
        size_t size = args[2];
        if (call->data.nr == SYS_writev || call->data.nr == SYS_pwritev) {
            size = ((const struct iovec *)from)->iov_len;
            from = ((const struct iovec *)from)->iov_base;
        }
        size = (size + 1) / 2;
        int positioned = call->data.nr == SYS_pwrite64 || call->data.nr == SYS_pwritev;
        written = positioned ? pwrite(file, from, size, (off_t)args[3]) : write(file, from, size);
        close(file);
    }
    if (process >= 0)
        close(process);
    return written;
}

static void decide(const struct seccomp_notif *call, struct seccomp_notif_resp *answer)
{
    answer->flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    if (!armed || call->data.nr < 0 || call->data.nr >= NUMBERS)
        return;
    int use = use_of(&call->data);
    const struct rule *rule = &rules[call->data.nr][use];
    counts[call->data.nr][use]++;
    if (!kind || rule->kind != kind || !is_ours(call, rule))
        return;
    /* Rust does not open a folder again that was interrupted; the library's threads take no signals. */
    if (fault == EINTR && call->data.nr == SYS_openat && call->data.args[2] & O_DIRECTORY)
        return;
    int now = ++seen;
    if (now < nth || (now > nth && !forever))
        return;
    if (fault == SHORT_WRITE) {
        answer->val = write_half(call);
        if (answer->val < 0)
            return;
    } else {
        answer->error = -fault;
    }
    answer->flags = 0;
    fired++;
}

static void *watch(void *nothing)
{
    sem_wait(&watching);
    for (;;) {
        struct seccomp_notif call = {0};
        if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &call) != 0) {
            if (errno == EINTR || errno == ENOENT)
                continue;
            return nothing;
        }
        struct seccomp_notif_resp answer = {.id = call.id};
        decide(&call, &answer);
        ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer); /* fails when the caller was killed, which is harmless */
    }
}

/* From here on calls of these numbers, by this thread and those that it starts, wait for the watching thread; with
 * `all_but`, all calls of other numbers. Returns 0 or an errno. */
int inject_watch(const int *numbers, int count, int all_but)
{
    struct sock_filter filter[NUMBERS + 3];
    const int listed = all_but ? MAY_PASS : SECCOMP_RET_USER_NOTIF, others = all_but ? SECCOMP_RET_USER_NOTIF : MAY_PASS;
    unsigned short length = 0;
    if (count > 100)
        return E2BIG;
    filter[length++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    for (int n = 0; n < count; n++)
        filter[length++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)numbers[n], count - n, 0);
    filter[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, others);
    filter[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, listed);
    pthread_t thread;
    sem_init(&watching, 0, 0);
    int error = pthread_create(&thread, NULL, watch, NULL);
    if (error)
        return error;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return errno;
    struct sock_fprog program = {.len = length, .filter = filter};
    listener = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
    if (listener < 0)
        return errno;
    sem_post(&watching);
    return 0;
}

void inject_rule(int number, int use, int of_kind, int subject, int at)
{
    if (number >= 0 && number < NUMBERS)
        rules[number][use] = (struct rule){of_kind, subject, at};
}

/* Kind 0 lets everything pass and counts it. */
void inject_arm(const char *in_folder, int of_kind, int which, int for_ever, int error)
{
    snprintf(folder, sizeof folder, "%s", in_folder);
    kind = of_kind, nth = which, forever = for_ever, fault = error;
    seen = fired = 0;
    memset(counts, 0, sizeof counts);
    armed = 1;
}

/* How often the fault happened. */
int inject_disarm(void)
{
    armed = 0;
    return fired;
}

/* How often a call of this number was made while armed. */
unsigned inject_count(int number, int use) { return counts[number][use]; }
