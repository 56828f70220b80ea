/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Mailboxes are inboxes without a limit of their own: commands are counted at the door. */
#include "actors/mailbox.h"

#include <assert.h>
#include <stdlib.h>

#include "actors/company/company.h"
#include "base/memory.h"

/* Where people's login names are: in no company. */
static const struct hub_ulid nowhere;

/* More are not held back: the worker begins while the loop goes on reading. */
enum { GATHERED_MOST = 16 };

/* Commands for one worker, in the order in which they were sent. */
struct gathered {
    struct hub_command *first, *last;
    unsigned count;
};

struct hub_port {
    struct hub_mailboxes *boxes;
    struct hub_names_cache *cache;
    bool gathers;              /* commands wait for a flush, so that one piece of mail carries many */
    struct gathered *gathered; /* one list per worker */
};

void hub_mailboxes_open(struct hub_mailboxes *self)
{
    self->waiting = hub_memory_zero(self->workers * sizeof *self->waiting);
    self->inboxes = hub_memory_zero((self->workers + 1) * sizeof(struct hub_inbox *));
    for (unsigned i = 0; i <= self->workers; i++) {
        self->inboxes[i] = hub_inbox_new(sizeof(struct hub_mail));
    }
}

void hub_mailboxes_close(struct hub_mailboxes *self)
{
    for (unsigned i = 0; i <= self->workers; i++) {
        hub_inbox_destroy(&self->inboxes[i]);
    }
    free(self->inboxes);
    free(self->waiting);
}

struct hub_port *hub_mailbox_port_new(struct hub_mailboxes *boxes)
{
    struct hub_port *self = hub_memory_zero(sizeof *self);
    self->boxes = boxes;
    self->cache = hub_names_cache_new();
    self->gathered = hub_memory_zero(boxes->workers * sizeof *self->gathered);
    return self;
}

void hub_port_destroy(struct hub_port **self_p)
{
    struct hub_port *self = *self_p;
    if (self == NULL) {
        return;
    }
    hub_port_flush(self);
    hub_names_cache_destroy(&self->cache);
    free(self->gathered);
    free(self);
    *self_p = NULL;
}

unsigned hub_mailbox_of(const struct hub_mailboxes *boxes, struct hub_ulid entity)
{
    return hub_ulid_shard(entity) % boxes->workers;
}

void hub_port_post(struct hub_port *port, unsigned index, struct hub_mail mail)
{
    hub_inbox_put(port->boxes->inboxes[index], &mail, 1);
}

static void flush_one(struct hub_port *port, unsigned index)
{
    struct hub_command *first = port->gathered[index].first;
    if (first != NULL) {
        port->gathered[index] = (struct gathered){ 0 };
        hub_port_post(port, index, (struct hub_mail){ .at = first, .kind = HUB_MAIL_command });
    }
}

void hub_port_pass(struct hub_port *port, struct hub_command *command)
{
    unsigned index = hub_mailbox_of(port->boxes, command->names[command->target].id);
    atomic_fetch_add_explicit(&port->boxes->all, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&port->boxes->waiting[index], 1, memory_order_relaxed);
    command->next = NULL;
    if (!port->gathers) {
        hub_port_post(port, index, (struct hub_mail){ .at = command, .kind = HUB_MAIL_command });
        return;
    }
    struct gathered *list = &port->gathered[index];
    *(list->last != NULL ? &list->last->next : &list->first) = command;
    list->last = command;
    if (++list->count >= GATHERED_MOST) {
        flush_one(port, index);
    }
}

void hub_port_gather(struct hub_port *port)
{
    port->gathers = true;
}

void hub_port_flush(struct hub_port *port)
{
    for (unsigned i = 0; i < port->boxes->workers; i++) {
        flush_one(port, i);
    }
}

int hub_port_resolve(struct hub_port *port, struct hub_ulid company, uint8_t kind, struct hub_name *name)
{
    return hub_names_resolve(port->boxes->names, port->cache, company, kind, name) == 0 ? 0 : HUB_ERROR_overloaded;
}

int hub_port_send(struct hub_port *port, struct hub_command **command_p)
{
    struct hub_command *command = *command_p;
    struct hub_mailboxes *boxes = port->boxes;
    assert(command->magic == HUB_COMMAND_MAGIC);
    for (int kind = 0; kind < HUB_KINDS; kind++) {
        struct hub_ulid within = kind == HUB_ALIAS_USER ? nowhere : command->caller.company;
        int failed = hub_names_resolve(boxes->names, port->cache, within, (uint8_t) kind, &command->names[kind]);
        if (failed != 0) {
            return HUB_ERROR_overloaded;
        }
    }
    unsigned index = hub_mailbox_of(boxes, command->names[command->target].id);
    if (atomic_load_explicit(&boxes->waiting[index], memory_order_relaxed) >= boxes->room) {
        atomic_fetch_add_explicit(&boxes->overloads, 1, memory_order_relaxed);
        return HUB_ERROR_overloaded;
    }
    hub_port_pass(port, command);
    *command_p = NULL;
    return 0;
}
