/* A decision for people: what it changes (job plan) and why (explain). */
#ifndef DROVER_CONTROLLER_CLI_DECISION_H
#define DROVER_CONTROLLER_CLI_DECISION_H

#include <jansson.h>
#include <stdbool.h>

#include "base/table.h"

/* Counts before and after, by region and pool; those that stay nothing are left out. */
void decision_show_changes(const json_t *decision);
/* Every candidate with its reason, its unit price and what it is dearer than the place chosen. */
void decision_show_candidates(const json_t *decision);
/* Nodes that would hold what found no place; nothing when none are proposed. */
void decision_show_growth(const json_t *decision);
/* Adds cost before and after at both rates, budget, policy. */
void decision_add_cost(struct table_pairs *pairs, const json_t *decision);
/* True when a count changes. */
bool decision_changes(const json_t *decision);

#endif
