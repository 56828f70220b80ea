/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The view `credentials`: API keys and logins by the digest of their token, and people by id. Their rows stand under no
 * company, as it is they who tell which company somebody belongs to. */
#include "base/error.h"
#include "replay/views/all.h"

static const struct hub_ulid nobody;

static struct hub_row_key key_of_token(struct hub_span digest)
{
    struct hub_row_key key = hub_row_key(HUB_VIEW_credentials, nobody);
    hub_row_key_byte(&key, 't');
    hub_row_key_add(&key, digest.at, (uint8_t) digest.len);
    return key;
}

static struct hub_row_key key_of_operator(struct hub_ulid company)
{
    struct hub_row_key key = hub_row_key(HUB_VIEW_credentials, company);
    hub_row_key_byte(&key, 'o');
    return key;
}

static int created(struct hub_view_fold *self, const struct event_header *header, const struct company_created *event)
{
    if (HUB_HAS(company_created, event, operator) && event->operator) {
        struct hub_row_key key = key_of_operator(header->company);
        struct index_row row = { 0 };
        HUB_SET(index_row, &row, sequence, header->sequence);
        hub_fold_put(self, &key, &index_row_shape, &row);
    }
    return 0;
}

/* Whether the company runs the hub. Returns 0 or < 0. */
static int is_operator(struct hub_view_fold *self, struct hub_ulid company, bool *ret_is)
{
    struct hub_row_key key = key_of_operator(company);
    struct hub_folded *row;
    int done = hub_fold_open(self, &key, &index_row_shape, &row);
    if (done == 0) {
        *ret_is = !row->is_new;
    }
    return done;
}

static int user_added(struct hub_view_fold *self, const struct event_header *header,
                      const struct company_user_added *event)
{
    bool runs_hub;
    int done = is_operator(self, header->company, &runs_hub);
    if (done != 0) {
        return done;
    }
    struct user_row row = { 0 };
    HUB_SET(user_row, &row, company, header->company);
    HUB_COPY(user_row, &row, company_user_added, event, role);
    HUB_COPY(user_row, &row, company_user_added, event, email);
    HUB_COPY(user_row, &row, company_user_added, event, password);
    HUB_SET(user_row, &row, since, header->sequence);
    if (runs_hub) {
        HUB_SET(user_row, &row, operator, true);
    }
    struct hub_row_key key = hub_row_key_of(HUB_VIEW_credentials, nobody, 'u', event->user);
    hub_fold_put(self, &key, &user_row_shape, &row);
    return 0;
}

/* The person's row, which must be there. */
static int open_user(struct hub_view_fold *self, struct hub_ulid user, struct hub_folded **ret_row)
{
    struct hub_row_key key = hub_row_key_of(HUB_VIEW_credentials, nobody, 'u', user);
    int done = hub_fold_open(self, &key, &user_row_shape, ret_row);
    return done == 0 && (*ret_row)->is_new ? HUB_ERROR_internal : done;
}

static int user_changed(struct hub_view_fold *self, const struct company_user_changed *event)
{
    struct hub_folded *row;
    int done = open_user(self, event->user, &row);
    if (done == 0) {
        HUB_SET(user_row, (struct user_row *) row->record, role, event->role);
        hub_fold_touch(self, row);
    }
    return done;
}

/* Logins that know no person are nobody's. */
static int user_removed(struct hub_view_fold *self, const struct company_user_removed *event)
{
    struct hub_row_key key = hub_row_key_of(HUB_VIEW_credentials, nobody, 'u', event->user);
    hub_fold_drop(self, &key);
    return 0;
}

static int password_set(struct hub_view_fold *self, const struct event_header *header,
                        const struct company_password_set *event)
{
    struct hub_folded *row;
    int done = open_user(self, event->user, &row);
    if (done != 0) {
        return done;
    }
    struct user_row *user = row->record;
    hub_keep_sealed(row->arena, &user->password, &event->password);
    HUB_SET(user_row, user, since, header->sequence);
    HUB_CLEAR(user_row, user, keeps);
    HUB_COPY(user_row, user, company_password_set, event, keeps);
    hub_fold_touch(self, row);
    return 0;
}

static int settings_changed(struct hub_view_fold *self, const struct event_header *header,
                            const struct company_settings_changed *event)
{
    struct hub_row_key key = hub_row_key(HUB_VIEW_credentials, header->company);
    struct hub_folded *row;
    hub_row_key_byte(&key, 's');
    int done = hub_fold_open(self, &key, &settings_row_shape, &row);
    if (done == 0) {
        struct settings_row *settings = row->record;
        HUB_COPY(settings_row, settings, company_settings_changed, event, idle_s);
        HUB_COPY(settings_row, settings, company_settings_changed, event, lost_grace_s);
        HUB_COPY(settings_row, settings, company_settings_changed, event, over_capacity);
        hub_fold_touch(self, row);
    }
    return done;
}

