/* getrandom(2) and its texts: see random.h. */
#include "net/random.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

void random_bytes(void *ret_bytes, size_t length)
{
    unsigned char *bytes = ret_bytes;
    while (length) {
        ssize_t got = getrandom(bytes, length, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            abort();
        bytes += got;
        length -= (size_t)got;
    }
}

static char *put_hex(char *text, const unsigned char *bytes, size_t count)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < count; i++) {
        *text++ = digits[bytes[i] >> 4];
        *text++ = digits[bytes[i] & 15u];
    }
    *text = '\0';
    return text;
}

void random_hex(char *ret_text, size_t count)
{
    unsigned char bytes[64];
    *ret_text = '\0';
    while (count) {
        size_t slice = count < sizeof bytes ? count : sizeof bytes;
        random_bytes(bytes, slice);
        ret_text = put_hex(ret_text, bytes, slice);
        count -= slice;
    }
}

void random_uuid(char ret_text[RANDOM_UUID_TEXT])
{
    static const unsigned char group_bytes[] = {4, 2, 2, 2, 6};
    unsigned char bytes[16];
    random_bytes(bytes, sizeof bytes);
    bytes[6] = (unsigned char)(0x40u | (bytes[6] & 0x0Fu));
    bytes[8] = (unsigned char)(0x80u | (bytes[8] & 0x3Fu));
    const unsigned char *from = bytes;
    for (size_t group = 0; group < sizeof group_bytes; group++) {
        if (group)
            *ret_text++ = '-';
        ret_text = put_hex(ret_text, from, group_bytes[group]);
        from += group_bytes[group];
    }
}
