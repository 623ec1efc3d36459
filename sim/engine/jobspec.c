/* Reads a job file by the tables of jobspec_schema.c. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hcl.h"
#include "sim/engine/jobspec.h"
#include "sim/engine/query.h"
#include "sim/engine/world.h"

static bool fail(struct hcl_position position, struct error *ret_error, const char *summary, const char *name,
                 const char *detail)
{
    return error_set(ret_error, ERROR_INVALID, "input.hcl:%u,%u-%u: %s%s%s", position.line, position.column,
                     position.column + (unsigned)strlen(name), summary, name, detail);
}

static bool unsuitable(struct hcl_position position, struct error *ret_error, const char *detail)
{
    return fail(position, ret_error, "Unsuitable value type; Unsuitable value: ", "", detail);
}

/* ---- values ---- */

static json_t *value_json(const struct hcl_value *value, bool wrap);

static json_t *object_json(const struct hcl_value *value)
{
    json_t *object = json_object();

    for (const struct hcl_member *member = value->members; member != NULL; member = member->next)
        json_object_set_new(object, member->key, value_json(member->value, false));
    return object;
}

/* A driver's config keeps objects as lists of one (measured). */
static json_t *value_json(const struct hcl_value *value, bool wrap)
{
    json_t *list;

    switch (value->kind) {
    case HCL_FLAG:
        return json_boolean(value->flag);
    case HCL_NUMBER:
        return value->number.is_whole ? json_integer(value->number.whole)
                                      : json_real(strtod(value->number.digits, NULL));
    case HCL_TEXT:
        return json_stringn(value->text.bytes, value->text.length);
    case HCL_LIST:
        list = json_array();
        for (const struct hcl_value *item = value->items; item != NULL; item = item->next)
            json_array_append_new(list, value_json(item, false));
        return list;
    case HCL_OBJECT:
        return wrap ? json_pack("[o]", object_json(value)) : object_json(value);
    default:
        return json_null();
    }
}

static json_t *as_text(const struct hcl_value *value, struct error *ret_error)
{
    switch (value->kind) {
    case HCL_TEXT:
        return json_stringn(value->text.bytes, value->text.length);
    case HCL_NUMBER:
        return json_string(value->number.digits);
    case HCL_FLAG:
        return json_string(value->flag ? "true" : "false");
    default:
        unsuitable(value->position, ret_error, "a string is required");
        return NULL;
    }
}

static json_t *as_number(const struct hcl_value *value, struct error *ret_error)
{
    char *end;
    long long number;

    if (value->kind == HCL_NUMBER && value->number.is_whole)
        return json_integer(value->number.whole);
    if (value->kind == HCL_TEXT && value->text.length > 0 && value->text.length < 20) {
        number = strtoll(value->text.bytes, &end, 10);
        if (*end == '\0')
            return json_integer(number);
    }
    unsuitable(value->position, ret_error, "a number is required");
    return NULL;
}

static json_t *as_flag(const struct hcl_value *value, struct error *ret_error)
{
    if (value->kind == HCL_FLAG)
        return json_boolean(value->flag);
    if (value->kind == HCL_TEXT && (sim_same(value->text.bytes, "true") || sim_same(value->text.bytes, "false")))
        return json_boolean(sim_same(value->text.bytes, "true"));
    unsuitable(value->position, ret_error, "a bool is required");
    return NULL;
}

static json_t *as_duration(const struct hcl_value *value, struct error *ret_error)
{
    int64_t ns;

    if (value->kind == HCL_NUMBER && value->number.is_whole)
        return json_integer(value->number.whole);
    if (value->kind == HCL_TEXT && sim_duration_parse(value->text.bytes, &ns))
        return json_integer(ns);
    fail(value->position, ret_error, "Unsuitable value type; Unsuitable duration value: ", "",
         "time: invalid duration");
    return NULL;
}

