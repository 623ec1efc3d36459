/* Between the readers of Redfish documents. */
#ifndef DROVER_PROVIDERS_ONPREM_REDFISH_READ_PRIVATE_H
#define DROVER_PROVIDERS_ONPREM_REDFISH_READ_PRIVATE_H

#include "providers/onprem/redfish_read.h"
#include "providers/sdk/json.h"

/* Opens a document whose @odata.type is "#<type>." and whatever follows; NULL: any. Closed by sdk_json_close. */
bool redfish_open(const char *bytes, size_t length, const char *type, struct sdk_json_at *ret_root,
                  struct error *ret_error);
/* Text, visible and cut; "" for what is no text. */
void redfish_copy_word(const struct sdk_json_at *at, const char *path, char word[static REDFISH_WORD_MAX]);

#endif
