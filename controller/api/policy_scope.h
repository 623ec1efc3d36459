/* Which configured regions a policy leaves to its jobs; asked of policies in files and of those applied over HTTP. */
#ifndef DROVER_CONTROLLER_API_POLICY_SCOPE_H
#define DROVER_CONTROLLER_API_POLICY_SCOPE_H

#include <stdbool.h>

#include "model/policy.h"
#include "model/region_config.h"

bool policy_scope_allows(const struct policy *policy, const struct region_config *region);

#endif
