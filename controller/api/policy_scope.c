#include "controller/api/policy_scope.h"

#include "base/buffer.h"

bool policy_scope_allows(const struct policy *policy, const struct region_config *region)
{
    const char *labels[LABELS_MAX], *rule;
    struct buffer texts[LABELS_MAX];
    for (size_t i = 0; i < region->label_count; i++) {
        buffer_init(&texts[i]);
        buffer_printf(&texts[i], "%s=%s", region->labels[i].key, region->labels[i].value);
        labels[i] = texts[i].data;
    }
    bool allowed = policy_allows_region(policy, region->name, region->provider, labels, region->label_count, &rule);
    for (size_t i = 0; i < region->label_count; i++) {
        buffer_release(&texts[i]);
    }
    return allowed;
}
