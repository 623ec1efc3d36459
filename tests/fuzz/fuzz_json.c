/* links: base */
/* What json_read accepts must survive writing and reading again, and what the writer makes of any bytes must be JSON.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/json_writer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_quoting(const char *bytes, size_t size)
{
    struct buffer out = BUFFER_INIT;
    struct error error;
    json_t *value = NULL;
    json_append_quoted(&out, bytes, size);
    if (!memchr(bytes, '\0', size) && !json_read(out.data, out.length, SIZE_MAX, 4, &value, &error))
        abort();
    json_decref(value);
    buffer_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error error;
    json_t *value = NULL;
    if (size)
        check_quoting((const char *)data, size);
    if (!json_read((const char *)data, size, 1 << 20, 64, &value, &error))
        return error.code != ERROR_INVALID && error.code != ERROR_TOO_LARGE ? (abort(), 0) : 0;
    struct buffer out = BUFFER_INIT;
    json_write(&out, value, size % 2 == 0);
    json_t *again = NULL;
    if (!json_read(out.data, out.length, SIZE_MAX, 64, &again, &error) || !json_equal(value, again))
        abort();
    json_decref(again);
    json_decref(value);
    buffer_release(&out);
    return 0;
}
