/* Decisions in tables: see decision.h. */
#include "controller/cli/decision.h"

#include <inttypes.h>
#include <string.h>

#include "controller/cli/fields.h"
#include "controller/cli/output.h"

static bool line_counts(const json_t *line)
{
    return field_i64(line, "Count") > 0 || field_i64(line, "CountBefore") > 0;
}

bool decision_changes(const json_t *decision)
{
    const json_t *line;
    size_t i;
    json_array_foreach(field_list(decision, "Lines"), i, line)
    {
        if (field_i64(line, "Count") != field_i64(line, "CountBefore")) {
            return true;
        }
    }
    return false;
}

static const char *pool_of(const json_t *line)
{
    return field_text(line, "Pool")[0] != '\0' ? field_text(line, "Pool") : "(all)";
}

void decision_show_changes(const json_t *decision)
{
    struct table *table = table_new();
    const json_t *line;
    size_t i;
    table_column(table, "", TABLE_LEFT);
    table_column(table, "Region", TABLE_LEFT);
    table_column(table, "Pool", TABLE_LEFT);
    table_column(table, "Group", TABLE_LEFT);
    table_column(table, "Count now", TABLE_RIGHT);
    table_column(table, "Then", TABLE_RIGHT);
    table_column(table, "Each $/h", TABLE_RIGHT);
    table_column(table, "Marginal", TABLE_RIGHT);
    json_array_foreach(field_list(decision, "Lines"), i, line)
    {
        int64_t before = field_i64(line, "CountBefore"), after = field_i64(line, "Count");
        if (!line_counts(line)) {
            continue;
        }
        table_text(table, before == 0 && after > 0 ? "+" : after == 0 ? "-" : after != before ? "~" : " ");
        cell_text(table, line, "Region");
        table_text(table, pool_of(line));
        cell_text(table, line, "Group");
        table_i64(table, before);
        table_i64(table, after);
        cell_money(table, line, "UnitHourlyUSD", 4);
        cell_money(table, line, "UnitMarginalHourlyUSD", 4);
    }
    if (table_rows(table) == 0) {
        table_free(table);
        output_line("Nothing can be placed.");
        return;
    }
    output_table(table);
}

/* The dearest place chosen for the group: any other would have had to beat that one. */
static bool chosen_unit(const json_t *decision, const char *group, int64_t *ret_uusd)
{
    const json_t *line;
    size_t i;
    bool any = false;
    json_array_foreach(field_list(decision, "Lines"), i, line)
    {
        int64_t unit;
        if (strcmp(field_text(line, "Group"), group) == 0 && field_i64(line, "Count") > 0 &&
            field_money(line, "UnitMarginalHourlyUSD", &unit) && (!any || unit > *ret_uusd)) {
            *ret_uusd = unit;
            any = true;
        }
    }
    return any;
}

static void cell_difference(struct table *table, const json_t *decision, const json_t *line)
{
    char text[MONEY_TEXT_MAX];
    int64_t unit, chosen;
    if (field_i64(line, "Count") > 0 || !field_money(line, "UnitMarginalHourlyUSD", &unit) ||
        !chosen_unit(decision, field_text(line, "Group"), &chosen)) {
        table_text(table, "-");
        return;
    }
    table_printf(table, "%s%s", unit >= chosen ? "+" : "", money_format_rounded(unit - chosen, 4, text));
}

static void cell_fits(struct table *table, const json_t *line)
{
    const json_t *fits = json_object_get(line, "Fits");
    if (json_is_integer(fits)) {
        cell_i64(table, line, "Fits");
    } else {
        table_text(table, "-");
    }
}

/* Where a place was ruled out before its price was looked at, there is none to show. */
static void cell_unit(struct table *table, const json_t *line, const char *key)
{
    int64_t unit;
    if (!field_money(line, key, &unit) && strcmp(field_text(line, "Reason"), "unpriced") != 0) {
        table_text(table, "-");
    } else {
        cell_money(table, line, key, 4);
    }
}

static void cell_scarcity(struct table *table, const json_t *line)
{
    int64_t worth;
    if (field_money(line, "ScarcityHourlyUSD", &worth)) {
        cell_money(table, line, "ScarcityHourlyUSD", 4);
    } else {
        table_text(table, "-");
    }
}

