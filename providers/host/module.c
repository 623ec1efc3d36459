/* dlopen and the interface's versions; see module.h. */
#include "providers/host/module.h"

#include <dlfcn.h>
#include <string.h>
#include <sys/stat.h>

/* provider.h 1.0 ends with withdraw. */
#define FUNCTIONS_LEAST (offsetof(struct provider_functions, withdraw) + sizeof(void *))

bool host_module_check(const char *path, const struct provider_module *module, struct host_module *ret_module,
                       struct error *ret_error)
{
    if (module->magic != PROVIDER_MAGIC)
        return error_set(ret_error, ERROR_INVALID,
                         "%s: its %s is no provider module's (wrong magic number); build it against provider.h", path,
                         PROVIDER_MODULE_SYMBOL);
    if (module->abi_major != PROVIDER_ABI_MAJOR)
        return error_set(ret_error, ERROR_UNSUPPORTED,
                         "%s: it is built for version %u of the module interface, this program speaks version %d; "
                         "rebuild it against this program's provider.h",
                         path, module->abi_major, PROVIDER_ABI_MAJOR);
    if (module->abi_minor > PROVIDER_ABI_MINOR)
        return error_set(ret_error, ERROR_NEWER,
                         "%s: it needs version %u.%u of the module interface, this program speaks %d.%d; "
                         "update drover, or build the module against its provider.h",
                         path, module->abi_major, module->abi_minor, PROVIDER_ABI_MAJOR, PROVIDER_ABI_MINOR);
    if (module->struct_size < FUNCTIONS_LEAST || !module->functions || !module->name || !module->version)
        return error_set(ret_error, ERROR_INVALID,
                         "%s: its table of functions has %u bytes, version %d.%d has %zu; it is not built against "
                         "the provider.h it claims",
                         path, module->struct_size, PROVIDER_ABI_MAJOR, PROVIDER_ABI_MINOR, FUNCTIONS_LEAST);
    if (!module->functions->open || !module->functions->close)
        return error_set(ret_error, ERROR_INVALID, "%s: it has no open or no close", path);
    size_t size = module->struct_size;
    if (size > sizeof ret_module->functions)
        size = sizeof ret_module->functions;
    *ret_module = (struct host_module){.name = module->name, .version = module->version};
    memcpy(&ret_module->functions, module->functions, size);
    return true;
}

bool host_module_load(const char *path, struct host_module *ret_module, struct error *ret_error)
{
    struct stat about;
    if (stat(path, &about) != 0)
        return error_set(ret_error, ERROR_NOT_FOUND, "%s: there is no such module file", path);
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library)
        return error_set(ret_error, ERROR_INVALID, "%s: it cannot be loaded: %s", path, dlerror());
    const struct provider_module *module = dlsym(library, PROVIDER_MODULE_SYMBOL);
    bool good = module ? host_module_check(path, module, ret_module, ret_error)
                       : error_set(ret_error, ERROR_INVALID,
                                   "%s: it is no provider module: the symbol %s is missing (PROVIDER_EXPORT?)", path,
                                   PROVIDER_MODULE_SYMBOL);
    if (!good) {
        dlclose(library);
        return false;
    }
    ret_module->library = library;
    return true;
}

void host_module_unload(struct host_module *module)
{
    if (module->library)
        dlclose(module->library);
    *module = (struct host_module){0};
}
