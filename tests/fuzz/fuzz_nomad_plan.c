/* links: base model net federation jansson */
/* The answer to a plan. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "controller/federation/plan_reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct plan_reply reply;
    struct error error;
    size_t texts = 0;
    if (!plan_reply_read((const char *)data, size, &reply, &error))
        return 0;
    for (size_t i = 0; i < reply.group_count; i++)
        texts += strlen(reply.groups[i].group) + strlen(reply.groups[i].why);
    plan_reply_release(&reply);
    return texts == SIZE_MAX;
}
