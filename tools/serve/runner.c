/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The campaigns' runner. It goes round: read from the views whose turn it is, send a bounded batch, wait until all of it is
 * answered and the views show it, note how far the walk came, go on. As it never reads views that lack what it did, nobody is
 * sent for twice on purpose; and a pause is seen at the next round, which is a fraction of a second away. */
#include "tools/serve/runner.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "actors/customer/recipient.h"
#include "base/memory.h"
#include "base/pack.h"
#include "base/zone.h"
#include "replay/query.h"

enum {
    IDLE_MS = 100,
    PACE_MS = 20,   /* between two rounds */
    ANSWERS_S = 10, /* patience for a batch; then it is read afresh */
    CHANNELS = 8,
    LATE_S = 60,      /* how far the views may be behind; and how often everybody who waits is looked for */
    CAMPAIGNS = 1000, /* that run at a time */
    ARENA = 1 << 16,
    COMMAND_BYTES = 2048,
};

/* How fast a campaign has been, in thousandths of an attempt. */
struct pace {
    struct hub_ulid campaign;
    int64_t tick_us;
    int64_t tokens[CHANNELS + 1]; /* by channel */
    uint64_t since_s[CHANNELS];   /* nobody waits from before this, as far as was seen */
    int64_t all_tick_us;          /* when everybody who waits was looked for */
    bool seen;
};

/* How far a campaign's audience was walked in this round. */
struct walk {
    struct hub_ulid company, campaign;
    struct walk_campaign record;
};

struct hub_runner {
    struct hub_runner_options options;
    pthread_t thread;
    struct hub_port *port;
    struct hub_arena *arena; /* of a round */
    struct pace paces[CAMPAIGNS];
    size_t pace_count;
    struct walk walks[CAMPAIGNS];
    size_t walk_count;

    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t changed;
    bool stopping;
    uint64_t batch;     /* number of the one under way: the ticket of its commands */
    uint32_t under_way; /* its commands without an answer */
    uint64_t position;  /* that the views must reach */
};

/* One campaign's part of a round. */
struct part {
    struct hub_runner *runner;
    struct hub_ulid company, campaign;
    const struct turns_found *found;
    struct pace *pace;
    int64_t now_us;
    uint64_t room;              /* commands that may still be sent */
    bool is_cancelled, is_over; /* over: its time is up */
    uint32_t sent;
};

/* --- waiting --- */

/* Until `done` or a deadline; under the lock. */
static void wait_ms(struct hub_runner *self, int64_t ms)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += ms % 1000 * 1000000;
    until.tv_sec += ms / 1000 + until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_cond_timedwait(&self->changed, &self->lock, &until);
}

static bool is_stopping(struct hub_runner *self)
{
    pthread_mutex_lock(&self->lock);
    bool stopping = self->stopping;
    pthread_mutex_unlock(&self->lock);
    return stopping;
}

void hub_runner_on_answer(struct hub_runner *self, struct hub_answer *answer)
{
    pthread_mutex_lock(&self->lock);
    if (answer->ticket.number == self->batch && self->under_way > 0) {
        self->under_way--;
    }
    if (answer->position.sequence > self->position) {
        self->position = answer->position.sequence;
    }
    if (self->under_way == 0) {
        pthread_cond_signal(&self->changed);
    }
    pthread_mutex_unlock(&self->lock);
    hub_answer_destroy(&answer);
}

static void begin_batch(struct hub_runner *self)
{
    pthread_mutex_lock(&self->lock);
    self->batch++;
    self->under_way = 0;
    pthread_mutex_unlock(&self->lock);
}

/* Wait for all answers. Returns false when some did not come. */
static bool end_batch(struct hub_runner *self)
{
    hub_port_flush(self->port);
    int64_t late_us = hub_tick_us(self->options.world) + INT64_C(1000000) * ANSWERS_S;
    pthread_mutex_lock(&self->lock);
    while (self->under_way > 0 && !self->stopping && hub_tick_us(self->options.world) < late_us) {
        wait_ms(self, PACE_MS);
    }
    bool complete = self->under_way == 0;
    pthread_mutex_unlock(&self->lock);
    return complete;
}

