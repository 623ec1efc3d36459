/* What is due later: a heap by time, then by the order of setting, so that equal times fire in one fixed order. */
#include "base/memory.h"
#include "sim/engine/machine_pool.h"

static bool timer_before(const struct sim_timer *a, const struct sim_timer *b)
{
    return a->at != b->at ? a->at < b->at : a->sequence < b->sequence;
}

static void timer_swap(struct sim_timer *a, struct sim_timer *b)
{
    struct sim_timer kept = *a;

    *a = *b;
    *b = kept;
}

static void timer_rise(struct sim_timer *heap, size_t at)
{
    while (at > 0 && timer_before(&heap[at], &heap[(at - 1) / 2])) {
        timer_swap(&heap[at], &heap[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
}

static void timer_sink(struct sim_timer *heap, size_t count, size_t at)
{
    for (;;) {
        size_t least = at, left = 2 * at + 1, right = left + 1;

        if (left < count && timer_before(&heap[left], &heap[least]))
            least = left;
        if (right < count && timer_before(&heap[right], &heap[least]))
            least = right;
        if (least == at)
            return;
        timer_swap(&heap[at], &heap[least]);
        at = least;
    }
}

void sim_timer_set(struct sim_region *region, int64_t at, enum sim_timer_kind kind, void *subject, uint64_t detail)
{
    region->timers = memory_grow(region->timers, region->timer_count, &region->timer_capacity, sizeof *region->timers);
    region->timers[region->timer_count] = (struct sim_timer){
        .at = at, .sequence = region->timer_sequence++, .kind = kind, .subject = subject, .detail = detail};
    timer_rise(region->timers, region->timer_count++);
}

void sim_timer_forget(struct sim_region *region, const void *subject)
{
    size_t kept = 0;

    for (size_t i = 0; i < region->timer_count; i++)
        if (region->timers[i].subject != subject)
            region->timers[kept++] = region->timers[i];
    region->timer_count = kept;
    for (size_t i = kept / 2; i-- > 0;)
        timer_sink(region->timers, kept, i);
}

static struct sim_timer timer_pop(struct sim_region *region)
{
    struct sim_timer first = region->timers[0];

    region->timers[0] = region->timers[--region->timer_count];
    timer_sink(region->timers, region->timer_count, 0);
    return first;
}

static void timer_fire(struct sim_region *region, const struct sim_timer *timer)
{
    switch (timer->kind) {
    case SIM_TIMER_START:
    case SIM_TIMER_HEALTH:
    case SIM_TIMER_UNHEALTHY:
    case SIM_TIMER_STOPPED:
    case SIM_TIMER_FINISH:
        sim_allocation_timer(region, timer->subject, timer->kind, timer->detail, timer->at);
        break;
    case SIM_TIMER_DEPLOYMENT:
    case SIM_TIMER_PROGRESS:
        sim_deployment_timer(region, timer->subject, timer->kind, timer->at);
        break;
    case SIM_TIMER_NODE:
        sim_node_timer(region, timer->subject, timer->at);
        break;
    case SIM_TIMER_DRAIN:
        sim_node_drain_check(region, timer->subject, timer->at);
        break;
    case SIM_TIMER_BOOTED:
    case SIM_TIMER_INTERRUPTED:
    case SIM_TIMER_VANISHED:
        sim_machine_timer(region, timer->subject, timer->kind, timer->at);
        break;
    case SIM_TIMER_EVALUATION:
        sim_evaluation_process(region, timer->subject, timer->at);
        break;
    }
}

int64_t sim_region_advance(struct sim_region *region, int64_t now_ms)
{
    if (now_ms > region->now)
        region->now = now_ms;
    if (region->capacity_freed) {
        region->capacity_freed = false;
        sim_evaluations_unblock(region, region->now);
    }
    while (region->timer_count > 0 && region->timers[0].at <= region->now) {
        struct sim_timer timer = timer_pop(region);

        timer_fire(region, &timer);
        if (region->capacity_freed) {
            region->capacity_freed = false;
            sim_evaluations_unblock(region, timer.at);
        }
    }
    return region->timer_count > 0 ? region->timers[0].at : SIM_NEVER;
}
