/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Mailboxes over inproc sockets. The sockets have no limit of their own: commands are counted at the door. */
#include "actors/mailbox.h"

#include <assert.h>
#include <czmq.h>

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
    zsock_t **sockets;         /* one per worker, then the pump's */
    void **handles;            /* the same, for zmq_send */
    bool gathers;              /* commands wait for a flush, so that one piece of mail carries many */
    struct gathered *gathered; /* one list per worker */
};

static void name_of(const struct hub_mailboxes *boxes, unsigned index, char ret_name[64])
{
    snprintf(ret_name, 64, "inproc://hub-%.*s-%u", HUB_ULID_TEXT, boxes->name, index);
}

static zsock_t *open_socket(const struct hub_mailboxes *boxes, unsigned index, int type)
{
    char name[64];
    name_of(boxes, index, name);
    zsock_t *socket = zsock_new(type);
    assert(socket != NULL);
    zsock_set_sndhwm(socket, 0);
    zsock_set_rcvhwm(socket, 0);
    zsock_set_linger(socket, 0);
    int failed = type == ZMQ_PULL ? zsock_bind(socket, "%s", name) : zsock_connect(socket, "%s", name);
    assert(failed == 0);
    (void) failed;
    return socket;
}

void *hub_mailbox_open(struct hub_mailboxes *boxes, unsigned index)
{
    return open_socket(boxes, index, ZMQ_PULL);
}

struct hub_port *hub_mailbox_port_new(struct hub_mailboxes *boxes)
{
    struct hub_port *self = hub_memory_zero(sizeof *self);
    self->boxes = boxes;
    self->cache = hub_names_cache_new();
    self->sockets = hub_memory_zero((boxes->workers + 1) * sizeof(zsock_t *));
    self->handles = hub_memory_zero((boxes->workers + 1) * sizeof(void *));
    self->gathered = hub_memory_zero(boxes->workers * sizeof *self->gathered);
    for (unsigned i = 0; i <= boxes->workers; i++) {
        self->sockets[i] = open_socket(boxes, i, ZMQ_PUSH);
        self->handles[i] = zsock_resolve(self->sockets[i]);
    }
    return self;
}

void hub_port_destroy(struct hub_port **self_p)
{
    struct hub_port *self = *self_p;
    if (self == NULL) {
        return;
    }
    hub_port_flush(self);
    for (unsigned i = 0; i <= self->boxes->workers; i++) {
        zsock_destroy(&self->sockets[i]);
    }
    hub_names_cache_destroy(&self->cache);
    free(self->sockets);
    free(self->handles);
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
    /* A wake-up may be lost: at a stop the pump goes first, and a socket without a peer would wait for ever. */
    int flags = mail.kind == HUB_MAIL_wake ? ZMQ_DONTWAIT : 0;
    int sent;
    hub_hand_over(&port->boxes->handoff);
    do {
        sent = zmq_send(port->handles[index], &mail, sizeof mail, flags);
    } while (sent < 0 && zmq_errno() == EINTR);
    assert(sent == (int) sizeof mail || flags != 0);
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
