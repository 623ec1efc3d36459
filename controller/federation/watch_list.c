/* Reads all of a region in pages, each decoded while its bytes come: nodes, then allocations, jobs and deployments of
 * every watched namespace, then the nodes one by one where pools select on attributes. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "controller/federation/private.h"

struct list_form {
    const char *name; /* for people */
    const char *path; /* begins the query */
    bool namespaced;
    enum decode_source source;
    const char *needs; /* what the token lacks when it is refused */
};

static const struct list_form FORMS[LIST_KIND_COUNT] = {
    [LIST_NODES] = {"GET /v1/nodes", "/v1/nodes?resources=true", false, DECODE_NODES, "node { policy = \"read\" }"},
    [LIST_ALLOCATIONS] = {"GET /v1/allocations", "/v1/allocations?resources=true&task_states=false", true,
                          DECODE_ALLOCATIONS, "read-job in the watched namespaces"},
    [LIST_JOBS] = {"GET /v1/jobs", "/v1/jobs?meta=false", true, DECODE_JOBS, "list-jobs in the watched namespaces"},
    [LIST_DEPLOYMENTS] = {"GET /v1/deployments", "/v1/deployments?", true, DECODE_DEPLOYMENTS,
                          "read-job in the watched namespaces"},
};

static void ask_page(struct region *region);
static void ask_details(struct region *region);

static void fail(struct region *region, const char *call, const char *text)
{
    struct buffer line = BUFFER_INIT;
    buffer_printf(&line, "%s: %s", call, text);
    watch_abandon(region, line.data);
    buffer_release(&line);
}

static bool asks_details(const struct region *region)
{
    return region->selected_count > 0;
}

static void begin_once(struct region *region)
{
    struct listing *listing = &region->listing;
    if (listing->begun)
        return;
    listing->begun = true;
    region_emit(region, &(struct event){.type = EVENT_SYNC_BEGIN});
}

/* Where pools select on attributes, a node of the list is only a name to ask for. */
static void on_decoded(void *context, const struct decoded *decoded)
{
    struct region *region = context;
    struct listing *listing = &region->listing;
    begin_once(region);
    if (decoded->kind != DECODED_NODE || !asks_details(region)) {
        watch_emit(region, decoded);
        return;
    }
    listing->nodes = memory_grow(listing->nodes, listing->node_count, &listing->node_capacity, sizeof *listing->nodes);
    listing->nodes[listing->node_count++] = decoded->node.id;
}

static bool on_data(void *context, const char *bytes, size_t length)
{
    struct region *region = context;
    return decoder_feed(region->listing.decoder, bytes, length, &region->listing.error);
}

/* The next page, the next namespace, the next list; false when all is read. */
static bool advance(struct region *region, const char *next_token)
{
    struct listing *listing = &region->listing;
    memcpy(listing->next, next_token, strlen(next_token) + 1);
    if (next_token[0] != '\0')
        return true;
    if (FORMS[listing->kind].namespaced && ++listing->namespace_at < region->namespace_count)
        return true;
    listing->namespace_at = 0;
    listing->kind++;
    return listing->kind < LIST_KIND_COUNT;
}

/* The index of the first page: what came later is told by the stream too. Several namespaces: the least of theirs. */
static void take_floor(struct region *region, uint64_t index)
{
    struct listing *listing = &region->listing;
    if (listing->next[0] != '\0')
        return;
    uint64_t *floor = &region->floors[listing->kind];
    if (listing->namespace_at == 0 || index < *floor)
        *floor = index;
}

static bool page_is_good(struct region *region, const struct http_result *result)
{
    struct listing *listing = &region->listing;
    const struct list_form *form = &FORMS[listing->kind];
    struct error *error = &listing->error;
    if (result->outcome == HTTP_ANSWERED && result->status == 403) {
        watch_deny(region, form->name, form->needs);
        return false;
    }
    if (error->code == ERROR_NONE && result->error.code != ERROR_NONE)
        *error = result->error;
    if (error->code == ERROR_NONE && result->index_malformed)
        error_set(error, ERROR_INVALID, "its X-Nomad-Index is no number");
    if (error->code == ERROR_NONE)
        decoder_finish(listing->decoder, error);
    if (error->code == ERROR_NONE && strcmp(result->next_token, listing->next) == 0 && listing->next[0] != '\0')
        error_set(error, ERROR_INVALID, "the same page is given again and again");
    if (error->code == ERROR_NONE)
        return true;
    fail(region, form->name, error->text);
    return false;
}

static void on_page(void *context, const struct http_result *result)
{
    struct region *region = context;
    struct listing *listing = &region->listing;
    listing->transfer = NULL;
    if (!page_is_good(region, result))
        return;
    begin_once(region);
    take_floor(region, result->index);
    decoder_free(listing->decoder);
    listing->decoder = NULL;
    if (advance(region, result->next_token))
        ask_page(region);
    else
        ask_details(region);
}