static json_t *as_texts(const struct hcl_value *value, struct error *ret_error)
{
    json_t *list;

    if (value->kind != HCL_LIST) {
        unsuitable(value->position, ret_error, "list of string required");
        return NULL;
    }
    list = json_array();
    for (const struct hcl_value *item = value->items; item != NULL; item = item->next) {
        json_t *text = as_text(item, ret_error);

        if (text == NULL) {
            json_decref(list);
            return NULL;
        }
        json_array_append_new(list, text);
    }
    return list;
}

static json_t *as_map(const struct hcl_value *value, struct error *ret_error)
{
    json_t *map;

    if (value->kind != HCL_OBJECT) {
        unsuitable(value->position, ret_error, "map of string required");
        return NULL;
    }
    map = json_object();
    for (const struct hcl_member *member = value->members; member != NULL; member = member->next) {
        json_t *text = as_text(member->value, ret_error);

        if (text == NULL) {
            json_decref(map);
            return NULL;
        }
        json_object_set_new(map, member->key, text);
    }
    return map;
}

static json_t *argument_json(const struct sim_field *field, const struct hcl_argument *argument,
                             struct error *ret_error)
{
    switch (field->kind) {
    case SIM_FIELD_TEXT:
        return as_text(argument->value, ret_error);
    case SIM_FIELD_NUMBER:
        return as_number(argument->value, ret_error);
    case SIM_FIELD_FLAG:
        return as_flag(argument->value, ret_error);
    case SIM_FIELD_DURATION:
        return as_duration(argument->value, ret_error);
    case SIM_FIELD_TEXTS:
        return as_texts(argument->value, ret_error);
    case SIM_FIELD_MAP:
        return as_map(argument->value, ret_error);
    default:
        fail(argument->position, ret_error, "Unsupported argument; An argument named \"", argument->name,
             "\" is not expected here. Did you mean to define a block?");
        return NULL;
    }
}

/* ---- blocks ---- */

static json_t *read_block(const struct sim_schema *schema, const struct hcl_block *block, struct error *ret_error);

static const struct sim_field *find_field(const struct sim_schema *schema, const char *name)
{
    for (const struct sim_field *field = schema->fields; field->name != NULL; field++)
        if (sim_same(field->name, name))
            return field;
    return NULL;
}

/* Text to text (or to a list of texts) from a block's arguments. */
static json_t *read_map(const struct hcl_block *block, bool lists, struct error *ret_error)
{
    json_t *map = json_object();

    for (const struct hcl_argument *argument = block->body.arguments; argument != NULL; argument = argument->next) {
        json_t *value = lists ? as_texts(argument->value, ret_error) : as_text(argument->value, ret_error);

        if (value == NULL) {
            json_decref(map);
            return NULL;
        }
        json_object_set_new(map, argument->name, value);
    }
    return map;
}

static json_t *read_free(const struct hcl_body *body)
{
    json_t *object = json_object();

    for (const struct hcl_argument *argument = body->arguments; argument != NULL; argument = argument->next)
        json_object_set_new(object, argument->name, value_json(argument->value, true));
    for (const struct hcl_block *block = body->blocks; block != NULL; block = block->next) {
        json_t *inside = read_free(&block->body);

        for (size_t i = block->label_count; i-- > 0;)
            inside = json_pack("{s:[o]}", block->labels[i], inside);
        if (json_object_get(object, block->type) == NULL)
            json_object_set_new(object, block->type, json_array());
        json_array_append_new(json_object_get(object, block->type), inside);
    }
    return object;
}