/* Until the views show what was answered; they do soon, as somebody waits for them. */
static void wait_for_views(struct hub_runner *self)
{
    pthread_mutex_lock(&self->lock);
    while (!self->stopping && hub_views_position(self->options.views).sequence < self->position) {
        hub_views_hurry(self->options.views);
        wait_ms(self, 1);
    }
    pthread_mutex_unlock(&self->lock);
}

/* --- sending --- */

/* Returns false when there is no room for it now. */
static bool send(struct hub_runner *self, struct hub_command *command)
{
    pthread_mutex_lock(&self->lock);
    command->ticket = (struct hub_ticket){ .loop = (uint32_t) HUB_RUNNER_LOOP, .number = self->batch };
    self->under_way++;
    pthread_mutex_unlock(&self->lock);
    if (hub_port_send(self->port, &command) == 0) {
        return true;
    }
    pthread_mutex_lock(&self->lock);
    self->under_way--;
    pthread_mutex_unlock(&self->lock);
    hub_command_destroy(&command);
    return false;
}

static struct hub_command *command_to(struct hub_ulid company, uint8_t kind, struct hub_ulid entity,
                                      const struct hub_shape *shape)
{
    struct hub_command *command = hub_command_new(shape, COMMAND_BYTES);
    command->caller.company = company;
    command->target = kind;
    command->names[kind] = (struct hub_name){ .given = true, .is_ours = true, .id = entity };
    return command;
}

/* How far a customer's clocks are ahead: by the profile's zone, or the plan's, or not at all. */
static void add_offset(const struct part *part, struct hub_span zone, struct contact_recipient *record,
                       struct hub_arena *arena)
{
    struct hub_zones *zones = part->runner->options.zones;
    int32_t offset_s = 0;
    if (zone.len > 0 && hub_zone_offset(zones, zone, part->now_us, &offset_s) == 0) {
        HUB_SET(contact_recipient, record, zone, hub_arena_copy(arena, zone));
    } else {
        (void) hub_zone_offset(zones, record->plan->timezone, part->now_us, &offset_s);
    }
    HUB_SET(contact_recipient, record, offset_s, offset_s);
}

static bool contact(struct part *part, const struct campaign_turn *turn, bool holds)
{
    struct hub_command *command = command_to(part->company, KIND_customer, turn->customer, &contact_recipient_shape);
    struct contact_recipient *record = command->record;
    HUB_SET(contact_recipient, record, campaign, part->campaign);
    HUB_SET(contact_recipient, record, plan,
            hub_record_copy(&campaign_plan_shape, part->found->campaign->plan, command->arena));
    add_offset(part, turn->zone, record, command->arena);
    HUB_SET(contact_recipient, record, holds, holds);
    HUB_SET(contact_recipient, record, cancels, part->is_cancelled);
    bool sent = send(part->runner, command);
    part->sent += sent;
    part->room -= sent;
    return sent;
}

/* --- how fast --- */

static struct pace *pace_of(struct hub_runner *self, struct hub_ulid campaign)
{
    for (size_t i = 0; i < self->pace_count; i++) {
        if (hub_ulid_is(self->paces[i].campaign, campaign)) {
            return &self->paces[i];
        }
    }
    if (self->pace_count == CAMPAIGNS) {
        return NULL;
    }
    struct pace *pace = &self->paces[self->pace_count++];
    *pace = (struct pace){ .campaign = campaign };
    return pace;
}

static void forget_paces(struct hub_runner *self)
{
    size_t kept = 0;
    for (size_t i = 0; i < self->pace_count; i++) {
        if (self->paces[i].seen) {
            self->paces[kept] = self->paces[i];
            self->paces[kept++].seen = false;
        }
    }
    self->pace_count = kept;
}

