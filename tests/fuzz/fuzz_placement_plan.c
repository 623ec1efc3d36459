/* links: placement base */
/* The plan reader and the checker on any bytes, against one fixed problem. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "controller/placement/certificate.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static const char PROBLEM[] =
    "drover-problem 1\ndims cpu mem\nregion 0 a\nregion 1 b\n"
    "pool 0 region=0 price=85000 capacity=8000,16000 min=0 max=40\n"
    "pool 1 region=1 price=60000 capacity=16000,64000 min=1 max=1 held=4000,8000 rate=710000\n"
    "tier 0 upto=60 price=120000\nset 0 pools=0,1\n"
    "group 0 count=12 demand=1500,3000 unplaced=2000000 move=2300\n"
    "group 1 count=4 demand=500,2000 unplaced=900000\n"
    "cap 0 pools=1 max=6\nmay 0 0:120 1:0:5\nmay 1 @0:50\n"
    "gbudget 0 groups=0,1 max=5000000\nquota 0 pools=0 weight=8 max=320\npermachine 1 max=4\n";

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct problem problem;
    struct plan plan;
    struct error error;
    struct certificate certificate;
    if (!problem_read(PROBLEM, strlen(PROBLEM), &problem, &error))
        abort();
    if (plan_read((const char *)bytes, length, &problem, &plan, &error)) {
        if (certificate_check(&problem, &plan, &certificate, &error) && certificate.bound > certificate.cost)
            abort();
        struct buffer text = BUFFER_INIT;
        plan_write(&plan, &problem, &text);
        buffer_release(&text);
        plan_release(&plan);
    }
    problem_release(&problem);
    return 0;
}
