/* Nomad's HCL job files as API JSON, as far as a simulation needs them: literal values, `variable` blocks, var.NAME as
 * a whole value and "${var.NAME}" in text. Anything that has to be evaluated otherwise is refused. Private to
 * sim/engine. Shapes: POST /v1/jobs/parse of Nomad 2.0.5 with Canonicalize false. */
#ifndef DROVER_SIM_ENGINE_JOBSPEC_H
#define DROVER_SIM_ENGINE_JOBSPEC_H

#include <jansson.h>

#include "base/buffer.h"
#include "base/error.h"

enum { SIM_JOBSPEC_MAX = 1024 * 1024 };

/* The job object, or NULL with a text such as "input.hcl:3,2-5: Unsupported argument; ...". `variables` is the text of
 * a variable file or "". */
json_t *sim_jobspec_parse(const char *text, const char *variables, struct error *ret_error);

/* ---- jobspec_variables.c ---- */

/* The text with variables put in. `values` maps names to JSON values; NULL puts null everywhere (the first pass, which
 * only looks for the variable blocks). Type expressions become quoted text. */
bool sim_jobspec_expand(const char *text, const json_t *values, struct buffer *out, struct error *ret_error);

/* ---- jobspec_schema.c: what blocks hold ---- */

enum sim_field_kind {
    SIM_FIELD_TEXT,
    SIM_FIELD_NUMBER,
    SIM_FIELD_FLAG,
    SIM_FIELD_DURATION,
    SIM_FIELD_TEXTS,
    SIM_FIELD_MAP,    /* text to text, as a block or as an object */
    SIM_FIELD_LISTS,  /* text to list of texts (check headers) */
    SIM_FIELD_FREE,   /* a task's config: whatever it holds */
    SIM_FIELD_BLOCK,  /* one block */
    SIM_FIELD_BLOCKS, /* a list, one member a block */
    SIM_FIELD_NAMED,  /* an object, one member a block by its label */
    SIM_FIELD_CONSTRAINTS,
    SIM_FIELD_PORTS,
    SIM_FIELD_IDENTITY,
    SIM_FIELD_TASK_GROUP, /* a task at the job's level: a group of its own */
    SIM_FIELD_IGNORED
};

struct sim_schema;

struct sim_field {
    const char *name; /* in HCL */
    const char *key;  /* in JSON */
    enum sim_field_kind kind;
    const struct sim_schema *schema;
};

struct sim_schema {
    const char *defaults;           /* the JSON object before anything is set */
    const char *label_key;          /* member that takes the block's label, or NULL for a block without one */
    const struct sim_field *fields; /* ends with a NULL name */
};

extern const struct sim_schema sim_schema_job;
extern const struct sim_schema sim_schema_group;

#endif
