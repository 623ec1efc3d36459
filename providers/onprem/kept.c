/* Commands and beliefs as text of services->keep. */
#include "providers/onprem/kept.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "providers/sdk/fail.h"

#define FAILED_HOLD_US (INT64_C(30) * 60 * 1000000)
enum { KEY_MAX = 96, VALUE_MAX = 512 };

static void write_key(const char *kind, const struct machine *machine, char key[static KEY_MAX])
{
    snprintf(key, KEY_MAX, "%s.%s", kind, machine->settings->name);
}

bool kept_command(const struct provider_account *account, const struct machine *machine, struct command *ret_command)
{
    char key[KEY_MAX];
    struct command command = {0};
    unsigned on = 0, forced = 0, failed = 0;
    write_key("command", machine, key);
    const char *text = account->services->kept(account->services->context, key);
    if (!text || sscanf(text, "1 %u %u %u %u %" SCNd64 " %" SCNd64, &on, &forced, &failed, &command.sends,
                        &command.started_us, &command.sent_us) != 6)
        return false;
    command.on = on != 0;
    command.forced = forced != 0;
    command.failed = failed != 0;
    *ret_command = command;
    return true;
}

bool keep_command(struct provider_account *account, const struct machine *machine, const struct command *command)
{
    char key[KEY_MAX], text[VALUE_MAX];
    write_key("command", machine, key);
    snprintf(text, sizeof text, "1 %d %d %d %u %" PRId64 " %" PRId64, command->on, command->forced, command->failed,
             command->sends, command->started_us, command->sent_us);
    return account->services->keep(account->services->context, key, text);
}

void forget_command(struct provider_account *account, const struct machine *machine)
{
    char key[KEY_MAX];
    write_key("command", machine, key);
    if (account->services->kept(account->services->context, key))
        account->services->keep(account->services->context, key, NULL);
}

bool command_is_live(const struct provider_account *account, const struct machine *machine,
                     const struct command *command)
{
    /* Time to take effect, to be repeated by a poll, and as long again to be settled by one. In all not for ever: a BMC
     * that goes on refusing for the moment would keep it alive. */
    int64_t now = account_now(account), start = account->settings.start_timeout_us;
    int64_t off = command->on ? 0 : account->settings.pools[machine->settings->pool].off_timeout_us;
    int64_t time = 3 * start + (command->forced ? 0 : off);
    return !command->failed && now - command->sent_us < time && now - command->started_us < off + 10 * start;
}

bool command_has_failed(const struct provider_account *account, const struct command *command)
{
    return command->failed && account_now(account) - command->sent_us < FAILED_HOLD_US;
}

/* Words of a line: what is no printable ASCII is left out, nothing at all is "-". */
static void write_word(const char *text, char word[static REDFISH_WORD_MAX])
{
    size_t length = 0;
    for (; *text && length < REDFISH_WORD_MAX - 1; text++)
        if (*text > ' ' && *text <= '~')
            word[length++] = *text;
    word[length] = '\0';
    if (length == 0)
        memcpy(word, "-", 2);
}

static void read_word(const char *word, char text[static REDFISH_WORD_MAX])
{
    snprintf(text, REDFISH_WORD_MAX, "%s", strcmp(word, "-") == 0 ? "" : word);
}

bool kept_belief(const struct provider_account *account, const struct machine *machine, struct belief *ret_belief)
{
    char key[KEY_MAX], uuid[REDFISH_WORD_MAX], serial[REDFISH_WORD_MAX];
    struct belief belief = {0};
    unsigned on = 0, ours = 0;
    write_key("power", machine, key);
    const char *text = account->services->kept(account->services->context, key);
    if (!text || sscanf(text, "1 %u %u %" SCNd64 " %" SCNd64 " %63s %63s", &on, &ours, &belief.since_us,
                        &belief.last_reset_us, uuid, serial) != 6)
        return false;
    belief.on = on != 0;
    belief.ours = ours != 0;
    read_word(uuid, belief.uuid);
    read_word(serial, belief.serial);
    *ret_belief = belief;
    return true;
}

void keep_belief(struct provider_account *account, const struct machine *machine, const struct belief *belief)
{
    char key[KEY_MAX], text[VALUE_MAX], uuid[REDFISH_WORD_MAX], serial[REDFISH_WORD_MAX];
    write_key("power", machine, key);
    write_word(belief->uuid, uuid);
    write_word(belief->serial, serial);
    snprintf(text, sizeof text, "1 %d %d %" PRId64 " %" PRId64 " %s %s", belief->on, belief->ours, belief->since_us,
             belief->last_reset_us, uuid, serial);
    const char *kept = account->services->kept(account->services->context, key);
    if (kept && strcmp(kept, text) == 0)
        return;
    if (!account->services->keep(account->services->context, key, text))
        sdk_log(account->services, PROVIDER_WARN, "what was seen of machine %s could not be kept",
                machine->settings->name);
}
