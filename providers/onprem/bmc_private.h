/* Between bmc.c (requests) and bmc_login.c (sessions). */
#ifndef DROVER_PROVIDERS_ONPREM_BMC_PRIVATE_H
#define DROVER_PROVIDERS_ONPREM_BMC_PRIVATE_H

#include "base/buffer.h"
#include "providers/onprem/bmc.h"
#include "providers/onprem/brake.h"

enum { BMC_HEADERS_MAX = 8, BMC_ETAG_MAX = 128 };

/* One request to a BMC while it is tried. */
struct bmc_request {
    struct provider_account *account;
    struct bmc *bmc;
    const char *method, *call;
    char path[ONPREM_LINK_MAX];
    const char *body;        /* "" without */
    char etag[BMC_ETAG_MAX]; /* for If-Match, "" without */
    bool anonymous;          /* the service root and the login itself */
    bool is_login;
    bool is_logout;     /* a session that is refused is not opened anew to be ended */
    int http_status;    /* of the last answer, 0 without */
    bool answered;      /* by the service itself: 503 says that it is not up */
    bool denied;        /* the credentials were refused */
    bool sessions_full; /* none free just now */
    bool no_sessions;   /* the login found no session service, or no session free */
    struct buffer url, authorization;
    struct provider_header headers[BMC_HEADERS_MAX];
};

/* Runs it without looking at login or quiet times; bmc_log_in uses it too. */
enum provider_status bmc_run(struct bmc_request *request, struct provider_answer *ret_answer,
                             struct provider_error *error);
void bmc_request_release(struct bmc_request *request);

/* Knows the root and is logged in, or says why not; without looking at quiet times. */
enum provider_status bmc_open(struct provider_account *account, struct bmc *bmc, struct provider_error *error);

/* Appends "Basic <user:password in base64>". False when the password cannot be read. */
bool bmc_append_basic(struct provider_account *account, const struct bmc *bmc, struct buffer *out);
/* The password, borrowed until the next secret; NULL and PROVIDER_AUTH in *error when it cannot be read. */
const char *bmc_password(struct provider_account *account, const struct bmc *bmc, struct provider_error *error);
/* What a request that carried the password says of it. */
enum brake_outcome bmc_judge_password(const struct bmc_request *request, enum provider_status status);
void bmc_forget_session(struct bmc *bmc);

#endif
