/* The agent's log: what happened, as lines on standard error and for those who follow it over HTTP. No secret ever: no
 * token, no specification, no header. */
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "base/json_writer.h"
#include "base/log.h"
#include "base/time.h"
#include "controller/agent/private.h"
#include "net/clock.h"
#include "net/log_sink.h"

void report_open(struct agent *agent)
{
    agent->sink = log_sink_new(STDERR_FILENO, LOG_LEVEL_INFO);
}

void report_close(struct agent *agent)
{
    log_sink_free(agent->sink);
}

void report_set_level(struct agent *agent, const char *word)
{
    enum log_level level = LOG_LEVEL_INFO;
    if (word == NULL || log_level_parse(word, &level)) {
        log_sink_set_minimum(agent->sink, (int)level);
    }
}

/* The line as GET monitor gives it (docs/api.md). */
static void report_follow(struct agent *agent, const struct log_record *record, const char *region)
{
    char time[TIME_TEXT_MAX];
    struct buffer line = BUFFER_INIT;
    struct json_writer writer = json_writer_init(&line, false);
    json_writer_begin_object(&writer);
    json_writer_field_text(&writer, "Time", time_format(record->time_ms, time));
    json_writer_field_text(&writer, "Level", log_level_word(record->level));
    json_writer_field_text(&writer, "Module", record->module);
    json_writer_field_text(&writer, "Message", record->message);
    if (region != NULL) {
        json_writer_field_text(&writer, "Region", region);
    }
    json_writer_end_object(&writer);
    buffer_append_byte(&line, '\n');
    api_log(agent->api, (int)record->level, line.data, line.length);
    buffer_release(&line);
}

void report_line(struct agent *agent, const char *module, int level, const char *region, const char *message)
{
    struct log_field field = log_text("region", region);
    struct log_record record = {.time_ms = clock_wall_ms(),
                                .level = (enum log_level)level,
                                .module = module,
                                .message = message,
                                .fields = &field,
                                .field_count = region != NULL ? 1 : 0};
    if (log_sink_wants(agent->sink, level)) {
        struct buffer line = BUFFER_INIT;
        if (agent->options->log_json) {
            log_format_json(&line, &record);
        } else {
            log_format_text(&line, &record);
        }
        log_sink_write(agent->sink, level, line.data, line.length);
        buffer_release(&line);
    }
    if (agent->api != NULL && !agent->stopping) {
        report_follow(agent, &record, region);
    }
}

static void report_format(struct agent *agent, enum log_level level, const char *region, const char *format,
                          va_list arguments) __attribute__((format(printf, 4, 0)));
static void report_format(struct agent *agent, enum log_level level, const char *region, const char *format,
                          va_list arguments)
{
    struct buffer message = BUFFER_INIT;
    buffer_vprintf(&message, format, arguments);
    report_line(agent, "agent", (int)level, region, message.data);
    buffer_release(&message);
}

#define REPORT_FUNCTION(name, level)                                                                                   \
    void name(struct agent *agent, const char *region, const char *format, ...)                                        \
    {                                                                                                                  \
        va_list arguments;                                                                                             \
        va_start(arguments, format);                                                                                   \
        report_format(agent, level, region, format, arguments);                                                        \
        va_end(arguments);                                                                                             \
    }

REPORT_FUNCTION(report_info, LOG_LEVEL_INFO)
REPORT_FUNCTION(report_warn, LOG_LEVEL_WARN)
REPORT_FUNCTION(report_error, LOG_LEVEL_ERROR)

static void report_outcome(struct agent *agent, const struct event *event)
{
    const struct effect_result *result = event->result;
    if (result->outcome == OUTCOME_UNKNOWN) {
        report_warn(agent, event->region, "no answer to a write; looking what became of it: %s",
                    result->text != NULL ? result->text : "");
    } else if (result->outcome == OUTCOME_REFUSED && result->refusal != REFUSAL_GATED) {
        report_warn(agent, event->region, "refused (%s): %s", refusal_word(result->refusal),
                    result->text != NULL ? result->text : "");
    }
}

void report_event(struct agent *agent, const struct event *event)
{
    const char *who = event->actor != NULL ? event->actor : "drover";
    switch (event->type) {
    case EVENT_FREEZE:
        report_warn(agent, NULL, "frozen by %s (%s): nothing is written to any region until unfreeze", who,
                    event->text != NULL ? event->text : "");
        break;
    case EVENT_UNFREEZE:
        report_info(agent, NULL, "unfreeze by %s", who);
        break;
    case EVENT_MODE_SET:
        report_info(agent, NULL, "mode %s asked for by %s", mode_word(event->mode), who);
        break;
    case EVENT_JOB_SUBMITTED:
        report_info(agent, NULL, "job %s: %s by %s", event->submission.demand->id,
                    event->submission.dry_run ? "plan asked for" : "run asked for", who);
        break;
    case EVENT_JOB_STOP:
        report_info(agent, NULL, "job %s: stop asked for by %s", event->stop.id, who);
        break;
    case EVENT_EFFECT_RESULT:
        report_outcome(agent, event);
        break;
    default:
        break;
    }
}
