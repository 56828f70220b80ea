/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Queries: what can be asked of the views, now or as of a moment. The same code answers both. */
#ifndef HUB_REPLAY_QUERY_H
#define HUB_REPLAY_QUERY_H

#include "actors/command.h"
#include "replay/views.h"

/* A consistent reading of all views at one position. */
struct hub_reading {
    struct hub_rows rows;
    struct hub_log *log;
    struct hub_position at; /* what is newer than this does not exist */
    int64_t now_us;         /* the moment that it is about; 0 in an empty log */
    struct hub_ulid company;
    const struct hub_name *names;      /* by kind: what the query names, as in hub_command */
    struct hub_ulid viewer;            /* who asks: some answers say what is theirs */
    struct hub_arena *arena;           /* of the answer */
    struct hub_fault *fault;           /* where a refusal says why */
    const struct hub_key_source *keys; /* of scope log: what opens sealed values in events; NULL: they stay closed */
    const char *data_dir;              /* of scope log: what lies beside the log is there */
};

/* Answer a query. params: record of the query's shape (or the reply of the command that is being completed).
 * ret_answer: record of the answer's shape, zeroed. Returns 0 or an enum hub_error (not_found, invalid_query ...), < 0. */
typedef int hub_query_fn(const struct hub_reading *reading, const void *params, void *ret_answer);

/* What a query folds for a moment of the past. */
enum hub_query_scope {
    HUB_SCOPE_session = 1, /* one session's stream, and its customer's */
    HUB_SCOPE_customer,    /* one customer's events on all streams */
    HUB_SCOPE_routing,     /* the company's routing: one stream */
    HUB_SCOPE_company,     /* everything: bounded in time */
    HUB_SCOPE_agent,       /* one agent's stream */
    HUB_SCOPE_view,    /* one view, from the few types of events that it knows; and the entities that are looked at */
    HUB_SCOPE_figures, /* the view `analytics`: final buckets, and the five minutes under way then */
    HUB_SCOPE_log,     /* nothing: the log itself is read, which takes a while, so never on an event loop */
};

/* The session or customer that a query is about, by its scope. Returns 0 or an error with the reading's fault. */
typedef int hub_query_find_fn(const struct hub_reading *reading, const void *params, struct hub_ulid *ret_entity);

/* How many seconds the asker would rather wait than have this answer; 0: none. ret_behind: until there is something behind it. */
typedef uint32_t hub_query_patience_fn(const void *params, const void *answer, struct hub_span *ret_behind);

/* The same question, from there on. */
typedef void hub_query_go_on_fn(void *params, struct hub_span behind);

struct hub_query_info {
    const char *name;
    const struct hub_shape *params;
    const struct hub_shape *answer;
    enum hub_query_scope scope;
    uint16_t view; /* of scope view: its number */
    bool is_still; /* the answer depends on the views and the parameters only, not on the clock or on who asks */
    hub_query_find_fn *find_fn; /* NULL: of scope company, view or figures */
    hub_query_fn *answer_fn;
    hub_query_patience_fn *patience_fn; /* of scope log; NULL: nobody waits */
    hub_query_go_on_fn *go_on_fn;       /* with patience_fn */
};

extern const struct hub_query_info hub_query_active_sessions; /* active_sessions_query -> session_list */
extern const struct hub_query_info hub_query_session; /* session_at_query -> unified_session; live: the actor answers */
extern const struct hub_query_info hub_query_session_messages;  /* -> message_history */
extern const struct hub_query_info hub_query_message;           /* -> message_reply */
extern const struct hub_query_info hub_query_transfer;          /* -> transfer_shown */
extern const struct hub_query_info hub_query_customer_sessions; /* customer_query -> customer_sessions */
extern const struct hub_query_info hub_query_customer_history;  /* customer_query -> customer_history */
extern const struct hub_query_info hub_query_unified_view;      /* customer_query -> unified_view */
extern const struct hub_query_info hub_query_transfer_answer;   /* transfer_done (a reply) -> transfer_answer */

extern const struct hub_query_info hub_query_analytics;           /* analytics_query -> dashboard_analytics */
extern const struct hub_query_info hub_query_channel_performance; /* channel_performance_query -> channel_performance */
extern const struct hub_query_info hub_query_campaign;            /* campaign_query -> campaign_standing */
extern const struct hub_query_info hub_query_active_campaigns;    /* active_campaigns_query -> active_campaigns */
extern const struct hub_query_info hub_query_recipients;          /* recipients_query -> campaign_recipients */
extern const struct hub_query_info hub_query_consent;             /* consent_query -> consent_ledger */
extern const struct hub_query_info hub_query_segment;             /* segment_query -> segment_found; internal */
extern const struct hub_query_info hub_query_audience;            /* audience_query -> audience_page; internal */
extern const struct hub_query_info hub_query_turns;               /* turns_query -> turns_found; internal */
extern const struct hub_query_info hub_query_at_work; /* at_work_query -> campaigns_at_work; internal, no company */

extern const struct hub_query_info hub_query_routing_decision;    /* -> routing_receipt_reply */
extern const struct hub_query_info hub_query_routing_rules;       /* -> routing_rules_reply; live: the actor answers */
extern const struct hub_query_info hub_query_routing_performance; /* -> routing_performance */
extern const struct hub_query_info hub_query_routing_known;       /* decide_routing (a command) -> routing_known */
extern const struct hub_query_info hub_query_stopped;             /* stopped_query -> stopped_list */
extern const struct hub_query_info hub_query_customer_row;        /* help_changed (a reply) -> customer_row_reply */
extern const struct hub_query_info hub_query_queues;              /* queues_query -> queue_list */
extern const struct hub_query_info hub_query_agents;              /* agents_query -> agent_list */
extern const struct hub_query_info hub_query_agent; /* agent_at_query -> agent_shown; live: the actor answers */

extern const struct hub_query_info hub_query_events;   /* events_query -> event_page */
extern const struct hub_query_info hub_query_accesses; /* accesses_query -> access_page */
extern const struct hub_query_info hub_query_person;   /* person_query -> person_export */

struct hub_ask {
    const struct hub_query_info *query;
    const void *params;
    struct hub_ulid company;
    const struct hub_name *names; /* HUB_KINDS of them */
    struct hub_arena *arena;
    int64_t now_us;                    /* the moment asked about; 0: the log time of the reading's last event */
    int64_t deadline_tick_us;          /* for a moment of the past; 0: none */
    struct hub_ulid viewer;            /* who asks */
    const struct hub_key_source *keys; /* of scope log, as in the reading */
    const char *data_dir;
};

/* Ask the live views: a consistent reading at ret_at. The answer's sealed values are boxes (open them at the edge).
 * Any thread; a few row reads. Returns 0 or an error with ret_fault. */
int hub_query_live(struct hub_views *views, const struct hub_ask *ask, void **ret_answer, struct hub_position *ret_at,
                   struct hub_fault *ret_fault);

/* Ask as of a position: folds what the query's scope needs into memory and answers with the same function. Any thread, but not
 * an event loop's: it may take up to the deadline, then HUB_ERROR_too_long_ago. */
int hub_query_at(struct hub_views *views, const struct hub_ask *ask, struct hub_position at, void **ret_answer,
                 struct hub_fault *ret_fault);

/* Read the live views in one consistent sight, for as long as `read` takes. The reading has no company and no names yet, and no
 * fault. Any thread. Returns what `read` returned, or < 0 when the store failed. */
int hub_views_read(struct hub_views *views, struct hub_arena *arena,
                   int (*read)(const struct hub_reading *reading, void *arg), void *arg);

#endif
