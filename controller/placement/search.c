/* See search.h. A course begins where the best plan so far ended; what comes out dearer is dropped. */
#include "controller/placement/search.h"

#include <stdlib.h>

#include "controller/placement/anneal.h"
#include "controller/placement/improve.h"
#include "controller/placement/reseat.h"

/* Steps over those of effort 5, in per cent. */
static const unsigned percents[] = {0, 2, 6, 15, 40, 100, 200, 400, 800, 1600};

enum { IMPROVE_ROUNDS = 4, NODE_ROUNDS = 2, PATIENCE = 100, CROWD = 64, CROWD_ANYWAY = 4000 };
enum { SMALL = 2500, STEPS = 300000, COURSE = 40000 }; /* slots, steps of the first so many, least steps of a course */

/* How the steps of one kind of search are divided. */
struct budget {
    unsigned courses;
    uint64_t steps; /* of each */
};

/* What there is to win: machines that are opened for what does not fill them, at most half a one a pool, and what is
 * left unplaced. Where that is next to nothing of the whole cost, it is not worth many steps. */
static double share_to_win(const struct round *round)
{
    const struct work *work = round->work;
    double half = 1;
    for (uint32_t p = 0; p < work->pools; p++)
        half += round_close_gain(round, p) / 2;
    for (uint32_t j = 0; j < work->groups; j++)
        half += (double)round->unplaced[j] * (double)work->problem->group_unplaced[j] / 2;
    double share = PATIENCE * half / (round_cost(round) + 1);
    return share < 1 ? share : 1;
}

static struct budget budget_for(double slots, unsigned effort, double worth)
{
    double all = slots < SMALL ? STEPS / (double)SMALL * slots : STEPS + (slots - SMALL) / 2;
    double once = COURSE + 2 * slots;
    all = all * worth * percents[effort] / 100;
    struct budget budget = {.courses = all > once ? (unsigned)(all / once) : 1};
    budget.steps = (uint64_t)(all / budget.courses);
    return budget;
}

static void search_aggregate(struct round *round, const struct solve_options *options, const struct budget *budget)
{
    struct round_keep keep = {0};
    double best = 0;
    for (unsigned n = 0; n < budget->courses && !search_told_to_stop(options); n++) {
        struct anneal_course course = {.seed = options->seed + n,
                                       .steps = budget->steps,
                                       .heat_first = n ? 0.05 : 0.1,
                                       .heat_last = 0.002,
                                       .bend_first = n ? 1 : 5,
                                       .bend_last = 0.02,
                                       .share_first = n ? 0.5 : 0.1};
        if (n == 0) {
            best = round_cost(round);
            round_keep(round, &keep);
        }
        anneal(round, &course);
        improve(round, IMPROVE_ROUNDS);
        double cost = round_cost(round);
        if (cost < best) {
            best = cost;
            round_keep(round, &keep);
        } else {
            round_restore(round, &keep);
        }
    }
    round_keep_release(&keep);
}

static int64_t machines_of(const struct nodes *nodes)
{
    int64_t machines = 0;
    for (uint32_t p = 0; p < nodes->round->work->pools; p++)
        machines += nodes->pool[p].total;
    return machines;
}

/* Pools of very many machines lose little by rounding, and a step there costs much. */
static bool crowded(const struct nodes *nodes)
{
    return machines_of(nodes) > CROWD_ANYWAY + (int64_t)CROWD * nodes->round->work->pools;
}

/* What the search on machines may win: beside whole machines, what is lost by packing. */
static struct budget budget_for_machines(const struct nodes *nodes, unsigned effort, double worth)
{
    double cost = round_cost(nodes->round);
    double lost = PATIENCE * nodes_loss(nodes) / (cost + 1);
    worth = lost > worth ? (lost < 1 ? lost : 1) : worth;
    return budget_for((double)nodes->round->slots + (double)machines_of(nodes), effort, worth);
}

static void search_machines(struct nodes *nodes, const struct solve_options *options, const struct budget *budget)
{
    struct round *round = nodes->round;
    struct round_keep keep = {0};
    struct nodes_keep keep_nodes = {0};
    double best = nodes_judge(nodes);
    round_keep(round, &keep);
    nodes_keep(nodes, &keep_nodes);
    for (unsigned n = 0; n < budget->courses && !search_told_to_stop(options); n++) {
        struct anneal_course course = {.seed = ~options->seed + n,
                                       .steps = budget->steps,
                                       .heat_first = 0.05,
                                       .heat_last = 0.002,
                                       .bend_first = 1,
                                       .bend_last = 0.02,
                                       .share_first = 0.5};
        reseat(nodes, &course);
        nodes_improve(nodes, 1);
        double judged = nodes_judge(nodes);
        if (judged < best) {
            best = judged;
            round_keep(round, &keep);
            nodes_keep(nodes, &keep_nodes);
        } else {
            round_restore(round, &keep);
            nodes_restore(nodes, &keep_nodes);
        }
    }
    round_keep_release(&keep);
    nodes_keep_release(&keep_nodes);
}

bool search_told_to_stop(const struct solve_options *options)
{
    return options->stop && options->stop(options->stop_context);
}

bool search(struct round *round, const struct solve_options *options, struct nodes *ret_nodes)
{
    round_follow(round);
    improve(round, 1);
    double worth = share_to_win(round);
    struct budget budget = budget_for((double)round->slots, options->effort, worth);
    search_aggregate(round, options, &budget);
    nodes_init(ret_nodes, round);
    nodes_repair(ret_nodes);
    nodes_improve(ret_nodes, NODE_ROUNDS);
    if (!crowded(ret_nodes)) {
        worth = share_to_win(round); /* what found no machine is unplaced now */
        budget = budget_for_machines(ret_nodes, options->effort, worth);
        search_machines(ret_nodes, options, &budget);
    }
    round_trim(round);
    return !search_told_to_stop(options);
}
