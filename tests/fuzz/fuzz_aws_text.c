/* links: provider_aws provider_sdk base */
/* What the aws module reads from outside text without a network: shared files, errors of every shape, products of the
 * price list, tokens of operations. The first byte chooses the reader. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/utf8.h"
#include "providers/aws/answer.h"
#include "providers/aws/functions.h"
#include "providers/aws/ini.h"
#include "providers/aws/operation.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_ini(const char *text, size_t length)
{
    struct error error = {.code = ERROR_NONE};
    struct aws_ini *ini = aws_ini_read(text, length, &error);
    if ((ini == NULL) != (error.code != ERROR_NONE))
        abort();
    const char *value = aws_ini_get(ini, "default", "aws_access_key_id");
    if (value && !aws_ini_has_section(ini, "default"))
        abort();
    aws_ini_free(ini);
}

static void try_failure(const char *text, size_t length)
{
    struct provider_header header = {"x-amzn-errortype", text};
    struct provider_answer answer = {.outcome = PROVIDER_HTTP_ANSWER,
                                     .status = 400 + (int)(length % 200),
                                     .headers = &header,
                                     .header_count = length % 2,
                                     .body = text,
                                     .body_length = length};
    struct aws_failure failure;
    aws_failure_read(&answer, &failure);
    if (!utf8_valid(failure.code, strlen(failure.code)) || !utf8_valid(failure.message, strlen(failure.message)))
        abort();
    enum aws_trouble trouble = aws_trouble_of(&failure, answer.status, PROVIDER_UNSET);
    if (aws_trouble_status(trouble, true) == PROVIDER_OK)
        abort();
    aws_trouble_of_activity(failure.message);
}

static void try_price(const char *text, size_t length)
{
    struct aws_price price = {.price_micro_h = 1};
    struct error error = {.code = ERROR_NONE};
    if (aws_price_read(text, length, "USD", &price, &error) && price.price_micro_h <= 0)
        abort();
}

static void try_token(const char *text)
{
    struct aws_operation operation;
    struct provider_error error;
    char token[PROVIDER_OPERATION_MAX];
    if (strlen(text) >= PROVIDER_OPERATION_MAX || aws_operation_read(text, &operation, &error) != PROVIDER_OK)
        return;
    if (aws_operation_write(&operation, token)) {
        struct aws_operation again;
        if (aws_operation_read(token, &again, &error) != PROVIDER_OK || again.id_count != operation.id_count)
            abort();
        aws_operation_release(&again);
    }
    aws_operation_release(&operation);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    char *text = memory_copy_text((const char *)data + 1, size - 1);
    switch (data[0] % 4) {
    case 0:
        try_ini(text, size - 1);
        break;
    case 1:
        try_failure(text, size - 1);
        break;
    case 2:
        try_price(text, size - 1);
        break;
    default:
        try_token(text);
        break;
    }
    free(text);
    return 0;
}
