/* What an answer of Nomad's job and variable endpoints means: could a write have taken effect, and whose fault is it?
 *
 * Nomad gives 500 for nearly everything, so texts are looked at too (measured on 2.0.5, docs/nomad-facts.md). Pure. */
#ifndef DROVER_CONTROLLER_FEDERATION_ANSWER_H
#define DROVER_CONTROLLER_FEDERATION_ANSWER_H

#include "net/http.h"

enum answer {
    ANSWER_GOOD,      /* 2xx */
    ANSWER_ABSENT,    /* 404 */
    ANSWER_CONFLICT,  /* a compare-and-set that did not hold: surely not applied */
    ANSWER_DENIED,    /* surely not applied */
    ANSWER_INVALID,   /* surely not applied, and will not be */
    ANSWER_NOT_SENT,  /* surely not applied, may be tried again */
    ANSWER_UNCERTAIN, /* it may have been applied */
};

enum answer answer_classify(const struct http_result *result);

#endif
