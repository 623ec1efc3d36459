/* How fast multipliers follow: one that keeps going the same way is too soft, one that swings too stiff. */
#include "controller/placement/prices_parts.h"

static const double STIFFER = 1.1;
static const double SOFTER = 0.7;
static const double FACTOR_LEAST = 0.05;
static const double FACTOR_MOST = 1000;
/* Changes below this share of the multiplier say nothing. */
static const double QUIET = 1e-6;

void prices_pace_centre(struct work_pace *pace, double share, double price, double *centre)
{
    double change = price - *centre;
    *centre += share * change;
    if (!(change > QUIET * price || change < -QUIET * price))
        return;
    double factor = (double)pace->factor * (change * (double)pace->last > 0 ? STIFFER : SOFTER);
    factor = factor > FACTOR_LEAST ? factor : FACTOR_LEAST;
    pace->factor = (float)(factor < FACTOR_MOST ? factor : FACTOR_MOST);
    pace->last = (float)change;
}
