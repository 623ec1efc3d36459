/* Answers to what a module asked of the agent: what it kept, and that something is stored. */
#include "base/json_writer.h"
#include "controller/agent/provider_private.h"

static void answer(struct provider_link *link, enum provider_question question, const char *key, const char *value,
                   bool stored)
{
    struct buffer text = BUFFER_INIT;
    struct json_writer writer = json_writer_init(&text, false);
    if (link->question != question)
        return;
    link->question = QUESTION_NONE;
    json_writer_begin_object(&writer);
    if (question == QUESTION_KEPT)
        json_writer_field_text(&writer, key, value);
    else
        json_writer_field_flag(&writer, key, stored);
    json_writer_end_object(&writer);
    json_writer_done(&writer);
    provider_child_send(link, text.data, text.length);
    buffer_release(&text);
}

void provider_link_answer_kept(struct provider_link *link, const char *value)
{
    answer(link, QUESTION_KEPT, "value", value, false);
}

void provider_link_answer_keep(struct provider_link *link, bool stored)
{
    answer(link, QUESTION_KEEP, "stored", NULL, stored);
}
