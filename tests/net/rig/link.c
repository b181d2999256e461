/*
 * A link with faults: joins a TUN device in one network namespace with one in another, and hands packets over late,
 * out of order or not at all, as it is told while it runs.
 *
 *   link NAMESPACE DEVICE NAMESPACE DEVICE SEED
 *
 * Says `up` when both devices are there. Each line on stdin, `DELAY JITTER LOSS REORDER` (microseconds one way, most
 * microseconds added to it at random, packets in a million dropped, packets in a million held back so that others
 * overtake them), is answered by `set HANDED-OVER DROPPED HELD-BACK OVERFLOWED`: packets so far. Ends when stdin does.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum {
    PACKET_MAX = 2048, /* bytes; a TUN of the usual MTU gives 1,500 */
    HELD_MAX = 4096,   /* packets on their way, each direction; the next is dropped, as a full router does */
    READ_AT_ONCE = 64, /* packets taken from one device before the other has its turn */
    HELD_BACK_US = 20000, /* by which a packet out of order is later than it would be */
    MILLION = 1000000,
    PRIORITY = -10 /* a busy machine would be a second source of delay */
};

struct packet {
    uint64_t due_us;
    uint64_t serial; /* those due at once leave as they came */
    size_t len;
    unsigned char bytes[PACKET_MAX];
};

/* One direction. `heap` is ordered by due_us: its first leaves next. */
struct way {
    int to;
    uint64_t last_due_us, serial;
    size_t count;
    struct packet *heap[HELD_MAX];
};

struct faults {
    unsigned delay_us, jitter_us, loss_ppm, reorder_ppm;
};

struct link {
    int device[2];
    struct way way[2]; /* way[i]: from device[i] to the other */
    struct faults faults;
    uint64_t random;
    unsigned long handed_over, dropped, held_back, overflowed;
};

static void die(const char *what) {
    fprintf(stderr, "link: %s: %s\n", what, strerror(errno));
    exit(1);
}

static uint64_t now_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * MILLION + (uint64_t)t.tv_nsec / 1000;
}

/* xorshift64*: the same seed gives the same run of faults. */
static uint32_t draw(struct link *l, uint32_t below) {
    l->random ^= l->random >> 12;
    l->random ^= l->random << 25;
    l->random ^= l->random >> 27;
    return (uint32_t)(((l->random * 2685821657736338717u) >> 32) * below >> 32);
}

static bool strikes(struct link *l, unsigned ppm) { return ppm > 0 && draw(l, MILLION) < ppm; }

static int open_device(const char *namespace, const char *name) {
    char path[256];
    snprintf(path, sizeof path, "/run/netns/%s", namespace);
    int place = open(path, O_RDONLY | O_CLOEXEC);
    if (place < 0 || setns(place, CLONE_NEWNET) != 0) {
        die(path);
    }
    close(place);
    int device = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (device < 0) {
        die("/dev/net/tun");
    }
    struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
    if (ioctl(device, TUNSETIFF, &request) != 0) {
        die(name);
    }
    return device;
}

static bool sooner(const struct packet *a, const struct packet *b) {
    return a->due_us != b->due_us ? a->due_us < b->due_us : a->serial < b->serial;
}

static void push(struct way *w, struct packet *p) {
    size_t at = w->count++;
    for (; at > 0 && sooner(p, w->heap[(at - 1) / 2]); at = (at - 1) / 2) {
        w->heap[at] = w->heap[(at - 1) / 2];
    }
    w->heap[at] = p;
}

static struct packet *pop(struct way *w) {
    struct packet *first = w->heap[0], *last = w->heap[--w->count];
    size_t at = 0;
    for (size_t child = 1; child < w->count; child = 2 * at + 1) {
        if (child + 1 < w->count && sooner(w->heap[child + 1], w->heap[child])) {
            child++;
        }
        if (!sooner(w->heap[child], last)) {
            break;
        }
        w->heap[at] = w->heap[child];
        at = child;
    }
    w->heap[at] = last;
    return first;
}

/* When it is due. Jitter alone keeps the order, as a queue does. */
static uint64_t due(struct link *l, struct way *w) {
    uint64_t at = now_us() + l->faults.delay_us + draw(l, l->faults.jitter_us + 1);
    if (strikes(l, l->faults.reorder_ppm)) {
        l->held_back++;
        return at + HELD_BACK_US;
    }
    if (at < w->last_due_us) {
        at = w->last_due_us;
    }
    w->last_due_us = at;
    return at;
}

