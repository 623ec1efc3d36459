/* Nomad job specifications: what is asked for, and how a region's copy of it is written. Pure functions on JSON.
 *
 * A specification is the object that /v1/jobs/parse gives with Canonicalize=false (nulls where nothing was said). */
#ifndef DROVER_CONTROLLER_FEDERATION_NOMAD_SPEC_H
#define DROVER_CONTROLLER_FEDERATION_NOMAD_SPEC_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/error.h"
#include "model/effect.h"
#include "model/job_demand.h"

enum { NOMAD_SPEC_MAX = 8 * 1024 * 1024, NOMAD_SPEC_DEPTH_MAX = 64 };

/* Reads {"Job": {...}} or the bare job object, checks it and gives its demand and the body to keep (bare object,
 * compact). Group count null is 1; task resources default as Nomad's (100 MHz, 300 MB; ephemeral disk 300 MB; `cores`
 * are refused with a reason); lifecycle tasks count as Nomad counts them. Errors: ERROR_INVALID with the JSON path. */
bool nomad_spec_read(const char *json, size_t length, struct job_demand *ret_demand, struct buffer *ret_body,
                     struct error *ret_error);

/* The JSON body `{"Job":{...}}` fields' job object for one region: counts, pins and the region's own values (Region set
 * explicitly, `multiregion` stripped with its datacenters, node_pool, meta and count overrides applied,
 * AutoRevert=false in every update block), otherwise unchanged. A group that is split over pools gets its further parts
 * appended, each called "<group>-<pool>" and pinned, with max_parallel and canary divided among them. */
bool nomad_spec_render(const char *body, size_t length, const struct copy_wanted *wanted, const char *region,
                       struct buffer *ret_job, struct error *ret_error);

/* The shift rule: the live job as GET /v1/job/:id gives it, with only TaskGroups[].Count changed and missing parts of
 * split groups appended. ERROR_CONFLICT when a wanted group is not there. */
bool nomad_spec_shift(const char *live, size_t length, const struct copy_wanted *wanted, struct buffer *ret_job,
                      struct error *ret_error);

#endif
