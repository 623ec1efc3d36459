/* Which nodes a group may run on: datacenters, node pool, drivers and constraints. */
#include <fnmatch.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/engine/world.h"

enum { REGEXP_MAX = 512, VERSION_PARTS = 4 };

bool sim_glob(const char *pattern, const char *text)
{
    return fnmatch(pattern, text, 0) == 0;
}

bool sim_node_in_datacenters(const struct sim_node *node, const struct sim_spec *spec)
{
    json_t *pattern;
    size_t i;

    json_array_foreach(json_object_get(spec->json, "Datacenters"), i, pattern)
    {
        if (json_is_string(pattern) && sim_glob(json_string_value(pattern), node->class->datacenter))
            return true;
    }
    return false;
}

bool sim_node_has_drivers(const struct sim_node *node, const struct sim_group *group)
{
    for (size_t i = 0; i < group->driver_count; i++) {
        bool found = false;

        for (size_t k = 0; k < node->class->driver_count && !found; k++)
            found = sim_same(group->drivers[i], node->class->drivers[k]);
        if (!found)
            return false;
    }
    return true;
}

static const char *resolve_attribute(const struct sim_node *node, const char *name, char *scratch, size_t size)
{
    const char *value = sim_get_text(node->class->attributes, name, NULL);

    if (value != NULL)
        return value;
    if (sim_same(name, "unique.hostname"))
        return node->name;
    if (sim_same(name, SIM_INSTANCE_ATTRIBUTE))
        return node->instance;
    if (strncmp(name, "driver.", 7) == 0)
        for (size_t i = 0; i < node->class->driver_count; i++)
            if (sim_same(name + 7, node->class->drivers[i]))
                return "1";
    if (sim_same(name, "cpu.totalcompute") || sim_same(name, "cpu.usablecompute"))
        snprintf(scratch, size, "%d", node->class->cpu);
    else if (sim_same(name, "memory.totalbytes"))
        snprintf(scratch, size, "%lld", (long long)node->class->memory * 1024 * 1024);
    else
        return NULL;
    return scratch;
}

const char *sim_node_resolve(const struct sim_node *node, const char *target, char *scratch, size_t size)
{
    char name[256];
    size_t length = strlen(target);

    if (strncmp(target, "${", 2) != 0)
        return target;
    if (length < 4 || length - 3 >= sizeof name || target[length - 1] != '}')
        return NULL;
    memcpy(name, target + 2, length - 3);
    name[length - 3] = '\0';
    if (sim_same(name, "node.class"))
        return node->class->node_class;
    if (sim_same(name, "node.datacenter"))
        return node->class->datacenter;
    if (sim_same(name, "node.pool"))
        return node->class->node_pool;
    if (sim_same(name, "node.unique.name"))
        return node->name;
    if (sim_same(name, "node.unique.id"))
        return node->id;
    if (strncmp(name, "attr.", 5) == 0)
        return resolve_attribute(node, name + 5, scratch, size);
    if (strncmp(name, "meta.", 5) == 0)
        return sim_get_text(node->class->meta, name + 5, NULL);
    return NULL;
}

static void version_parts(const char *text, long ret_parts[VERSION_PARTS])
{
    memset(ret_parts, 0, VERSION_PARTS * sizeof *ret_parts);
    if (*text == 'v')
        text++;
    for (size_t i = 0; i < VERSION_PARTS; i++) {
        char *end;

        ret_parts[i] = strtol(text, &end, 10);
        if (*end != '.')
            return;
        text = end + 1;
    }
}

static int version_compare(const char *a, const char *b)
{
    long x[VERSION_PARTS], y[VERSION_PARTS];

    version_parts(a, x);
    version_parts(b, y);
    for (size_t i = 0; i < VERSION_PARTS; i++)
        if (x[i] != y[i])
            return x[i] < y[i] ? -1 : 1;
    return 0;
}

