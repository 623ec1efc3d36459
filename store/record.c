/* The envelope round every stored value and the chain of upgrades; see store/record.h. */
#include "store/record.h"

#include <stdio.h>
#include <string.h>

#include <zlib.h>

enum { RECORD_MAGIC = 0xD7, CHECKED_HEAD = 7 };

static const struct {
    const char *name;
    enum store_environment environment;
    uint16_t version;
} tables[STORE_TABLE_COUNT] = {
#define X(constant, name, environment, version, key) {name, environment, version},
#include "store/tables.def.h"
#undef X
};

const char *store_table_name(enum store_table table)
{
    return (unsigned)table < STORE_TABLE_COUNT ? tables[table].name : "unknown";
}

enum store_environment store_table_environment(enum store_table table)
{
    return tables[table].environment;
}

uint16_t store_table_version(enum store_table table)
{
    return tables[table].version;
}

static uint32_t load_u32(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static void save_u32(uint8_t *at, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> (8 * i));
}

static uint32_t checksum(const uint8_t *head, struct store_bytes key, struct store_bytes value)
{
    uLong sum = crc32_z(0, head, CHECKED_HEAD);
    sum = crc32_z(sum, key.data, key.length);
    if (value.length > 0) /* zlib takes a NULL for "begin anew" */
        sum = crc32_z(sum, value.data, value.length);
    return (uint32_t)sum;
}

void store_record_head(uint16_t version, struct store_bytes key, struct store_bytes value,
                       uint8_t ret_head[STORE_RECORD_HEAD])
{
    ret_head[0] = RECORD_MAGIC;
    ret_head[1] = (uint8_t)version;
    ret_head[2] = (uint8_t)(version >> 8);
    save_u32(ret_head + 3, (uint32_t)value.length);
    save_u32(ret_head + CHECKED_HEAD, checksum(ret_head, key, value));
}

static bool record_error(enum error_code code, enum store_table table, struct store_bytes key, const char *what,
                         struct error *ret_error)
{
    char text[STORE_KEY_TEXT_MAX];
    store_key_text(key, text);
    return error_set(ret_error, code, "store table %s, key %s: %s", store_table_name(table), text, what);
}

bool store_record_decode(enum store_table table, struct store_bytes key, struct store_bytes record,
                         uint16_t *ret_version, struct store_bytes *ret_value, struct error *ret_error)
{
    const uint8_t *head = record.data;
    if (key.length == 0 || key.length > STORE_KEY_MAX)
        return record_error(ERROR_CORRUPT, table, key, "the key has an impossible length", ret_error);
    if (record.length < STORE_RECORD_HEAD)
        return record_error(ERROR_CORRUPT, table, key, "the record is shorter than its head", ret_error);
    if (head[0] != RECORD_MAGIC)
        return record_error(ERROR_CORRUPT, table, key, "this is no record (wrong first byte)", ret_error);
    struct store_bytes value = {head + STORE_RECORD_HEAD, record.length - STORE_RECORD_HEAD};
    if (value.length > STORE_VALUE_MAX || load_u32(head + 3) != value.length)
        return record_error(ERROR_CORRUPT, table, key, "the record's length is wrong", ret_error);
    if (load_u32(head + CHECKED_HEAD) != checksum(head, key, value))
        return record_error(ERROR_CORRUPT, table, key, "the checksum does not match", ret_error);
    uint16_t version = (uint16_t)(head[1] | head[2] << 8);
    if (version > store_table_version(table))
        return record_error(ERROR_NEWER, table, key,
                            "written by a newer Drover: start that version, or restore an older snapshot", ret_error);
    *ret_version = version;
    *ret_value = value;
    return true;
}

static store_upgrade_function *upgrade_find(enum store_table table, uint16_t from, const struct store_upgrade *upgrades,
                                            size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (upgrades[i].table == table && upgrades[i].from == from)
            return upgrades[i].upgrade;
    }
    return NULL;
}

bool store_record_read(enum store_table table, struct store_bytes key, struct store_bytes record,
                       const struct store_upgrade *upgrades, size_t upgrade_count, struct buffer *scratch,
                       struct store_bytes *ret_value, struct error *ret_error)
{
    uint16_t version;
    struct store_bytes value;
    if (!store_record_decode(table, key, record, &version, &value, ret_error))
        return false;
    for (; version < store_table_version(table); version++) {
        store_upgrade_function *upgrade = upgrade_find(table, version, upgrades, upgrade_count);
        if (upgrade == NULL)
            return record_error(ERROR_UNSUPPORTED, table, key,
                                "written by an older Drover that this one cannot upgrade from", ret_error);
        struct buffer next = BUFFER_INIT;
        struct error cause = {0};
        if (!upgrade(value.data, value.length, &next, &cause)) {
            buffer_release(&next);
            return record_error(cause.code, table, key, cause.text, ret_error);
        }
        buffer_release(scratch);
        *scratch = next;
        value = (struct store_bytes){scratch->data, scratch->length};
    }
    *ret_value = value;
    return true;
}

void store_key_text(struct store_bytes key, char ret_text[STORE_KEY_TEXT_MAX])
{
    const uint8_t *bytes = key.data;
    size_t used = 0;
    for (size_t i = 0; i < key.length; i++) {
        if (used + sizeof "\\xNN..." > STORE_KEY_TEXT_MAX) {
            used += (size_t)snprintf(ret_text + used, STORE_KEY_TEXT_MAX - used, "...");
            break;
        }
        bool plain = bytes[i] > ' ' && bytes[i] < 0x7f && bytes[i] != '\\';
        used += (size_t)snprintf(ret_text + used, STORE_KEY_TEXT_MAX - used, plain ? "%c" : "\\x%02x", bytes[i]);
    }
    ret_text[used] = '\0';
}
