/* What `drover agent -dev` simulates: three regions of several pools, priced about as the real ones were listed when
 * this was written. Examples, not offers. */
#include "controller/agent/dev_regions.h"

static const struct dev_pool aws_pools[] = {
    {"std", "m5.large", "on-demand", "0.096", "0.096", 4, 4000, 8192, 8},
    {"spot", "m5.large", "spot", "0.038", "0.038", 2, 4000, 8192, 0},
    {"big", "m5.2xlarge", "on-demand", "0.384", "0.384", 2, 16000, 32768, 4},
};
static const struct dev_pool azure_pools[] = {
    {"std", "Standard_D2s_v5", "on-demand", "0.115", "0.115", 4, 4000, 8192, 8},
    {"spot", "Standard_D2s_v5", "spot", "0.023", "0.023", 1, 4000, 8192, 0},
    {"reserved", "Standard_D4s_v5", "reserved", "0.137", "0", 1, 8000, 16384, 0},
};
static const struct dev_pool fra_pools[] = {
    {"owned", "r650", "owned", "0.42", "0.045", 2, 24000, 65536, 0},
    {"old", "r630", "owned", "0.12", "0.06", 1, 8000, 32768, 0},
};

const struct dev_region dev_region_list[DEV_REGIONS] = {
    {"aws-us-east-1", "aws", "jurisdiction", "us", aws_pools, sizeof aws_pools / sizeof aws_pools[0]},
    {"azure-westeurope", "azure", "jurisdiction", "eu", azure_pools, sizeof azure_pools / sizeof azure_pools[0]},
    {"dc-fra1", "onprem", "jurisdiction", "eu", fra_pools, sizeof fra_pools / sizeof fra_pools[0]},
};

/* Round-trip times between them in milliseconds, by the rows of the list. */
const double dev_rtt_ms[DEV_REGIONS * DEV_REGIONS] = {
    0, 82, 91, 82, 0, 9, 91, 9, 0,
};
