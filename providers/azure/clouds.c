/* The table of clouds; see clouds.h. */
#include "providers/azure/clouds.h"

#include <stddef.h>
#include <string.h>

static const struct azure_cloud clouds[] = {
    {.name = "public",
     .arm = "https://management.azure.com",
     .authority = "https://login.microsoftonline.com",
     .scope = "https://management.azure.com/.default",
     .resource = "https://management.azure.com",
     .prices = "https://prices.azure.com",
     .spot = true},
    {.name = "china",
     .arm = "https://management.chinacloudapi.cn",
     .authority = "https://login.chinacloudapi.cn",
     .scope = "https://management.chinacloudapi.cn/.default",
     .resource = "https://management.chinacloudapi.cn",
     .prices = "",
     .spot = false},
    {.name = "usgov",
     .arm = "https://management.usgovcloudapi.net",
     .authority = "https://login.microsoftonline.us",
     .scope = "https://management.core.usgovcloudapi.net/.default",
     .resource = "https://management.core.usgovcloudapi.net",
     .prices = "",
     .spot = true},
};

const struct azure_cloud *azure_cloud_find(const char *name)
{
    for (size_t i = 0; i < sizeof clouds / sizeof clouds[0]; i++)
        if (strcmp(clouds[i].name, name) == 0)
            return &clouds[i];
    return NULL;
}

const char *azure_cloud_names(void)
{
    return "public, china, usgov";
}