/* A bucket per channel: half a second's worth at most, one attempt at least. Without a rate it is always full. */
static void fill_buckets(struct part *part, const struct campaign_plan *plan)
{
    struct pace *pace = part->pace;
    int64_t tick_us = hub_tick_us(part->runner->options.world);
    int64_t passed_us = pace->tick_us == 0 ? 500000 : tick_us - pace->tick_us;
    pace->tick_us = tick_us;
    for (unsigned channel = 1; channel <= CHANNELS; channel++) {
        int64_t rate = 0;
        for (uint32_t i = 0; i < plan->rates.count; i++) {
            rate = plan->rates.at[i].channel == channel ? plan->rates.at[i].per_second : rate;
        }
        if (rate == 0 || part->is_cancelled) {
            pace->tokens[channel] = INT64_C(1000) * HUB_RUNNER_BATCH;
            continue;
        }
        int64_t most = rate * 500 > 1000 ? rate * 500 : 1000;
        passed_us = passed_us < 1000000 ? passed_us : 1000000;
        pace->tokens[channel] += rate * passed_us / 1000;
        pace->tokens[channel] = pace->tokens[channel] < most ? pace->tokens[channel] : most;
    }
}

static bool take_token(struct part *part, unsigned channel)
{
    int64_t *tokens = &part->pace->tokens[channel <= CHANNELS ? channel : 0];
    bool has_one = *tokens >= 1000;
    *tokens -= has_one ? 1000 : 0;
    return has_one;
}

/* --- a campaign's part of a round --- */

static int ask(struct hub_runner *self, const struct hub_query_info *query, struct hub_ulid company, const void *params,
               void **ret_answer)
{
    static const struct hub_name names[HUB_KINDS];
    const struct hub_ask asked = {
        .query = query, .params = params, .company = company, .names = names, .arena = self->arena
    };
    struct hub_position at;
    struct hub_fault fault;
    return hub_query_live(self->options.views, &asked, ret_answer, &at, &fault);
}

/* Where to look from the next time. The store remembers for long what was removed, and looking from the start would go
 * through all of it; so that happens only now and then, for what came late. */
static void remember_since(struct part *part)
{
    struct pace *pace = part->pace;
    const uint64_t *first_s = part->found->first.at;
    int64_t tick_us = hub_tick_us(part->runner->options.world);
    uint64_t safe_s = (uint64_t) (part->now_us / 1000000 - LATE_S);
    bool looks_at_all = tick_us - pace->all_tick_us > INT64_C(1000000) * LATE_S;
    pace->all_tick_us = looks_at_all ? tick_us : pace->all_tick_us;
    for (unsigned i = 0; i < CHANNELS; i++) {
        bool is_earlier = first_s[i] != 0 && first_s[i] < safe_s;
        pace->since_s[i] = looks_at_all ? 0 : is_earlier ? first_s[i] : safe_s;
    }
}

static bool find_turns(struct part *part, uint64_t room)
{
    uint64_t *rooms = HUB_NEW_ARRAY(part->runner->arena, uint64_t, CHANNELS);
    struct turns_query query = { 0 };
    void *answer = NULL;
    for (unsigned i = 0; i < CHANNELS; i++) {
        uint64_t tokens = part->pace->tick_us == 0 ? room : (uint64_t) part->pace->tokens[i + 1] / 1000 + 1;
        rooms[i] = tokens < room ? tokens : room;
    }
    HUB_SET(turns_query, &query, campaign, part->campaign);
    HUB_SET(turns_query, &query, now, part->now_us);
    HUB_SET(turns_query, &query, room, ((hub_list){ .at = rooms, .count = CHANNELS }));
    HUB_SET(turns_query, &query, since, ((hub_list){ .at = part->pace->since_s, .count = CHANNELS }));
    bool found = ask(part->runner, &hub_query_turns, part->company, &query, &answer) == 0;
    part->found = answer;
    if (found) {
        remember_since(part);
    }
    return found && HUB_HAS(campaign_state, part->found->campaign, plan);
}

