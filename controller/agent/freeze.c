/* Freezing by file and by signal: closes the gate without asking anyone.
 *
 * The file <data_dir>/FREEZE counts from the moment it is there: the gate looks for it at each write. What is noticed
 * here only makes the freeze known to the core. Whoever freezes, the file is made, so that a freeze outlives even a
 * lost store; `unfreeze` removes it. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "controller/agent/private.h"
#include "net/files.h"

bool freeze_file_exists(const struct agent *agent)
{
    return agent->freeze_path != NULL && access(agent->freeze_path, F_OK) == 0;
}

static void freeze_tell(struct agent *agent, const char *source, const char *reason)
{
    struct event event = {.type = EVENT_FREEZE, .actor = "operator", .source = source, .text = reason};
    shell_feed(agent, &event);
}

void freeze_look(struct agent *agent)
{
    if (!core_world(agent->core)->frozen && freeze_file_exists(agent)) {
        freeze_tell(agent, "file", "the file FREEZE is there");
    }
}

static void freeze_on_change(uv_fs_event_t *watch, const char *name, int events, int status)
{
    struct agent *agent = watch->data;
    (void)events;
    if (status == 0 && !agent->stopping && (name == NULL || strcmp(name, "FREEZE") == 0)) {
        freeze_look(agent);
    }
}

static void freeze_on_signal(uv_signal_t *signal, int number)
{
    struct agent *agent = signal->data;
    (void)number;
    if (!agent->stopping) {
        freeze_tell(agent, "signal", "SIGUSR1");
    }
}

void freeze_start(struct agent *agent)
{
    uv_signal_start(&agent->signal_freeze, freeze_on_signal, SIGUSR1);
    uv_fs_event_start(&agent->freeze_watch, freeze_on_change, agent->data_dir, 0);
    freeze_look(agent);
}

void freeze_follow(struct agent *agent, enum event_type type, const char *reason)
{
    bool frozen = core_world(agent->core)->frozen;
    if (frozen || core_world(agent->core)->mode == MODE_OBSERVE) {
        accounts_stop_writing(agent, frozen ? "frozen" : "the mode is observe");
    }
    if (type == EVENT_FREEZE && frozen && !freeze_file_exists(agent)) {
        int file = open(agent->freeze_path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        size_t length = reason != NULL ? strlen(reason) : 0;
        /* Its being there is what counts: a full disk may leave it empty. */
        if (file < 0 || write(file, reason != NULL ? reason : "", length) < (ssize_t)length) {
            report_warn(agent, NULL, "frozen, but the file %s cannot be written: %m", agent->freeze_path);
        }
        if (file >= 0) {
            close(file);
        }
    }
    if (type == EVENT_UNFREEZE && !frozen && unlink(agent->freeze_path) != 0 && freeze_file_exists(agent)) {
        report_error(agent, NULL, "still frozen: the file %s cannot be removed: %m", agent->freeze_path);
    }
}
