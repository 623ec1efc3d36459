/* Requests to Azure Resource Manager, and lists of any length. */
#ifndef DROVER_PROVIDERS_AZURE_ARM_H
#define DROVER_PROVIDERS_AZURE_ARM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/error.h"
#include "providers/azure/account.h"
#include "providers/sdk/json.h"

#define AZURE_COMPUTE_VERSION "2024-11-01"   /* the first with ETag headers on scale sets that is stable */
#define AZURE_SKUS_VERSION "2021-07-01"      /* Microsoft.Compute/skus */
#define AZURE_LOCATIONS_VERSION "2022-12-01" /* subscription locations with zone mappings */
#define AZURE_PERMISSIONS_VERSION "2022-04-01"

/* Classes of requests that Azure counts together; with the region they name the bucket. */
#define AZURE_CLASS_SET_READ "set-read"
#define AZURE_CLASS_SET_WRITE "set-write"
#define AZURE_CLASS_LIST "list"
#define AZURE_CLASS_OPERATION "operation"

#define AZURE_LOOK_HOLDS_US INT64_C(2000000) /* waits for limits and repetitions may take longer */

/* What a write without a fence relies on: machines that were looked at a moment ago. */
struct azure_look {
    int64_t at_ticks;
    bool too_old; /* set when the write was held back because of it */
};

struct azure_request {
    const char *name; /* as Azure's role actions: "Microsoft.Compute/virtualMachineScaleSets/read" */
    const char *method;
    const char *url; /* absolute */
    const char *region, *class;
    const char *if_match; /* NULL without */
    const char *body;     /* JSON, NULL without */
    bool writes;
    struct azure_look
        *look;       /* NULL without; a look older than AZURE_LOOK_HOLDS_US makes it PROVIDER_CONFLICT, unsent */
    bool any_status; /* a 4xx that is neither about credentials nor throttling is the caller's to judge */
};

/* Appends the ARM base, a path of which every segment is encoded, and "?api-version=". Segments: a NULL-ended list. */
void azure_url_build(struct buffer *ret_url, const struct provider_account *account, const char *version,
                     const char *const *segments);
/* The same for a scale set: {group}/{name} as one pool, `rest` ("" or "virtualMachines") below it. */
void azure_url_scale_set(struct buffer *ret_url, const struct provider_account *account, const char *group,
                         const char *name, const char *rest);

/* True when the URL is of the configured ARM, scheme, host and port alike: only there does a token go. */
bool azure_url_is_arm(const struct provider_account *account, const char *url);

/* One request with a token, limits and retries. PROVIDER_OK: *ret_answer is given back by http_release. */
enum provider_status azure_arm_run(struct provider_account *account, const struct azure_request *request,
                                   struct provider_answer *ret_answer, struct provider_error *error);

/* The same, read as one JSON document; the caller closes *ret_root. *ret_etag (may be NULL) is the header's, copied for
 * the caller to free, "" without. */
enum provider_status azure_arm_get(struct provider_account *account, const struct azure_request *request,
                                   struct sdk_json_at *ret_root, char **ret_etag, struct provider_error *error);

/* Takes an item of a list; false stops the list with *ret_error. */
typedef bool (*azure_take_item)(void *context, const struct sdk_json_at *item, struct error *ret_error);

/* Walks a list from request->url over its pages. Anything but a whole list is an error: a page that fails or has no
 * list in it, a link to another host (which gets no token), a loop, an item that cannot be read. */
enum provider_status azure_arm_list(struct provider_account *account, const struct azure_request *request,
                                    azure_take_item take, void *context, struct provider_error *error);

#endif
