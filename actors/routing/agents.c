/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Which agent: needs, room, what is preferred, who was idle longest. */
#include "actors/routing/engine.h"

static bool has_text(const hub_list *list, struct hub_span text)
{
    const struct hub_span *texts = list->at;
    for (uint32_t i = 0; i < list->count; i++) {
        if (hub_span_is(texts[i], text)) {
            return true;
        }
    }
    return false;
}

/* "de" is spoken by who speaks "de-CH", and "de-CH" by who speaks "de". */
static bool speaks(const hub_list *languages, struct hub_span language)
{
    const struct hub_span *texts = languages->at;
    for (uint32_t i = 0; i < languages->count; i++) {
        size_t len = texts[i].len < language.len ? texts[i].len : language.len;
        struct hub_span longer = texts[i].len > language.len ? texts[i] : language;
        if (len > 0 && memcmp(texts[i].at, language.at, len) == 0 && (longer.len == len || longer.at[len] == '-')) {
            return true;
        }
    }
    return false;
}

uint32_t hub_routing_load(const struct routing_state *state, const struct roster_agent *agent, unsigned channel)
{
    uint32_t load = 0;
    for (uint32_t i = 0; i < agent->loads.count; i++) {
        load += agent->loads.at[i].channel == channel ? agent->loads.at[i].load : 0;
    }
    for (uint32_t i = 0; i < state->promises.count; i++) {
        const struct routing_promise *promise = &state->promises.at[i];
        load += promise->channel == channel && hub_ulid_is(promise->agent, agent->agent);
    }
    return load;
}

static uint32_t limit_of(const struct roster_agent *agent, unsigned channel)
{
    for (uint32_t i = 0; i < agent->loads.count; i++) {
        if (agent->loads.at[i].channel == channel) {
            return agent->loads.at[i].limit;
        }
    }
    return 0;
}

static void lose(struct agent_looked_at *looked, unsigned verdict, struct hub_span missing)
{
    HUB_SET(agent_looked_at, looked, verdict, (hub_enum) verdict);
    if (missing.len > 0) {
        HUB_SET(agent_looked_at, looked, missing, missing);
    }
}

/* Returns false when something required is missing. */
static bool meets(const struct hub_routing_search *search, const struct roster_agent *agent,
                  struct agent_looked_at *looked)
{
    const struct routing_needs *needs = search->needs;
    const struct hub_span *skills = needs->skills.at, *languages = needs->languages.at;
    for (uint32_t i = 0; i < needs->skills.count; i++) {
        if (!has_text(&agent->skills, skills[i])) {
            lose(looked, verdict_lacks_skill, skills[i]);
            return false;
        }
    }
    for (uint32_t i = 0; i < needs->languages.count; i++) {
        if (!speaks(&agent->languages, languages[i])) {
            lose(looked, verdict_lacks_language, languages[i]);
            return false;
        }
    }
    if (needs->own_language == wish_required && search->language.len > 0 &&
        !speaks(&agent->languages, search->language)) {
        lose(looked, verdict_lacks_language, search->language);
        return false;
    }
    return true;
}

static uint32_t preferred(const struct hub_routing_search *search, const struct roster_agent *agent)
{
    const struct routing_needs *needs = search->needs;
    uint32_t count = 0;
    for (uint32_t i = 0; i < needs->skills_preferred.count; i++) {
        count += has_text(&agent->skills, ((const struct hub_span *) needs->skills_preferred.at)[i]);
    }
    for (uint32_t i = 0; i < needs->languages_preferred.count; i++) {
        count += speaks(&agent->languages, ((const struct hub_span *) needs->languages_preferred.at)[i]);
    }
    count += needs->own_language == wish_preferred && search->language.len > 0 &&
             speaks(&agent->languages, search->language);
    return count;
}

struct agent_looked_at hub_routing_look_at(const struct hub_routing_search *search, const struct roster_agent *agent)
{
    struct agent_looked_at looked = { 0 };
    struct agent_looked_at *self = &looked;
    uint32_t limit = limit_of(agent, search->channel);
    uint32_t load = hub_routing_load(search->state, agent, search->channel);
    HUB_SET(agent_looked_at, self, agent, agent->agent);
    HUB_SET(agent_looked_at, self, load, load);
    HUB_SET(agent_looked_at, self, limit, limit);
    HUB_COPY(agent_looked_at, self, roster_agent, agent, idle_since);
    if (!agent->available) {
        lose(self, HUB_HAS(roster_agent, agent, absence) ? agent->absence : (unsigned) verdict_offline,
             (struct hub_span){ NULL, 0 });
    } else if (limit == 0 || load >= limit) {
        lose(self, limit == 0 ? verdict_not_on_channel : verdict_full, (struct hub_span){ NULL, 0 });
    } else if (search->needs == NULL || meets(search, agent, self)) {
        HUB_SET(agent_looked_at, self, verdict, verdict_won);
        HUB_SET(agent_looked_at, self, preferred, search->needs == NULL ? 0 : preferred(search, agent));
    }
    return looked;
}

/* True when `a` goes before `b`, both of whom fit. */
static bool goes_before(const struct agent_looked_at *a, const struct agent_looked_at *b)
{
    if (a->preferred != b->preferred) {
        return a->preferred > b->preferred;
    }
    if (a->idle_since != b->idle_since) {
        return a->idle_since < b->idle_since;
    }
    return memcmp(&a->agent, &b->agent, sizeof a->agent) < 0;
}

int hub_routing_find_agent(const struct hub_routing_search *search, struct agent_looked_at **ret_looked)
{
    uint32_t count = search->state == NULL ? 0 : search->state->agents.count;
    struct agent_looked_at *looked = HUB_NEW_ARRAY(search->arena, struct agent_looked_at, count);
    int best = -1;
    for (uint32_t i = 0; i < count; i++) {
        looked[i] = hub_routing_look_at(search, &search->state->agents.at[i]);
        if (looked[i].verdict == verdict_won && (best < 0 || goes_before(&looked[i], &looked[best]))) {
            best = (int) i;
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        if (looked[i].verdict == verdict_won && (int) i != best) {
            bool by_preference = looked[i].preferred < looked[best].preferred;
            lose(&looked[i], by_preference ? verdict_less_preferred : verdict_less_idle, (struct hub_span){ NULL, 0 });
        }
    }
    *ret_looked = looked;
    return best;
}
