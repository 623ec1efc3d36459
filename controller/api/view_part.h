/* What several views write alike. Private to the view_*.c files. */
#ifndef DROVER_CONTROLLER_API_VIEW_PART_H
#define DROVER_CONTROLLER_API_VIEW_PART_H

#include "controller/api/view.h"

/* RFC 3339 in UTC with milliseconds; 0: null. */
void view_time(struct json_writer *writer, const char *key, int64_t at_ms);
/* Money; null when below 0 (not known). */
void view_money(struct json_writer *writer, const char *key, int64_t uusd);
/* A month of an hourly rate. */
void view_month(struct json_writer *writer, const char *key, int64_t uusd_h);
void view_resources(struct json_writer *writer, const char *key, const struct resources *resources);
void view_symbol(struct json_writer *writer, const char *key, const struct world *world, symbol number);
/* The four rates and the four counts of a sum. */
void view_sum(struct json_writer *writer, const struct cost_sum *sum);
/* One pool as in GET pools; `sum` is the pool's. */
void view_pool(struct json_writer *writer, const struct world *world, const struct world_region *region,
               const struct world_pool *pool, const struct cost_sum *sum);
/* view_fleet.c: what a pool has at its account; the commitments and what of them is used. */
void view_pool_account(struct json_writer *writer, const struct world *world, const struct world_region *region,
                       const struct world_pool *pool);
void view_commitments(struct json_writer *writer, const struct world *world);
/* The place in report->pools of a region's first pool. */
size_t view_first_pool(const struct world *world, const struct world_region *region);
/* "drover" or "external" */
const char *view_owner(bool drover);

/* A job in one region: what is seen there, what Drover wants there; either may be NULL. Sorted by namespace, id,
 * region; `region` is WORLD_NONE for a job of Drover's that is nowhere. */
struct view_place {
    const char *job_namespace, *id;
    uint32_t region;
    const struct world_region_job *observed;
    const struct job_copy *copy;
    const struct drover_job *job;
};
struct view_places {
    struct view_place *list;
    size_t count, capacity;
};
/* All jobs, or those of one namespace and id (NULL: all). */
void view_places_collect(const struct world *world, const char *job_namespace, const char *id,
                         struct view_places *ret_places);
void view_places_release(struct view_places *places);
/* The fields that list and detail share, of one job's places. The object is begun and ended by the caller. */
void view_job_fields(struct json_writer *writer, const struct world *world, const struct cost_report *report,
                     const struct view_place *places, size_t count);
/* What a job costs in one region; NULL when nothing of it runs there. */
const struct cost_job *view_cost_of(const struct world *world, const struct cost_report *report,
                                    const char *job_namespace, const char *id, const char *region);

#endif