/* `attribute`, `operator`, `value`, and the short forms: version, regexp, distinct_hosts... */
static json_t *read_constraint(const struct hcl_block *block, struct error *ret_error)
{
    static const char *const operands[] = {
        "version", "semver", "regexp", "set_contains", "set_contains_any", "distinct_property", "distinct_hosts"};
    json_t *constraint = json_pack("{s:s, s:s, s:s}", "LTarget", "", "Operand", "=", "RTarget", "");

    for (const struct hcl_argument *argument = block->body.arguments; argument != NULL; argument = argument->next) {
        json_t *text = as_text(argument->value, ret_error);
        const char *operand = NULL;

        for (size_t i = 0; i < sizeof operands / sizeof *operands; i++)
            if (sim_same(operands[i], argument->name))
                operand = operands[i];
        if (text == NULL || (operand == NULL && !sim_same(argument->name, "attribute") &&
                             !sim_same(argument->name, "value") && !sim_same(argument->name, "operator"))) {
            if (text != NULL)
                fail(argument->position, ret_error, "Unsupported argument; An argument named \"", argument->name,
                     "\" is not expected here.");
            json_decref(text);
            json_decref(constraint);
            return NULL;
        }
        if (operand != NULL)
            json_object_set_new(constraint, "Operand", json_string(operand));
        json_object_set_new(constraint,
                            sim_same(argument->name, "attribute") || sim_same(argument->name, "distinct_property")
                                ? "LTarget"
                            : sim_same(argument->name, "operator") ? "Operand"
                                                                   : "RTarget",
                            text);
    }
    return constraint;
}

static void append(json_t *object, const char *key, json_t *item)
{
    if (!json_is_array(json_object_get(object, key)))
        json_object_set_new(object, key, json_array());
    json_array_append_new(json_object_get(object, key), item);
}

static bool read_port(json_t *network, const struct hcl_block *block, struct error *ret_error)
{
    static const struct sim_field fields[] = {{"static", "Value", SIM_FIELD_NUMBER, NULL},
                                              {"to", "To", SIM_FIELD_NUMBER, NULL},
                                              {"host_network", "HostNetwork", SIM_FIELD_TEXT, NULL},
                                              {"ignore_collision", "IgnoreCollision", SIM_FIELD_FLAG, NULL},
                                              {NULL, NULL, SIM_FIELD_IGNORED, NULL}};
    static const struct sim_schema schema = {
        "{\"HostNetwork\":\"\",\"IgnoreCollision\":false,\"Label\":\"\",\"To\":0,\"Value\":0}", "Label", fields};
    json_t *port = read_block(&schema, block, ret_error);

    if (port == NULL)
        return false;
    append(network, sim_get_number(port, "Value", 0) > 0 ? "ReservedPorts" : "DynamicPorts", port);
    return true;
}

static bool read_task_group(json_t *job, const struct sim_field *field, const struct hcl_block *block,
                            struct error *ret_error)
{
    json_t *task = read_block(field->schema, block, ret_error), *group;

    if (task == NULL)
        return false;
    group = json_loads(sim_schema_group.defaults, 0, NULL);
    json_object_set(group, "Name", json_object_get(task, "Name"));
    json_object_set_new(group, "Tasks", json_pack("[o]", task));
    append(job, field->key, group);
    return true;
}

/* The first unnamed identity is the default one, named ones are a list. */
static void put_identity(json_t *task, json_t *identity)
{
    if (*sim_get_text(identity, "Name", "") == '\0' || sim_same(sim_get_text(identity, "Name", ""), "default"))
        json_object_set_new(task, "Identity", identity);
    else
        append(task, "Identities", identity);
}

static bool read_inner(json_t *object, const struct sim_field *field, const struct hcl_block *block,
                       struct error *ret_error)
{
    json_t *inside = NULL;

