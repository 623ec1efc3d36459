/* Between settings.c and settings_price.c. */
#ifndef DROVER_PROVIDERS_ONPREM_SETTINGS_PRIVATE_H
#define DROVER_PROVIDERS_ONPREM_SETTINGS_PRIVATE_H

#include "providers/onprem/settings.h"

/* How many blocks of a kind there are. ERROR_INVALID above `most`. */
bool settings_count_labels(const struct provider_services *services, const char *block, size_t most, size_t *ret_count,
                           struct error *ret_error);
/* Both fill their part of *settings, which settings_release gives back also when they fail. */
bool settings_read_tariff(const struct provider_services *services, struct site_settings *settings,
                          struct error *ret_error);
bool settings_read_pools(const struct provider_services *services, struct site_settings *settings,
                         struct error *ret_error);

#endif