/* Returns false when the device has nothing more for now. */
static bool take(struct link *l, int from) {
    struct way *w = &l->way[from];
    unsigned char bytes[PACKET_MAX];
    ssize_t len = read(l->device[from], bytes, sizeof bytes);
    if (len <= 0) {
        return false;
    }
    struct packet *p = NULL;
    if (strikes(l, l->faults.loss_ppm)) {
        l->dropped++;
    } else if (w->count == HELD_MAX || (p = malloc(sizeof *p)) == NULL) {
        l->overflowed++;
    } else {
        *p = (struct packet){.due_us = due(l, w), .serial = w->serial++, .len = (size_t)len};
        memcpy(p->bytes, bytes, p->len);
        push(w, p);
    }
    return true;
}

static void hand_over(struct link *l, struct way *w) {
    for (uint64_t now = now_us(); w->count > 0 && w->heap[0]->due_us <= now;) {
        struct packet *p = pop(w);
        if (write(w->to, p->bytes, p->len) == (ssize_t)p->len) {
            l->handed_over++;
        } else {
            l->overflowed++; /* the device is down, or its queue is full */
        }
        free(p);
    }
}

/* Until the next packet is due; NULL: none is held. */
static struct timespec *wait_for(const struct link *l, struct timespec *t) {
    uint64_t next = UINT64_MAX;
    for (int i = 0; i < 2; i++) {
        if (l->way[i].count > 0 && l->way[i].heap[0]->due_us < next) {
            next = l->way[i].heap[0]->due_us;
        }
    }
    if (next == UINT64_MAX) {
        return NULL;
    }
    uint64_t now = now_us(), left = next > now ? next - now : 0;
    *t = (struct timespec){.tv_sec = (time_t)(left / MILLION), .tv_nsec = (long)(left % MILLION) * 1000};
    return t;
}

/* One command; whoever writes them waits for the answer, so that lines come one by one. */
static void obey(struct link *l) {
    char line[128];
    ssize_t len = read(STDIN_FILENO, line, sizeof line - 1);
    if (len <= 0) {
        exit(0);
    }
    line[len] = '\0';
    unsigned *const parts[] = {&l->faults.delay_us, &l->faults.jitter_us, &l->faults.loss_ppm,
                               &l->faults.reorder_ppm};
    char *at = line;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        *parts[i] = (unsigned)strtoul(at, &at, 10);
    }
    printf("set %lu %lu %lu %lu\n", l->handed_over, l->dropped, l->held_back, l->overflowed);
    fflush(stdout);
}

static void run(struct link *l) {
    struct pollfd events[3] = {{.fd = l->device[0], .events = POLLIN},
                               {.fd = l->device[1], .events = POLLIN},
                               {.fd = STDIN_FILENO, .events = POLLIN}};
    for (;;) {
        struct timespec t;
        if (ppoll(events, 3, wait_for(l, &t), NULL) < 0 && errno != EINTR) {
            die("ppoll");
        }
        if (events[2].revents != 0) {
            obey(l);
        }
        for (int i = 0; i < 2; i++) {
            if ((events[i].revents & POLLERR) != 0) {
                exit(0); /* its namespace is gone */
            }
            for (int n = 0; n < READ_AT_ONCE && take(l, i); n++) {
            }
            hand_over(l, &l->way[i]);
        }
    }
}

int main(int argc, char **argv) {
    if (argc != 6) {
        fputs("usage: link NAMESPACE DEVICE NAMESPACE DEVICE SEED\n", stderr);
        return 2;
    }
    static struct link l;
    l.random = strtoull(argv[5], NULL, 10) * 2 + 1; /* zero would stay zero */
    for (int i = 0; i < 2; i++) {
        l.device[i] = open_device(argv[1 + 2 * i], argv[2 + 2 * i]);
    }
    for (int i = 0; i < 2; i++) {
        l.way[i].to = l.device[1 - i];
    }
    setpriority(PRIO_PROCESS, 0, PRIORITY);
    puts("up");
    fflush(stdout);
    run(&l);
}