    switch (field->kind) {
    case SIM_FIELD_MAP:
    case SIM_FIELD_LISTS:
        inside = read_map(block, field->kind == SIM_FIELD_LISTS, ret_error);
        break;
    case SIM_FIELD_FREE:
        inside = read_free(&block->body);
        break;
    case SIM_FIELD_CONSTRAINTS:
        inside = read_constraint(block, ret_error);
        break;
    case SIM_FIELD_PORTS:
        return read_port(object, block, ret_error);
    case SIM_FIELD_TASK_GROUP:
        return read_task_group(object, field, block, ret_error);
    case SIM_FIELD_BLOCK:
    case SIM_FIELD_BLOCKS:
    case SIM_FIELD_NAMED:
    case SIM_FIELD_IDENTITY:
        inside = read_block(field->schema, block, ret_error);
        break;
    default:
        return fail(block->position, ret_error, "Unsupported block type; Blocks of type \"", block->type,
                    "\" are not expected here.");
    }
    if (inside == NULL)
        return false;
    if (field->kind == SIM_FIELD_BLOCKS || field->kind == SIM_FIELD_CONSTRAINTS) {
        append(object, field->key, inside);
    } else if (field->kind == SIM_FIELD_IDENTITY) {
        put_identity(object, inside);
    } else if (field->kind == SIM_FIELD_NAMED) {
        if (!json_is_object(json_object_get(object, field->key)))
            json_object_set_new(object, field->key, json_object());
        json_object_set_new(json_object_get(object, field->key), block->labels[0], inside);
    } else {
        json_object_set_new(object, field->key, inside);
    }
    return true;
}

static json_t *read_block(const struct sim_schema *schema, const struct hcl_block *block, struct error *ret_error)
{
    json_t *object = json_loads(schema->defaults, 0, NULL);
    bool good = true;

    if (schema->label_key != NULL && block->label_count != 1)
        good =
            fail(block->position, ret_error, "Missing name for ", block->type, "; All such blocks must have 1 label.");
    else if (schema->label_key != NULL)
        json_object_set_new(object, schema->label_key, json_string(block->labels[0]));
    for (const struct hcl_argument *a = block->body.arguments; good && a != NULL; a = a->next) {
        const struct sim_field *field = find_field(schema, a->name);
        json_t *value = NULL;

        if (field == NULL)
            good = fail(a->position, ret_error, "Unsupported argument; An argument named \"", a->name,
                        "\" is not expected here.");
        else if (a->value->kind == HCL_NULL)
            continue;
        else
            good = (value = argument_json(field, a, ret_error)) != NULL;
        if (good)
            json_object_set_new(object, field->key, value);
        if (good && schema->label_key == NULL && field->schema == NULL && sim_same(field->key, "RTarget") &&
            !sim_same(field->name, "value"))
            json_object_set_new(object, "Operand", json_string(field->name));
    }
    for (const struct hcl_block *inner = block->body.blocks; good && inner != NULL; inner = inner->next) {
        const struct sim_field *field = find_field(schema, inner->type);

        good = field != NULL ? read_inner(object, field, inner, ret_error)
                             : fail(inner->position, ret_error, "Unsupported block type; Blocks of type \"",
                                    inner->type, "\" are not expected here.");
    }
    if (good)
        return object;
    json_decref(object);
    return NULL;
}

/* ---- variables and the whole ---- */

/* base/hcl says "input.hcl:L:C: ..."; Nomad "input.hcl:L,C-C: ...". */
static void nomad_position(struct error *error)
{
    char kept[ERROR_TEXT_MAX];
    unsigned line, column;
    int used = 0;

    if (sscanf(error->text, "input.hcl:%u:%u: %n", &line, &column, &used) != 2 || used == 0)
        return;
    snprintf(kept, sizeof kept, "%s", error->text + used);
    error_set(error, error->code, "input.hcl:%u,%u-%u: %s", line, column, column + 1, kept);
}

static struct hcl_document *read_text(const char *text, struct error *ret_error)
{
    struct hcl_document *document = hcl_document_new();

    if (hcl_document_add(document, "input.hcl", text, strlen(text), ret_error))
        return document;
    nomad_position(ret_error);
    hcl_document_free(document);
    return NULL;
}

/* What a variable file or -var gives is text or number; the declared type decides. */
static json_t *as_declared(const struct hcl_value *value, const char *type)
{
    struct error ignored;
    json_t *converted = NULL;

    if (sim_same(type, "number"))
        converted = as_number(value, &ignored);
    else if (sim_same(type, "string"))
        converted = as_text(value, &ignored);
    else if (sim_same(type, "bool"))
        converted = as_flag(value, &ignored);
    return converted != NULL ? converted : value_json(value, false);
}