/* A credential, and the way from its id to its token, for when it is removed. */
static void add(struct hub_view_fold *self, const struct credential_row *row, struct hub_span digest)
{
    struct hub_row_key key = key_of_token(digest);
    hub_fold_put(self, &key, &credential_row_shape, row);
    struct hub_row_key by_id = hub_row_key_of(HUB_VIEW_credentials, row->company, 'k', row->credential);
    struct index_row index = { 0 };
    HUB_SET(index_row, &index, digest, digest);
    hub_fold_put(self, &by_id, &index_row_shape, &index);
}

static int key_added(struct hub_view_fold *self, const struct event_header *header,
                     const struct company_key_added *event)
{
    bool runs_hub;
    int done = is_operator(self, header->company, &runs_hub);
    if (done != 0 || event->digest.len != HUB_DIGEST) {
        return done != 0 ? done : HUB_ERROR_internal;
    }
    struct credential_row row = { 0 };
    HUB_SET(credential_row, &row, company, header->company);
    HUB_SET(credential_row, &row, principal, event->key->key);
    HUB_SET(credential_row, &row, credential, event->key->key);
    HUB_COPY(credential_row, &row, company_key, event->key, role);
    HUB_COPY(credential_row, &row, company_key, event->key, expires_at);
    if (runs_hub) {
        HUB_SET(credential_row, &row, operator, true);
    }
    add(self, &row, event->digest);
    return 0;
}

static int login_added(struct hub_view_fold *self, const struct event_header *header,
                       const struct company_login_added *event)
{
    struct hub_row_key key = hub_row_key_of(HUB_VIEW_credentials, nobody, 'u', event->user);
    struct hub_folded *user;
    int done = hub_fold_open(self, &key, &user_row_shape, &user);
    if (done < 0) {
        return done;
    }
    const struct user_row *person = user->record;
    if (user->is_new || !hub_ulid_is(person->company, header->company) || event->digest.len != HUB_DIGEST) {
        return HUB_ERROR_internal;
    }
    struct credential_row row = { 0 };
    HUB_SET(credential_row, &row, company, header->company);
    HUB_SET(credential_row, &row, principal, event->user);
    HUB_SET(credential_row, &row, credential, event->login);
    HUB_COPY(credential_row, &row, user_row, person, role);
    HUB_COPY(credential_row, &row, user_row, person, operator);
    HUB_COPY(credential_row, &row, company_login_added, event, expires_at);
    HUB_SET(credential_row, &row, login, true);
    HUB_SET(credential_row, &row, sequence, header->sequence);
    add(self, &row, event->digest);
    return 0;
}

/* Removing what is not there changes nothing: the company's actor lets somebody log out twice. */
static int removed(struct hub_view_fold *self, const struct event_header *header, struct hub_ulid credential)
{
    struct hub_row_key by_id = hub_row_key_of(HUB_VIEW_credentials, header->company, 'k', credential);
    struct hub_folded *index;
    int done = hub_fold_open(self, &by_id, &index_row_shape, &index);
    if (done < 0 || index->is_new) {
        return done;
    }
    struct hub_row_key key = key_of_token(((const struct index_row *) index->record)->digest);
    hub_fold_drop(self, &key);
    hub_fold_drop(self, &by_id);
    return 0;
}

static int fold(struct hub_view_fold *self, const struct hub_view_event *event)
{
    const struct event_header *header = &event->stored->header;
    const void *record = event->record;
    switch (header->type) {
    case company_created_id: return created(self, header, record);
    case company_user_added_id: return user_added(self, header, record);
    case company_user_changed_id: return user_changed(self, record);
    case company_user_removed_id: return user_removed(self, record);
    case company_password_set_id: return password_set(self, header, record);
    case company_settings_changed_id: return settings_changed(self, header, record);
    case company_key_added_id: return key_added(self, header, record);
    case company_key_removed_id: return removed(self, header, ((const struct company_key_removed *) record)->key);
    case company_login_added_id: return login_added(self, header, record);
    case company_login_removed_id: return removed(self, header, ((const struct company_login_removed *) record)->login);
    default: return 0;
    }
}

const struct hub_view_info hub_view_credentials = {
    .name = "credentials",
    .number = HUB_VIEW_credentials,
    .version = 2,
    .fold = fold,
    .doc = "API keys and logins by token, and people.",
};