static bool within_bounds(struct region *region)
{
    struct listing *listing = &region->listing;
    if (federation_now(region->federation) > listing->deadline_ms) {
        fail(region, FORMS[listing->kind].name, "reading all of the region takes longer than 3 minutes");
        return false;
    }
    if (++listing->pages > LIST_PAGES_MAX) {
        fail(region, FORMS[listing->kind].name, "the list does not end");
        return false;
    }
    return true;
}

static void ask_page(struct region *region)
{
    struct listing *listing = &region->listing;
    const struct list_form *form = &FORMS[listing->kind];
    if (!within_bounds(region))
        return;
    struct buffer path = BUFFER_INIT;
    buffer_printf(&path, "%s&per_page=%d", form->path, LIST_PAGE);
    if (form->namespaced) {
        const char *name = region->namespaces[listing->namespace_at];
        buffer_append_text(&path, "&namespace=");
        text_append_percent(&path, name, strlen(name));
    }
    if (listing->next[0] != '\0') {
        buffer_append_text(&path, "&next_token=");
        text_append_percent(&path, listing->next, strlen(listing->next));
    }
    listing->error = (struct error){0};
    listing->decoder = decoder_new(form->source, NULL, 0, on_decoded, region);
    listing->transfer = http_send(region->nomad, &(struct http_request){.path = path.data,
                                                                        .timeout_ms = LIST_PAGE_MS,
                                                                        .idle_timeout_ms = LIST_IDLE_MS,
                                                                        .on_data = on_data,
                                                                        .on_done = on_page,
                                                                        .context = region});
    buffer_release(&path);
}

static void end_detail(struct detail *detail)
{
    if (detail->transfer != NULL)
        http_cancel(detail->transfer);
    detail->transfer = NULL;
    decoder_free(detail->decoder);
    detail->decoder = NULL;
}

static void on_detail_decoded(void *context, const struct decoded *decoded)
{
    struct detail *detail = context;
    watch_emit(detail->region, decoded);
}

static bool on_detail_data(void *context, const char *bytes, size_t length)
{
    struct detail *detail = context;
    return decoder_feed(detail->decoder, bytes, length, &detail->error);
}

static void on_detail(void *context, const struct http_result *result)
{
    struct detail *detail = context;
    struct region *region = detail->region;
    struct error *error = &detail->error;
    detail->transfer = NULL;
    /* It was collected as garbage since the list. */
    bool gone = result->outcome == HTTP_ANSWERED && result->status == 404;
    if (error->code == ERROR_NONE && result->error.code != ERROR_NONE)
        *error = result->error;
    if (error->code == ERROR_NONE)
        decoder_finish(detail->decoder, error);
    if (error->code != ERROR_NONE && !gone) {
        fail(region, "GET /v1/node/:id", error->text);
        return;
    }
    end_detail(detail);
    region->listing.in_flight--;
    ask_details(region);
}

static void ask_detail(struct region *region, struct detail *detail, const struct uuid *id)
{
    char text[37], path[64] = "/v1/node/";
    strcat(path, uuid_format(id, text));
    *detail = (struct detail){.region = region};
    detail->decoder = decoder_new(DECODE_NODE, (const char *const *)region->selected, region->selected_count,
                                  on_detail_decoded, detail);
    detail->transfer = http_send(
        region->nomad,
        &(struct http_request){
            .path = path, .timeout_ms = DETAIL_MS, .on_data = on_detail_data, .on_done = on_detail, .context = detail});
    region->listing.in_flight++;
}

static void ask_details(struct region *region)
{
    struct listing *listing = &region->listing;
    if (federation_now(region->federation) > listing->deadline_ms) {
        fail(region, "GET /v1/node/:id", "reading all of the region takes longer than 3 minutes");
        return;
    }
    for (size_t i = 0; i < DETAILS_MAX && listing->node_next < listing->node_count; i++) {
        if (listing->details[i].transfer == NULL)
            ask_detail(region, &listing->details[i], &listing->nodes[listing->node_next++]);
    }
    if (listing->in_flight == 0)
        watch_listed(region);
}

void list_start(struct region *region)
{
    struct listing *listing = &region->listing;
    memset(listing, 0, sizeof *listing);
    memset(region->floors, 0, sizeof region->floors);
    listing->deadline_ms = federation_now(region->federation) + LIST_ALL_MS;
    ask_page(region);
}

void list_stop(struct region *region)
{
    struct listing *listing = &region->listing;
    if (listing->transfer != NULL)
        http_cancel(listing->transfer);
    decoder_free(listing->decoder);
    for (size_t i = 0; i < DETAILS_MAX; i++)
        end_detail(&listing->details[i]);
    free(listing->nodes);
    memset(listing, 0, sizeof *listing);
}
