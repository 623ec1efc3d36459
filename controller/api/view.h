/* Parts of the world as JSON (docs/api.md), appended to `out`. Pure reading, in an order that does not depend on how
 * the world came about: the same world gives the same bytes. Nothing here fails. */
#ifndef DROVER_CONTROLLER_API_VIEW_H
#define DROVER_CONTROLLER_API_VIEW_H

#include "base/buffer.h"
#include "base/error.h"
#include "base/json_writer.h"
#include "controller/api/api.h"
#include "controller/core/core.h"
#include "controller/core/cost.h"
#include "controller/core/recommend.h"

enum { VIEW_INSTANCES_MAX = 10000, VIEW_QUOTAS_MAX = 1000 };
enum { VIEW_ALLOCATIONS_MAX = 1000, VIEW_NAMES_MAX = 20 };

void view_error(const struct error *error, struct buffer *out);

/* view_status.c; stats may be NULL */
void view_status(const struct world *world, const struct api_agent_facts *facts, const struct store_stats *stats,
                 struct buffer *out);
void view_mode(const struct world *world, struct buffer *out);

/* view_region.c, view_pool.c, view_node.c; region and pool "" or NULL: all */
void view_regions(const struct world *world, struct buffer *out);
void view_region(const struct world *world, const struct world_region *region, struct buffer *out);
void view_pools(const struct world *world, const char *region, struct buffer *out);
void view_nodes(const struct world *world, const char *region, const char *pool, struct buffer *out);

/* view_jobs.c, view_job.c */
void view_jobs(const struct world *world, const char *job_namespace, struct buffer *out);
/* False, and nothing written, when there is no such job anywhere. */
bool view_job(const struct world *world, const char *job_namespace, const char *id, struct buffer *out);

/* view_decision.c */
void view_decision(struct json_writer *writer, const struct decision *decision);
/* The answer to a submitted or stopped job. Its decision, when there is one, under "Decision". */
void view_reply(const struct world *world, const struct reply *reply, struct buffer *out);

/* view_cost.c */
void view_cost(const struct world *world, struct buffer *out);
void view_recommendations(const struct core *core, struct buffer *out);

/* view_fleet.c; account "" or NULL: all. At most VIEW_INSTANCES_MAX instances. */
void view_accounts(const struct world *world, struct buffer *out);
void view_instances(const struct world *world, const char *account, struct buffer *out);
void view_approvals(const struct world *world, struct buffer *out);

/* view_placement.c */
/* The latest plan of the whole federation: its cost, what nothing can go below, what room is worth. */
void view_placement(const struct world *world, struct buffer *out);
/* Its problem and plan files; false when none are kept. */
bool view_placement_files(const struct world *world, struct buffer *out);

/* view_metrics.c */
/* Figures in Prometheus' text format. */
void view_metrics(const struct world *world, const struct api_agent_facts *facts, struct buffer *out);

/* view_policy.c */
void view_policies(const struct world *world, struct buffer *out);
void view_policy(const struct world *world, const struct policy *policy, struct buffer *out);

/* answer_audit.c */
void view_audit_row(struct json_writer *writer, const struct audit_row *row);

#endif