/* Those who wait, as far as their channels have room. */
static void send_turns(struct part *part)
{
    const struct turns_found *found = part->found;
    for (uint32_t i = 0; i < found->turns.count && part->room > 0; i++) {
        if (take_token(part, found->turns.at[i].channel) && !contact(part, &found->turns.at[i], false)) {
            part->room = 0;
        }
    }
}

static unsigned first_channel(const struct campaign_plan *plan, const struct campaign_turn *turn)
{
    uint8_t route[HUB_RECIPIENT_STEPS];
    hub_recipient_route(&plan->channels, HUB_HAS(campaign_turn, turn, preferred) ? turn->preferred : 0, route);
    return route[0];
}

/* The next customers of the audience. Who has no room on the channel now is taken in and waits. */
static void walk(struct part *part)
{
    struct hub_runner *self = part->runner;
    const struct campaign_state *campaign = part->found->campaign;
    struct audience_query query = { 0 };
    void *answer = NULL;
    HUB_SET(audience_query, &query, conditions, campaign->audience);
    HUB_SET(audience_query, &query, known_at, campaign->launched_at);
    if (HUB_HAS(campaign_state, campaign, cursor)) {
        HUB_SET(audience_query, &query, after, campaign->cursor);
    }
    HUB_SET(audience_query, &query, limit, (uint32_t) part->room);
    HUB_SET(audience_query, &query, now, campaign->launched_at);
    if (part->room == 0 || self->walk_count == CAMPAIGNS ||
        ask(self, &hub_query_audience, part->company, &query, &answer) != 0) {
        return;
    }
    const struct audience_page *page = answer;
    for (uint32_t i = 0; i < page->turns.count; i++) {
        bool has_room = take_token(part, first_channel(campaign->plan, &page->turns.at[i]));
        if (!contact(part, &page->turns.at[i], !has_room)) {
            return; /* the page is read again */
        }
    }
    struct walk *walked = &self->walks[self->walk_count++];
    *walked = (struct walk){ .company = part->company, .campaign = part->campaign };
    if (HUB_HAS(audience_page, page, last)) {
        HUB_SET(walk_campaign, &walked->record, cursor, page->last);
    }
    HUB_SET(walk_campaign, &walked->record, seen, campaign->seen + page->compared);
    HUB_SET(walk_campaign, &walked->record, matched, campaign->matched + page->matched);
    HUB_SET(walk_campaign, &walked->record, is_over, page->is_over);
}

static bool is_finished(const struct part *part)
{
    const struct campaign_counts *counts = part->found->counts;
    const struct campaign_state *campaign = part->found->campaign;
    uint64_t open = counts->selected + counts->deferred + counts->fallback + counts->attempted + counts->failed;
    bool all_there = campaign->walked && counts->recipients >= campaign->named;
    return campaign->status == campaign_status_running && part->sent == 0 && open == 0 && (all_there || part->is_over);
}

static void finish(struct part *part)
{
    struct hub_command *command = command_to(part->company, KIND_campaign, part->campaign, &finish_campaign_shape);
    struct finish_campaign *record = command->record;
    HUB_SET(finish_campaign, record, recipients, part->found->counts->recipients);
    (void) send(part->runner, command);
}

static void take_part(struct hub_runner *self, const struct campaign_at_work *work, uint64_t share)
{
    struct part part = { .runner = self,
                         .company = work->company,
                         .campaign = work->campaign,
                         .pace = pace_of(self, work->campaign),
                         .now_us = hub_now_us(self->options.world) };
    if (part.pace == NULL || !find_turns(&part, share)) {
        return;
    }
    const struct campaign_state *campaign = part.found->campaign;
    part.pace->seen = true;
    part.is_cancelled = campaign->status == campaign_status_cancelled;
    part.is_over = part.now_us > campaign->plan->ends_at;
    uint64_t under_way = part.found->counts->attempted;
    part.room = under_way < HUB_RUNNER_WINDOW ? HUB_RUNNER_WINDOW - under_way : 0;
    part.room = part.room < share ? part.room : share;
    if (!part.is_cancelled && campaign->status != campaign_status_running) {
        return;
    }
    fill_buckets(&part, campaign->plan);
    send_turns(&part);
    if (campaign->status == campaign_status_running && !campaign->walked && !part.is_over) {
        walk(&part);
    }
    if (is_finished(&part)) {
        finish(&part);
    }
}

