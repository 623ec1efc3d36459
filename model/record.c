#include "model/record.h"

#include <string.h>

const char *record_kind_word(enum record_kind kind)
{
    static const char *const words[] = {
#define RECORD_WORD(name, key) #name,
        RECORD_KINDS(RECORD_WORD)
#undef RECORD_WORD
    };
    return kind < RECORD_KIND_COUNT ? words[kind] : "?";
}

void record_key_text(struct buffer *key, const char *text)
{
    buffer_append(key, text, strlen(text) + 1);
}

void record_key_number(struct buffer *key, uint64_t number)
{
    for (int shift = 56; shift >= 0; shift -= 8)
        buffer_append_byte(key, (char)(unsigned char)(number >> shift));
}