void decision_show_growth(const json_t *decision)
{
    const json_t *growth = json_object_get(decision, "Growth"), *pool;
    char cost[MONEY_TEXT_MAX], bound[MONEY_TEXT_MAX], gap[FIELD_TEXT_MAX];
    size_t i;
    if (!json_is_object(growth)) {
        return;
    }
    struct table *table = table_new();
    output_heading("Nodes that would hold the rest");
    table_column(table, "Region", TABLE_LEFT);
    table_column(table, "Pool", TABLE_LEFT);
    table_column(table, "Nodes now", TABLE_RIGHT);
    table_column(table, "More", TABLE_RIGHT);
    table_column(table, "For", TABLE_RIGHT);
    table_column(table, "Full $/h a node", TABLE_RIGHT);
    table_column(table, "Marginal", TABLE_RIGHT);
    json_array_foreach(field_list(growth, "Pools"), i, pool)
    {
        cell_text(table, pool, "Region");
        cell_text(table, pool, "Pool");
        cell_i64(table, pool, "NodesNow");
        cell_i64(table, pool, "NodesMore");
        cell_i64(table, pool, "Allocations");
        cell_money(table, pool, "NodeHourlyUSD", 4);
        cell_money(table, pool, "NodeMarginalHourlyUSD", 4);
    }
    output_table(table);
    output_line("\nTogether $%s an hour with every allocation on one node; nothing goes below $%s (gap at most %s).",
                field_money_text(growth, "PackedCostUSD", 4, cost), field_money_text(growth, "BoundUSD", 4, bound),
                field_gap(growth, "PackedGapPPM", gap));
    output_line("Drover starts those of pools that have a provider_pool; the others are yours to start.");
}

void decision_show_candidates(const json_t *decision)
{
    struct table *table = table_new();
    const json_t *line;
    size_t i;
    table_column(table, "Group", TABLE_LEFT);
    table_column(table, "Region", TABLE_LEFT);
    table_column(table, "Pool", TABLE_LEFT);
    table_column(table, "Count", TABLE_RIGHT);
    table_column(table, "Room for", TABLE_RIGHT);
    table_column(table, "Marginal $/h each", TABLE_RIGHT);
    table_column(table, "Its room is worth", TABLE_RIGHT);
    table_column(table, "Against chosen", TABLE_RIGHT);
    table_column(table, "Full $/h each", TABLE_RIGHT);
    table_column(table, "Why", TABLE_LEFT);
    json_array_foreach(field_list(decision, "Lines"), i, line)
    {
        const char *detail = field_text(line, "Detail"), *reason = field_text(line, "ReasonText");
        cell_text(table, line, "Group");
        cell_text(table, line, "Region");
        table_text(table, pool_of(line));
        cell_i64(table, line, "Count");
        cell_fits(table, line);
        cell_unit(table, line, "UnitMarginalHourlyUSD");
        cell_scarcity(table, line);
        cell_difference(table, decision, line);
        cell_unit(table, line, "UnitHourlyUSD");
        table_printf(table, "%s%s%s", reason, detail[0] != '\0' ? ": " : "", detail);
    }
    output_table(table);
}

void decision_add_cost(struct table_pairs *pairs, const json_t *decision)
{
    char before[MONEY_TEXT_MAX], after[MONEY_TEXT_MAX], month[MONEY_TEXT_MAX], budget[MONEY_TEXT_MAX];
    char gap[FIELD_TEXT_MAX];
    int64_t limit;
    table_pairs_text(pairs, "Policy", field_text(decision, "Policy"));
    table_pairs_printf(pairs, "Full $/h", "%s now, %s then ($%s a month)",
                       field_money_text(decision, "HourlyBeforeUSD", 4, before),
                       field_money_text(decision, "HourlyAfterUSD", 4, after),
                       field_money_text(decision, "MonthlyAfterUSD", 2, month));
    table_pairs_printf(pairs, "Marginal $/h", "%s now, %s then (what it adds to what is paid anyway)",
                       field_money_text(decision, "MarginalBeforeUSD", 4, before),
                       field_money_text(decision, "MarginalAfterUSD", 4, after));
    if (field_money(decision, "BoundUSD", &limit)) {
        table_pairs_printf(
            pairs, "Proof",
            "no placement costs less than %s $/h marginal: this one, packed onto its nodes, is within %s of the best",
            money_format_rounded(limit, 4, before), field_gap(decision, "GapPPM", gap));
    }
    if (field_money(decision, "BudgetMonthlyUSD", &limit)) {
        table_pairs_printf(pairs, "Budget", "$%s a month at the full rate", money_format_rounded(limit, 2, budget));
    } else {
        table_pairs_text(pairs, "Budget", "none");
    }
}
