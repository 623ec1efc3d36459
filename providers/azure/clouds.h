/* The clouds that Azure runs: hosts and scopes as data, none derived from another (they follow no pattern: the scope of
 * the government cloud is not its host). Sources: the clouds table of Microsoft's azure-identity and azure-cli. Pure.
 */
#ifndef DROVER_PROVIDERS_AZURE_CLOUDS_H
#define DROVER_PROVIDERS_AZURE_CLOUDS_H

#include <stdbool.h>

struct azure_cloud {
    const char *name;      /* what the setting `cloud` takes */
    const char *arm;       /* Azure Resource Manager, without a slash at the end */
    const char *authority; /* who gives tokens */
    const char *scope;     /* what a token is asked for */
    const char *resource;  /* the same for the metadata service: no slash at the end, no /.default */
    const char *prices;    /* retail prices; "" where none are published */
    bool spot;             /* spot machines are sold there */
};

/* The cloud of that name, NULL when there is none. Static storage. */
const struct azure_cloud *azure_cloud_find(const char *name);

/* All names, "public, china, usgov", for errors. */
const char *azure_cloud_names(void);

#endif
