/* Loaded before the C library into the program under test: the time of day runs ahead of the machine's by
 * as many milliseconds as stand in the file of TURNED_CLOCK. The monotonic clock is left alone, as by
 * somebody who sets the clock and by a machine that was suspended. */

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *ahead;

__attribute__((constructor)) static void begin(void) {
    const char *name = getenv("TURNED_CLOCK");
    int file = name ? open(name, O_RDONLY | O_CLOEXEC) : -1;
    void *page = file < 0 ? MAP_FAILED : mmap(NULL, sizeof *ahead, PROT_READ, MAP_SHARED, file, 0);
    if (page == MAP_FAILED) {
        fputs("turned_clock: TURNED_CLOCK names no file\n", stderr);
        abort();
    }
    close(file);
    ahead = page;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    long result = syscall(SYS_clock_gettime, clock, now);
    if (result == 0 && ahead && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
        int64_t nanos = now->tv_nsec + *ahead % 1000 * 1000000;
        int64_t carry = nanos < 0 ? -1 : nanos / 1000000000;
        now->tv_sec += *ahead / 1000 + carry;
        now->tv_nsec = nanos - carry * 1000000000;
    }
    return (int)result;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    struct timespec exact;
    (void)zone;
    int result = clock_gettime(CLOCK_REALTIME, &exact);
    now->tv_sec = exact.tv_sec;
    now->tv_usec = exact.tv_nsec / 1000;
    return result;
}

time_t time(time_t *place) {
    struct timespec exact;
    clock_gettime(CLOCK_REALTIME, &exact);
    if (place) {
        *place = exact.tv_sec;
    }
    return exact.tv_sec;
}
