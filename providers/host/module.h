/* Loading a module, and the checks of the interface before anything of it is called. */
#ifndef DROVER_PROVIDERS_HOST_MODULE_H
#define DROVER_PROVIDERS_HOST_MODULE_H

#include "base/error.h"
#include "providers/provider.h"

struct host_module {
    void *library;
    const char *name, *version;          /* the module's */
    struct provider_functions functions; /* those the module does not know are NULL */
};

/* ERROR_NOT_FOUND (no such file), ERROR_INVALID (not a shared object, no symbol, wrong magic, too short a table),
 * ERROR_UNSUPPORTED (another major version), ERROR_NEWER (a newer minor one). Texts name the file and both versions. */
bool host_module_load(const char *path, struct host_module *ret_module, struct error *ret_error);
void host_module_unload(struct host_module *module);

/* The checks alone, for a module that is linked in (tests). */
bool host_module_check(const char *path, const struct provider_module *module, struct host_module *ret_module,
                       struct error *ret_error);

#endif