/* "OP VERSION[, OP VERSION]" with OP one of = != > >= < <=; others hold for nothing. */
static bool version_holds(const char *version, const char *wanted)
{
    char text[256], *at = text, *part;

    if (strlen(wanted) >= sizeof text)
        return false;
    strcpy(text, wanted);
    while ((part = strsep(&at, ",")) != NULL) {
        char operator[3] = "";
        size_t n = 0;
        int order;

        part += strspn(part, " ");
        while (n < 2 && strchr("=!<>", *part) != NULL && *part != '\0')
            operator[n++] = * part++;
        part += strspn(part, " ");
        order = version_compare(version, part);
        if ((operator[0] == '\0' || sim_same(operator, "=")) ? order != 0
            : sim_same(operator, "!=")                       ? order == 0
            : sim_same(operator, ">")                        ? order <= 0
            : sim_same(operator, ">=")                       ? order < 0
            : sim_same(operator, "<")                        ? order >= 0
            : sim_same(operator, "<=")                       ? order > 0
                                                             : true)
            return false;
    }
    return true;
}

static bool regexp_holds(const char *value, const char *pattern)
{
    regex_t compiled;
    bool match;

    if (strlen(pattern) > REGEXP_MAX || regcomp(&compiled, pattern, REG_EXTENDED | REG_NOSUB) != 0)
        return false;
    match = regexec(&compiled, value, 0, NULL, 0) == 0;
    regfree(&compiled);
    return match;
}

static bool set_contains(const char *set, const char *wanted, bool any)
{
    char text[1024], *at = text, *part;

    if (strlen(wanted) >= sizeof text)
        return false;
    strcpy(text, wanted);
    while ((part = strsep(&at, ",")) != NULL) {
        const char *in = set;
        size_t length;
        bool found = false;

        part += strspn(part, " ");
        length = strcspn(part, " ");
        while (!found && *in != '\0') {
            in += strspn(in, " ,");
            found = strncmp(in, part, length) == 0 && (in[length] == ',' || in[length] == ' ' || in[length] == '\0');
            in += strcspn(in, ",");
        }
        if (found == any)
            return any;
    }
    return !any;
}

bool sim_constraint_holds(const struct sim_node *node, const struct sim_constraint *constraint)
{
    char left_scratch[64], right_scratch[64];
    const char *left = sim_node_resolve(node, constraint->left, left_scratch, sizeof left_scratch);
    const char *right = sim_node_resolve(node, constraint->right, right_scratch, sizeof right_scratch);
    const char *operand = constraint->operand;

    if (sim_same(operand, "distinct_hosts") || sim_same(operand, "distinct_property"))
        return true; /* judged where the plan's own placements are known */
    if (sim_same(operand, "is_set") || sim_same(operand, "attribute_is_set"))
        return left != NULL;
    if (sim_same(operand, "is_not_set") || sim_same(operand, "attribute_is_not_set"))
        return left == NULL;
    if (sim_same(operand, "!=") || sim_same(operand, "not"))
        return left == NULL || right == NULL ? left != right : !sim_same(left, right);
    if (left == NULL || right == NULL)
        return false;
    if (sim_same(operand, "=") || sim_same(operand, "==") || sim_same(operand, "is"))
        return sim_same(left, right);
    if (sim_same(operand, "regexp"))
        return regexp_holds(left, right);
    if (sim_same(operand, "version") || sim_same(operand, "semver"))
        return version_holds(left, right);
    if (sim_same(operand, "set_contains") || sim_same(operand, "set_contains_all"))
        return set_contains(left, right, false);
    if (sim_same(operand, "set_contains_any"))
        return set_contains(left, right, true);
    if (sim_same(operand, "<"))
        return strtod(left, NULL) < strtod(right, NULL);
    if (sim_same(operand, "<="))
        return strtod(left, NULL) <= strtod(right, NULL);
    if (sim_same(operand, ">"))
        return strtod(left, NULL) > strtod(right, NULL);
    if (sim_same(operand, ">="))
        return strtod(left, NULL) >= strtod(right, NULL);
    return false;
}
