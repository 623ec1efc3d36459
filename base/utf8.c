/* Decoding and checking UTF-8; the bounds per lead byte are table 3-7 of the Unicode Standard. */
#include "base/utf8.h"

#include <string.h>

/* How many bytes follow a lead byte, and what the first of them may be (the rest are 80..BF). */
struct lead {
    unsigned more;
    unsigned char low, high;
};

static bool lead_of(unsigned char byte, struct lead *ret_lead)
{
    struct lead lead = {.more = 0, .low = 0x80, .high = 0xBF};
    if (byte < 0xC2 || byte > 0xF4)
        return false;
    lead.more = byte < 0xE0 ? 1 : byte < 0xF0 ? 2 : 3;
    if (byte == 0xE0)
        lead.low = 0xA0;
    else if (byte == 0xED)
        lead.high = 0x9F;
    else if (byte == 0xF0)
        lead.low = 0x90;
    else if (byte == 0xF4)
        lead.high = 0x8F;
    *ret_lead = lead;
    return true;
}

size_t utf8_decode(const char *bytes, size_t length, uint32_t *ret_code_point)
{
    const unsigned char *at = (const unsigned char *)bytes;
    if (length == 0)
        return 0;
    if (at[0] < 0x80) {
        *ret_code_point = at[0];
        return 1;
    }
    struct lead lead;
    if (!lead_of(at[0], &lead) || length <= lead.more || at[1] < lead.low || at[1] > lead.high)
        return 0;
    uint32_t value = at[0] & (0x3Fu >> lead.more);
    for (unsigned i = 1; i <= lead.more; i++) {
        if ((at[i] & 0xC0u) != 0x80u)
            return 0;
        value = value << 6 | (at[i] & 0x3Fu);
    }
    *ret_code_point = value;
    return lead.more + 1;
}

bool utf8_valid(const char *bytes, size_t length)
{
    size_t at = 0;
    while (at < length) {
        uint64_t eight = 0;
        if (length - at >= sizeof eight) {
            memcpy(&eight, bytes + at, sizeof eight);
            if ((eight & UINT64_C(0x8080808080808080)) == 0) {
                at += sizeof eight;
                continue;
            }
        }
        uint32_t ignored = 0;
        size_t step = utf8_decode(bytes + at, length - at, &ignored);
        if (step == 0)
            return false;
        at += step;
    }
    return true;
}

size_t utf8_encode(uint32_t code_point, char bytes[static UTF8_SEQUENCE_MAX])
{
    if (code_point > 0x10FFFF || (code_point >= 0xD800 && code_point <= 0xDFFF))
        code_point = UTF8_REPLACEMENT;
    if (code_point < 0x80) {
        bytes[0] = (char)code_point;
        return 1;
    }
    size_t more = code_point < 0x800 ? 1 : code_point < 0x10000 ? 2 : 3;
    static const unsigned char marks[] = {0, 0xC0, 0xE0, 0xF0};
    for (size_t i = more; i > 0; i--) {
        bytes[i] = (char)(unsigned char)(0x80u | (code_point & 0x3Fu));
        code_point >>= 6;
    }
    bytes[0] = (char)(unsigned char)(marks[more] | code_point);
    return more + 1;
}

size_t utf8_count(const char *bytes, size_t length)
{
    size_t count = 0;
    for (size_t at = 0; at < length; count++) {
        uint32_t ignored = 0;
        size_t step = utf8_decode(bytes + at, length - at, &ignored);
        at += step ? step : 1;
    }
    return count;
}
