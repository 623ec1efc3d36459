/* links: agent api core federation placement store sim_serve sim_engine model net base */
/* A configuration file, then (behind a line "----") a price list for what it configured. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "controller/agent/config.h"

enum { NOW_MS = 1000 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char mark[] = "\n----\n";
    const char *text = (const char *)data;
    const char *split = size > 0 ? memmem(text, size, mark, sizeof mark - 1) : NULL;
    size_t length = split != NULL ? (size_t)(split - text) : size;
    struct config_source source = {.name = "f.hcl", .bytes = text, .length = length};
    struct error error;
    struct config *config = config_read_sources(&source, 1, &error);
    if (config != NULL && split != NULL) {
        const char *prices = split + sizeof mark - 1;
        config_apply_catalogue(config, "f.csv", prices, size - (size_t)(prices - text), NOW_MS, &error);
    }
    struct policy policy;
    if (config_read_policy("policy", text, length, &policy, &error)) {
        policy_release(&policy);
    }
    config_free(config);
    return 0;
}
