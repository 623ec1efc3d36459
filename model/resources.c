#include "model/resources.h"

static int64_t clamped(int64_t value)
{
    return value > INT64_MAX / 2 ? INT64_MAX / 2 : value;
}

void resources_add(struct resources *into, const struct resources *by)
{
    for (int k = 0; k < RESOURCE_COUNT; k++)
        into->amount[k] = clamped(clamped(into->amount[k]) + clamped(by->amount[k]));
}

void resources_subtract(struct resources *from, const struct resources *by)
{
    for (int k = 0; k < RESOURCE_COUNT; k++)
        from->amount[k] -= clamped(by->amount[k]);
}

bool resources_fit(const struct resources *need, const struct resources *room)
{
    for (int k = 0; k < RESOURCE_COUNT; k++)
        if (need->amount[k] > room->amount[k] && need->amount[k] > 0)
            return false;
    return true;
}

int64_t resources_times(const struct resources *need, const struct resources *room)
{
    int64_t times = INT64_MAX;
    for (int k = 0; k < RESOURCE_COUNT; k++) {
        if (need->amount[k] <= 0)
            continue;
        int64_t here = room->amount[k] > 0 ? room->amount[k] / need->amount[k] : 0;
        if (here < times)
            times = here;
    }
    return times;
}

const char *resource_name(enum resource resource)
{
    static const char *const names[RESOURCE_COUNT] = {"cpu", "memory", "disk"};
    return resource < RESOURCE_COUNT ? names[resource] : "?";
}
