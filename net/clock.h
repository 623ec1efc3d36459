/* The two clocks of the outside world. The core never reads them: the agent hands it `now`.
 *
 * Any thread. None of these can fail on Linux. */
#ifndef DROVER_NET_CLOCK_H
#define DROVER_NET_CLOCK_H

#include <stdint.h>

/* Milliseconds since 1970-01-01 UTC; a person or NTP may set it back. */
int64_t clock_wall_ms(void);

/* Milliseconds and microseconds since some fixed moment; never run backwards. They stand still while the machine
 * sleeps (CLOCK_MONOTONIC). */
int64_t clock_monotonic_ms(void);
int64_t clock_monotonic_us(void);

#endif
