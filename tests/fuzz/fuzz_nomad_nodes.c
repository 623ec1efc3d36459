/* links: base model net federation jansson */
/* Lists of nodes and one whole node. The bytes come in pieces, as they do from a connection. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "controller/federation/decode.h"

static void on_decoded(void *context, const struct decoded *decoded)
{
    size_t *texts = context;
    if (decoded->kind == DECODED_NODE)
        *texts += strlen(decoded->node.name) + strlen(decoded->node.node_pool);
    else if (decoded->kind == DECODED_ALLOCATION)
        *texts += strlen(decoded->allocation.job_id) + strlen(decoded->allocation.group);
    else if (decoded->kind == DECODED_JOB)
        *texts += strlen(decoded->job.id);
    else if (decoded->kind == DECODED_DEPLOYMENT)
        *texts += strlen(decoded->deployment.description);
}

static void decode(enum decode_source source, const char *bytes, size_t length)
{
    static const char *const SELECTED[] = {"attr.kernel.name", "meta.rack"};
    struct error error;
    size_t texts = 0, at = 0;
    struct decoder *decoder = decoder_new(source, SELECTED, 2, on_decoded, &texts);
    bool good = true;
    while (good && at < length) {
        size_t piece = 1 + (at * 7) % 61;
        piece = piece < length - at ? piece : length - at;
        good = decoder_feed(decoder, bytes + at, piece, &error);
        at += piece;
    }
    if (good)
        decoder_finish(decoder, &error);
    decoder_free(decoder);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum decode_source SOURCES[] = {DECODE_NODES, DECODE_NODE};
    for (size_t i = 0; i < sizeof SOURCES / sizeof *SOURCES; i++)
        decode(SOURCES[i], (const char *)data, size);
    return 0;
}
