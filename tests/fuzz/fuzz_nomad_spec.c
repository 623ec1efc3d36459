/* links: base model net federation jansson */
/* Job specifications from outside: read; what is accepted can be rendered and shifted. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "controller/federation/nomad_spec.h"

static void use(const struct job_demand *demand, const struct buffer *body)
{
    struct copy_group group = {.group = demand->groups[0].name, .pool = (char *)"", .count = 3};
    struct copy_wanted wanted = {.groups = &group, .group_count = 1};
    struct buffer out = BUFFER_INIT, shifted = BUFFER_INIT;
    struct error error;
    if (!nomad_spec_render(body->data, body->length, &wanted, "region", &out, &error) ||
        !nomad_spec_shift(out.data, out.length, &wanted, &shifted, &error))
        abort();
    struct job_demand again;
    struct buffer ignored = BUFFER_INIT;
    if (!nomad_spec_read(out.data, out.length, &again, &ignored, &error))
        abort();
    job_demand_release(&again);
    buffer_release(&ignored);
    buffer_release(&out);
    buffer_release(&shifted);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct job_demand demand;
    struct buffer body = BUFFER_INIT;
    struct error error;
    if (nomad_spec_read((const char *)data, size, &demand, &body, &error)) {
        use(&demand, &body);
        job_demand_release(&demand);
    }
    buffer_release(&body);
    return 0;
}
