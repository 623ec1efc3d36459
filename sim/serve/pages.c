/* Pages of lists kept as they were rendered, so that a bench measures who reads them and not who writes them. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "sim/serve/session.h"

static bool is_page(const struct session *session)
{
    return session->port->server->keep_pages && strcmp(session->method, "GET") == 0 &&
           strstr(session->query, "per_page=") != NULL && strstr(session->query, "index=") == NULL;
}

static struct sim_kept_page *find(const struct session *session, const char *key)
{
    for (struct sim_kept_page *page = session->port->kept; page != NULL; page = page->next)
        if (strcmp(page->key, key) == 0 && strcmp(page->token, session->token) == 0)
            return page;
    return NULL;
}

static char *key_of(const struct session *session)
{
    struct buffer key = BUFFER_INIT;

    buffer_printf(&key, "%s?%s", session->path, session->query);
    return buffer_take(&key);
}

/* Everything but the body, which is copied. */
static void copy_response(struct sim_response *to, const struct sim_response *from)
{
    struct buffer body = to->body;

    *to = *from;
    buffer_clear(&body);
    to->body = body;
    buffer_append(&to->body, from->body.data, from->body.length);
}

bool page_find(struct session *session)
{
    const struct sim_kept_page *page;
    char *key;

    if (!is_page(session))
        return false;
    key = key_of(session);
    page = find(session, key);
    free(key);
    if (page == NULL || page->index != sim_region_index(page->response.answered_by))
        return false;
    copy_response(&session->response, &page->response);
    return true;
}

void page_keep(struct session *session)
{
    struct sim_kept_page *page;
    char *key;

    if (!is_page(session) || session->response.outcome != SIM_ANSWER || session->response.status != 200)
        return;
    key = key_of(session);
    page = find(session, key);
    if (page == NULL) {
        page = memory_new(1, sizeof *page);
        page->key = key;
        page->token = memory_copy_text(session->token, strlen(session->token));
        sim_response_init(&page->response);
        page->next = session->port->kept;
        session->port->kept = page;
    } else {
        free(key);
    }
    copy_response(&page->response, &session->response);
    page->index = sim_region_index(page->response.answered_by);
}

void pages_free(struct sim_port_entry *port)
{
    while (port->kept != NULL) {
        struct sim_kept_page *page = port->kept;

        port->kept = page->next;
        free(page->key);
        free(page->token);
        sim_response_release(&page->response);
        free(page);
    }
}