static const char *declared_type(const struct hcl_block *block)
{
    const struct hcl_argument *type = hcl_find_argument(&block->body, "type");

    return type != NULL && type->value->kind == HCL_TEXT ? type->value->text.bytes : "any";
}

static json_t *gather_variables(const struct hcl_document *job, const struct hcl_document *given,
                                struct error *ret_error)
{
    json_t *values = json_object();

    for (const struct hcl_block *block = hcl_next_block(hcl_document_body(job)->blocks, "variable"); block != NULL;
         block = hcl_next_block(block->next, "variable")) {
        const char *name = block->label_count == 1 ? block->labels[0] : "";
        const struct hcl_argument *set = hcl_find_argument(hcl_document_body(given), name);

        if (set == NULL)
            set = hcl_find_argument(&block->body, "default");
        if (set == NULL) {
            error_set(ret_error, ERROR_INVALID,
                      "<nil>: Unset variable \"%s\"; A used variable must be set or have a default value; see "
                      "https://developer.hashicorp.com/nomad/docs/reference/hcl2/variables  for details.",
                      name);
            json_decref(values);
            return NULL;
        }
        json_object_set_new(values, name, as_declared(set->value, declared_type(block)));
    }
    return values;
}

static json_t *read_values(const char *text, const char *variables, struct error *ret_error)
{
    struct buffer expanded = BUFFER_INIT;
    struct hcl_document *job = NULL, *given = NULL;
    json_t *values = NULL;

    if (sim_jobspec_expand(text, NULL, &expanded, ret_error))
        job = read_text(expanded.data, ret_error);
    if (job != NULL)
        given = read_text(variables, ret_error);
    if (given != NULL)
        values = gather_variables(job, given, ret_error);
    if (job != NULL)
        hcl_document_free(job);
    if (given != NULL)
        hcl_document_free(given);
    buffer_release(&expanded);
    return values;
}

static json_t *read_job(const struct hcl_document *document, struct error *ret_error)
{
    const struct hcl_body *body = hcl_document_body(document);
    const struct hcl_block *found = NULL;
    json_t *job;

    if (body->arguments != NULL) {
        fail(body->arguments->position, ret_error, "Unsupported argument; An argument named \"", body->arguments->name,
             "\" is not expected here.");
        return NULL;
    }
    for (const struct hcl_block *block = body->blocks; block != NULL; block = block->next) {
        if (sim_same(block->type, "variable"))
            continue;
        if (!sim_same(block->type, "job")) {
            fail(block->position, ret_error, "Unsupported block type; Blocks of type \"", block->type,
                 "\" are not expected here.");
            return NULL;
        }
        if (found != NULL) {
            fail(block->position, ret_error, "Duplicate ", block->type,
                 " block; Only one block of type \"job\" is allowed.");
            return NULL;
        }
        found = block;
    }
    if (found == NULL) {
        error_set(ret_error, ERROR_INVALID, "'job' block not found");
        return NULL;
    }
    job = read_block(&sim_schema_job, found, ret_error);
    if (job != NULL && json_is_null(json_object_get(job, "Name")))
        json_object_set_new(job, "Name", json_string(found->labels[0]));
    return job;
}

json_t *sim_jobspec_parse(const char *text, const char *variables, struct error *ret_error)
{
    struct buffer expanded = BUFFER_INIT;
    struct hcl_document *document = NULL;
    json_t *values = read_values(text, variables, ret_error), *job = NULL;

    if (values != NULL && sim_jobspec_expand(text, values, &expanded, ret_error))
        document = read_text(expanded.data, ret_error);
    if (document != NULL) {
        job = read_job(document, ret_error);
        hcl_document_free(document);
    }
    json_decref(values);
    buffer_release(&expanded);
    return job;
}
