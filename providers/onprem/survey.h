/* What is known of the machines now: read, confirmed where it changed, told apart from one another. Single thread. */
#ifndef DROVER_PROVIDERS_ONPREM_SURVEY_H
#define DROVER_PROVIDERS_ONPREM_SURVEY_H

#include "providers/onprem/account.h"
#include "providers/onprem/kept.h"

enum { SURVEY_ALL = -1 };

/* Reads one machine. A power state other than the last believed one counts only when it is read twice, or with
 * a LastResetTime that moved, or when it is what a command under way wants. Commands that have reached their state are
 * forgotten. */
void survey_machine(struct provider_account *account, struct machine *machine, bool watts);

/* Reads all machines of a pool (its index, or SURVEY_ALL), then quarantines what cannot be told apart: a UUID (or
 * serial number) that two have, none, or another machine behind a known endpoint. Machines for which the call's time
 * does not suffice are unknown, or, in a look, as they were read up to three minutes ago; the next survey begins with
 * them. */
enum survey_purpose { SURVEY_TO_LOOK, SURVEY_TO_LOOK_AT_WATTS, SURVEY_TO_WRITE };
void survey_pool(struct provider_account *account, int64_t pool, enum survey_purpose purpose);
/* The same for the machines of an operation, to write. */
void survey_listed(struct provider_account *account, struct machine *const *machines, size_t count);

/* The state that a machine is reported in. */
struct standing {
    enum provider_instance_state state;
    bool foreign;
    bool has_command;
    struct command command;
    struct belief belief;
    bool has_belief;
};
void survey_standing(const struct provider_account *account, const struct machine *machine,
                     struct standing *ret_standing);
/* How many machines of a pool are not known to be off or on their way there: what a pool's `desired` is. */
int64_t survey_desired(const struct provider_account *account, size_t pool);

/* Milliwatts now: measured where it can be believed (idle / 2 to 2 x nameplate, a chassis of its own), else as
 * configured. PROVIDER_UNSET while the state is unknown. */
int64_t survey_watts(const struct machine *machine, bool *ret_estimated);

#endif
