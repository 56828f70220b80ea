/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The filter on h2o's own answers: another type, another length, another body. */
#include "api/refusal.h"

#include "api/problem.h"

struct rewrite {
    h2o_ostream_t super;
    h2o_iovec_t body;
};

static void send_problem(h2o_ostream_t *stream, h2o_req_t *req, h2o_iovec_t *bytes, size_t count,
                         h2o_send_state_t state)
{
    struct rewrite *self = (struct rewrite *) stream;
    (void) bytes;
    h2o_ostream_send_next(stream, req, &self->body, count > 0 ? 1 : 0, state);
}

static void on_setup(h2o_filter_t *filter, h2o_req_t *req, h2o_ostream_t **slot)
{
    struct hub_fault fault = { .error = hub_problem_of_status(req->res.status) };
    struct hub_buf body;
    (void) filter;
    if (req->res.status >= 400) {
        hub_buf_init(&body);
        hub_problem_write(&fault, hub_span_of(NULL, 0), &body);
        struct rewrite *self = (struct rewrite *) h2o_add_ostream(req, sizeof *self, slot);
        self->super.do_send = send_problem;
        self->body = h2o_strdup(&req->pool, body.at, body.len);
        hub_buf_done(&body);
        h2o_set_header(&req->pool, &req->res.headers, H2O_TOKEN_CONTENT_TYPE, H2O_STRLIT(HUB_MEDIA_PROBLEM), 1);
        req->res.content_length = self->body.len;
        slot = &self->super.next;
    }
    h2o_setup_next_ostream(req, slot);
}

void hub_refusal_register(h2o_pathconf_t *fallback)
{
    h2o_create_filter(fallback, sizeof(h2o_filter_t))->on_setup_ostream = on_setup;
}