/* How far it came, now that everybody up to there is answered. */
static void note_walks(struct hub_runner *self)
{
    begin_batch(self);
    for (size_t i = 0; i < self->walk_count; i++) {
        const struct walk *walked = &self->walks[i];
        struct hub_command *command = command_to(walked->company, KIND_campaign, walked->campaign,
                                                 &walk_campaign_shape);
        *(struct walk_campaign *) command->record = walked->record;
        (void) send(self, command);
    }
    self->walk_count = 0;
    (void) end_batch(self);
}

/* Returns false when there was nothing to do. */
static bool go_round(struct hub_runner *self)
{
    static const struct hub_ulid none;
    const struct at_work_query query = { 0 };
    void *answer = NULL;
    hub_arena_reset(self->arena);
    self->walk_count = 0;
    if (ask(self, &hub_query_at_work, none, &query, &answer) != 0) {
        return false;
    }
    const struct campaigns_at_work *work = answer;
    if (work->campaigns.count == 0) {
        self->pace_count = 0;
        return false;
    }
    uint64_t share = HUB_RUNNER_BATCH / work->campaigns.count + 1;
    begin_batch(self);
    for (uint32_t i = 0; i < work->campaigns.count; i++) {
        take_part(self, &work->campaigns.at[i], share);
    }
    forget_paces(self);
    if (end_batch(self) && self->walk_count > 0) {
        note_walks(self);
    }
    wait_for_views(self);
    return true;
}

/* --- life --- */

static void *run(void *arg)
{
    struct hub_runner *self = arg;
    (void) pthread_setname_np(pthread_self(), "hub-campaigns");
    self->port = hub_port_new(self->options.runtime);
    hub_port_gather(self->port);
    while (!is_stopping(self)) {
        bool is_held = self->options.hold != NULL && access(self->options.hold, F_OK) == 0;
        bool works = !is_held && go_round(self);
        pthread_mutex_lock(&self->lock);
        if (!self->stopping) {
            wait_ms(self, works ? PACE_MS : IDLE_MS);
        }
        pthread_mutex_unlock(&self->lock);
    }
    hub_port_destroy(&self->port);
    return NULL;
}

int hub_runner_start(const struct hub_runner_options *options, struct hub_runner **ret_runner)
{
    struct hub_runner *self = hub_memory_zero(sizeof *self);
    pthread_condattr_t monotonic;
    self->options = *options;
    self->arena = hub_arena_new(ARENA);
    pthread_mutex_init(&self->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&self->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    *ret_runner = self; /* before the first answer can come */
    if (pthread_create(&self->thread, NULL, run, self) != 0) {
        self->options.runtime = NULL;
        hub_runner_destroy(ret_runner);
        return -1;
    }
    return 0;
}

void hub_runner_stop(struct hub_runner *self)
{
    if (self == NULL || self->options.runtime == NULL) {
        return;
    }
    pthread_mutex_lock(&self->lock);
    self->stopping = true;
    pthread_cond_signal(&self->changed);
    pthread_mutex_unlock(&self->lock);
    pthread_join(self->thread, NULL);
    self->options.runtime = NULL;
}

void hub_runner_destroy(struct hub_runner **self_p)
{
    struct hub_runner *self = *self_p;
    *self_p = NULL;
    if (self == NULL) {
        return;
    }
    hub_runner_stop(self);
    hub_arena_destroy(&self->arena);
    pthread_mutex_destroy(&self->lock);
    pthread_cond_destroy(&self->changed);
    free(self);
}
