#include "model/commitment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/money.h"
#include "base/text.h"
#include "model/region_config.h"

enum { MILLION = 1000000 };

const char *commitment_kind_word(enum commitment_kind kind)
{
    return kind == COMMITMENT_RESERVATION ? "reservation" : "savings-plan";
}

void commitment_release(struct commitment *commitment)
{
    free(commitment->name);
    for (size_t i = 0; i < commitment->pools.count; i++)
        free(commitment->pools.list[i]);
    free(commitment->pools.list);
    *commitment = (struct commitment){0};
}

void commitment_copy(struct commitment *into, const struct commitment *from)
{
    *into = *from;
    into->name = memory_copy_text(from->name, strlen(from->name));
    into->pools = (struct patterns){0};
    for (size_t i = 0; i < from->pools.count; i++)
        patterns_add(&into->pools, from->pools.list[i]);
}

bool commitment_covers(const struct commitment *commitment, const char *region, const char *pool)
{
    char name[2 * REGION_NAME_MAX + 2];
    snprintf(name, sizeof name, "%s/%s", region, pool);
    for (size_t i = 0; i < commitment->pools.count; i++)
        if (text_glob(commitment->pools.list[i], name))
            return true;
    return false;
}

int64_t commitment_machine_uusd_h(const struct commitment *commitment, int64_t list_uusd_h)
{
    int64_t rate = 0;
    if (commitment->kind == COMMITMENT_RESERVATION)
        return commitment->uusd_h;
    return money_scale_up(list_uusd_h, MILLION - commitment->discount_millionths, MILLION, &rate) ? rate : list_uusd_h;
}
