/* GET jobs: every job of the federation, Drover's or not, one entry a (namespace, id). */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "controller/api/view_part.h"

static int place_compare(const void *a, const void *b)
{
    const struct view_place *x = a, *y = b;
    int order = strcmp(x->job_namespace, y->job_namespace);
    order = order != 0 ? order : strcmp(x->id, y->id);
    if (order != 0) {
        return order;
    }
    if (x->region != y->region) {
        return x->region < y->region ? -1 : 1;
    }
    return (x->observed != NULL) - (y->observed != NULL);
}

static struct view_place *places_add(struct view_places *places, const char *job_namespace, const char *id)
{
    places->list = memory_grow(places->list, places->count, &places->capacity, sizeof *places->list);
    struct view_place *place = &places->list[places->count++];
    *place = (struct view_place){.job_namespace = job_namespace, .id = id, .region = WORLD_NONE};
    return place;
}

static bool places_wants(const char *wanted, const char *text)
{
    return wanted == NULL || strcmp(wanted, text) == 0;
}

/* A job that Nomad no longer has is gone, even while it still tells of its ended allocations. */
static bool places_is_there(const struct world_region_job *job)
{
    return job->present && (job->listed || job->live_allocations > 0);
}

static void places_collect_observed(const struct world *world, const char *job_namespace, const char *id,
                                    struct view_places *places)
{
    for (uint32_t r = 0; r < world->region_count; r++) {
        const struct world_region *region = &world->regions[r];
        if (job_namespace != NULL && id != NULL) {
            const struct world_region_job *job = world_find_region_job(world, region, job_namespace, id);
            if (job != NULL && places_is_there(job)) {
                *places_add(places, job_namespace, id) =
                    (struct view_place){.job_namespace = job_namespace, .id = id, .region = r, .observed = job};
            }
            continue;
        }
        for (size_t i = 0; i < region->job_count; i++) {
            const struct world_region_job *job = &region->jobs[i];
            if (places_is_there(job) && !job->child &&
                places_wants(job_namespace, world_text(world, job->job_namespace))) {
                struct view_place *place =
                    places_add(places, world_text(world, job->job_namespace), world_text(world, job->id));
                place->region = r;
                place->observed = job;
            }
        }
    }
}

static void places_collect_own(const struct world *world, const char *job_namespace, const char *id,
                               struct view_places *places)
{
    for (size_t i = 0; i < world->job_count; i++) {
        const struct drover_job *job = world->jobs[i];
        const char *its_namespace = world_text(world, job->job_namespace), *its_id = world_text(world, job->id);
        if (!places_wants(job_namespace, its_namespace) || !places_wants(id, its_id)) {
            continue;
        }
        places_add(places, its_namespace, its_id)->job = job;
        for (size_t k = 0; k < job->copy_count; k++) {
            const struct world_region *region = world_find_region(world, world_text(world, job->copies[k].region));
            struct view_place *place = places_add(places, its_namespace, its_id);
            place->region = region != NULL ? (uint32_t)(region - world->regions) : WORLD_NONE;
            place->copy = &job->copies[k];
            place->job = job;
        }
    }
}

/* Neighbours that are one place become one; a job's own entry without a region goes when it has a place. */
static void places_merge(struct view_places *places)
{
    size_t kept = 0;
    for (size_t i = 0; i < places->count; i++) {
        struct view_place *last = kept > 0 ? &places->list[kept - 1] : NULL;
        const struct view_place *place = &places->list[i];
        bool same_job =
            last != NULL && strcmp(last->job_namespace, place->job_namespace) == 0 && strcmp(last->id, place->id) == 0;
        if (same_job && place->region == WORLD_NONE && place->copy == NULL) {
            for (size_t k = kept; k > 0 && strcmp(places->list[k - 1].id, place->id) == 0 &&
                                  strcmp(places->list[k - 1].job_namespace, place->job_namespace) == 0;
                 k--) {
                places->list[k - 1].job = place->job;
            }
        } else if (same_job && last->region == place->region) {
            last->observed = last->observed != NULL ? last->observed : place->observed;
            last->copy = last->copy != NULL ? last->copy : place->copy;
            last->job = last->job != NULL ? last->job : place->job;
        } else {
            places->list[kept++] = *place;
        }
    }
    places->count = kept;
}

void view_places_collect(const struct world *world, const char *job_namespace, const char *id,
                         struct view_places *ret_places)
{
    *ret_places = (struct view_places){0};
    places_collect_observed(world, job_namespace, id, ret_places);
    places_collect_own(world, job_namespace, id, ret_places);
    if (ret_places->count > 1) {
        qsort(ret_places->list, ret_places->count, sizeof *ret_places->list, place_compare);
    }
    places_merge(ret_places);
}

void view_places_release(struct view_places *places)
{
    free(places->list);
}

void view_jobs(const struct world *world, const char *job_namespace, struct buffer *out)
{
    struct json_writer writer = json_writer_init(out, false);
    struct cost_report *report = cost_report_new(world);
    struct view_places places;
    bool all = job_namespace == NULL || job_namespace[0] == '\0' || strcmp(job_namespace, "*") == 0;
    view_places_collect(world, all ? NULL : job_namespace, NULL, &places);
    json_writer_begin_object(&writer);
    json_writer_key(&writer, "Jobs");
    json_writer_begin_array(&writer);
    for (size_t i = 0; i < places.count;) {
        size_t end = i + 1;
        while (end < places.count && strcmp(places.list[end].id, places.list[i].id) == 0 &&
               strcmp(places.list[end].job_namespace, places.list[i].job_namespace) == 0) {
            end++;
        }
        json_writer_begin_object(&writer);
        view_job_fields(&writer, world, report, &places.list[i], end - i);
        json_writer_end_object(&writer);
        i = end;
    }
    json_writer_end_array(&writer);
    json_writer_end_object(&writer);
    json_writer_done(&writer);
    view_places_release(&places);
    cost_report_free(report);
}
