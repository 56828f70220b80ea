/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Checkpoints: their text, their key, and the file that keeps them. */
#include "log/proof/checkpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/error.h"
#include "log/file.h"

static const char key_name[] = "checkpoint.key", public_name[] = "checkpoint.pub", kept_name[] = "checkpoints";

void hub_checkpoint_origin(const struct hub_log_identity *identity, char ret_origin[HUB_ORIGIN])
{
    static const char digits[] = "0123456789abcdef", room[] = "omnihub/";
    char *at = ret_origin + sizeof room - 1;
    memcpy(ret_origin, room, sizeof room - 1);
    for (size_t i = 0; i < sizeof identity->log_id; i++) {
        *at++ = digits[identity->log_id[i] >> 4];
        *at++ = digits[identity->log_id[i] & 15];
    }
    *at = '\0';
}

/* Make a seed, and write the verifier key that follows from it. */
static int make_key(const char *data_dir, const struct hub_world *world, struct hub_span origin,
                    struct hub_note_key *ret_key)
{
    uint8_t seed[HUB_NOTE_SEED];
    struct hub_buf text;
    hub_buf_init(&text);
    world->random(world->self, seed, sizeof seed);
    (void) hub_note_key_make(origin, seed, ret_key);
    hub_note_key_print(ret_key, &text);
    hub_buf_put_byte(&text, '\n');
    int result = hub_file_replace(data_dir, key_name, hub_span_of(seed, sizeof seed));
    if (result == 0) {
        result = hub_file_replace(data_dir, public_name, hub_buf_span(&text));
    }
    hub_buf_done(&text);
    return result;
}

int hub_checkpoint_key(const struct hub_log *log, const char *data_dir, const struct hub_world *makes,
                       struct hub_note_key *ret_key)
{
    struct hub_buf seed;
    char origin[HUB_ORIGIN];
    hub_buf_init(&seed);
    hub_checkpoint_origin(hub_log_identity(log), origin);
    int result = hub_file_read(data_dir, key_name, HUB_NOTE_SEED, &seed);
    if (result == 0 && seed.len != HUB_NOTE_SEED) {
        errno = EINVAL;
        result = -1;
    } else if (result == 0) {
        (void) hub_note_key_make(hub_span(origin), (const uint8_t *) seed.at, ret_key);
    } else if (result == HUB_ERROR_not_found && makes != NULL) {
        result = make_key(data_dir, makes, hub_span(origin), ret_key);
    }
    int error = errno;
    hub_buf_done(&seed);
    errno = error;
    return result;
}

int hub_checkpoint_sign(struct hub_tree *tree, const struct hub_log *log, uint64_t size, const struct hub_note_key *key,
                        struct hub_buf *out)
{
    struct hub_merkle_source source = hub_tree_source(tree);
    struct hub_digest root;
    if (hub_merkle_root(&source, size, &root) != 0) {
        return -1;
    }
    char origin[HUB_ORIGIN];
    struct hub_buf text;
    hub_buf_init(&text);
    hub_checkpoint_origin(hub_log_identity(log), origin);
    hub_buf_put_text(&text, origin);
    hub_buf_put_byte(&text, '\n');
    hub_buf_put_u64(&text, size);
    hub_buf_put_byte(&text, '\n');
    hub_base64_print(hub_span_of(root.b, HUB_DIGEST), &text);
    hub_buf_put_byte(&text, '\n');
    hub_note_sign(key, hub_buf_span(&text), out);
    hub_buf_done(&text);
    return 0;
}

/* The next line of a text, which is taken off with its newline. */
static bool line_of(struct hub_span *text, struct hub_span *ret_line)
{
    const char *end = text->len == 0 ? NULL : memchr(text->at, '\n', text->len);
    if (end == NULL) {
        return false;
    }
    *ret_line = hub_span_of(text->at, (size_t) (end - text->at));
    *text = hub_span_of(end + 1, text->len - ret_line->len - 1);
    return true;
}

/* A decimal number without leading zeros, at most 18 digits. */
static bool number_of(struct hub_span line, uint64_t *ret_number)
{
    uint64_t number = 0;
    if (line.len == 0 || line.len > 18 || (line.len > 1 && line.at[0] == '0')) {
        return false;
    }
    for (size_t i = 0; i < line.len; i++) {
        if (line.at[i] < '0' || line.at[i] > '9') {
            return false;
        }
        number = number * 10 + (uint64_t) (line.at[i] - '0');
    }
    *ret_number = number;
    return true;
}

/* The three lines of a checkpoint's text. */
static bool read_text(struct hub_span text, struct hub_checkpoint *ret_checkpoint)
{
    enum { ROOT_TEXT = 44 };
    struct hub_span origin, size, root;
    struct hub_checkpoint checkpoint = { .origin = "" };
    char bytes[HUB_DIGEST + 1];
    size_t len;
    if (!line_of(&text, &origin) || !line_of(&text, &size) || !line_of(&text, &root) || origin.len >= HUB_ORIGIN ||
        !number_of(size, &checkpoint.head.size) || root.len != ROOT_TEXT || !hub_base64_parse(root, bytes, &len) ||
        len != HUB_DIGEST) {
        return false;
    }
    memcpy(checkpoint.origin, origin.at, origin.len);
    memcpy(checkpoint.head.root.b, bytes, HUB_DIGEST);
    *ret_checkpoint = checkpoint;
    return true;
}

bool hub_checkpoint_open(const struct hub_note_key *key, struct hub_span note, struct hub_checkpoint *ret_checkpoint)
{
    struct hub_span text;
    return hub_note_open(key, note, &text) && read_text(text, ret_checkpoint);
}

bool hub_checkpoint_is_foreign(const struct hub_note_key *key, struct hub_span note,
                               struct hub_checkpoint *ret_checkpoint)
{
    struct hub_span text, name;
    struct hub_checkpoint claimed;
    if (!hub_note_is_foreign(key, note, &text, &name) || !read_text(text, &claimed) ||
        !hub_span_is(name, hub_span(claimed.origin))) {
        return false;
    }
    *ret_checkpoint = claimed;
    return true;
}

/* Cut off what a crash left of the last checkpoint: everything behind the last blank line that follows a signature. */
static int mend(int fd)
{
    char tail[2 * HUB_NOTE_MAX];
    off_t size = lseek(fd, 0, SEEK_END), from = size > (off_t) sizeof tail ? size - (off_t) sizeof tail : 0;
    ssize_t got = pread(fd, tail, sizeof tail, from);
    if (size < 0 || got < 0) {
        return -1;
    }
    struct hub_span text = hub_span_of(tail, (size_t) got), note;
    while (hub_checkpoint_next(&text, &note)) {
    }
    return text.len == 0 || ftruncate(fd, size - (off_t) text.len) == 0 ? 0 : -1;
}

int hub_checkpoint_keep(const char *data_dir, struct hub_span note)
{
    char *path = hub_path(data_dir, kept_name);
    int fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    free(path);
    if (fd < 0) {
        return -1;
    }
    struct hub_buf text;
    hub_buf_init(&text);
    hub_buf_put(&text, note.at, note.len);
    hub_buf_put_byte(&text, '\n');
    int result = mend(fd);
    if (result == 0) {
        result = hub_write_all(fd, hub_buf_span(&text));
    }
    if (result == 0) {
        result = fdatasync(fd);
    }
    if (result == 0) {
        result = hub_dir_sync(data_dir); /* the first makes the file, and who died then may not have got here */
    }
    hub_buf_done(&text);
    int error = errno;
    close(fd);
    errno = error;
    return result;
}

int hub_checkpoint_hand(const char *path, struct hub_span note)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (fd < 0) {
        return -1;
    }
    off_t size = lseek(fd, 0, SEEK_END);
    int result = hub_write_all(fd, note) == 0 && hub_write_all(fd, hub_span("\n")) == 0 ? fdatasync(fd) : -1;
    int error = errno;
    if (result < 0 && size >= 0) {
        (void) !ftruncate(fd, size); /* half of one would spoil the next */
    }
    close(fd);
    errno = error;
    return result;
}

bool hub_checkpoint_next(struct hub_span *text, struct hub_span *ret_note)
{
    static const char dash[] = "\xe2\x80\x94";
    struct hub_span rest = *text, line;
    bool is_signed = false;
    while (line_of(&rest, &line)) {
        is_signed = is_signed || (line.len > 3 && memcmp(line.at, dash, 3) == 0);
        if (is_signed && line.len == 0) {
            *ret_note = hub_span_of(text->at, (size_t) (line.at - text->at));
            *text = rest;
            return true;
        }
    }
    return false;
}

/* --- Verifying all of them --- */

/* The verifier key alone, where the signing key is not kept beside the log. */
static int read_public(const char *data_dir, struct hub_note_key *ret_key)
{
    struct hub_buf text;
    hub_buf_init(&text);
    int result = hub_file_read(data_dir, public_name, HUB_NOTE_MAX, &text);
    while (text.len > 0 && text.at[text.len - 1] == '\n') {
        text.len--;
    }
    bool is_key = result == 0 && hub_note_key_parse(hub_buf_span(&text), ret_key);
    hub_buf_done(&text);
    return is_key ? 0 : -1;
}

/* Read on until `fold` holds `size` entries. */
static int fold_to(struct hub_scan *scan, uint64_t size, struct hub_merkle_fold *fold)
{
    struct hub_stored event;
    while (fold->count < size) {
        if (hub_scan_next(scan, &event) != 1) {
            return -1;
        }
        struct hub_digest leaf = hub_merkle_leaf(hub_span_of(event.hash.b, HUB_DIGEST));
        hub_merkle_fold_add(fold, &leaf);
    }
    return 0;
}

/* One checkpoint after the other, in one walk over the log. */
static int verify_notes(struct hub_log *log, struct hub_span text, const struct hub_note_key *key,
                        struct hub_verify_report *ret_report, uint64_t *ret_count)
{
    struct hub_scan *scan = hub_scan_all(log, 1, 0);
    struct hub_merkle_fold fold = { .count = 0 };
    struct hub_checkpoint checkpoint;
    struct hub_span note;
    uint64_t head = hub_log_commit(log).sequence;
    int result = 0;
    hub_scan_headers_only(scan);
    while (result == 0 && hub_checkpoint_next(&text, &note)) {
        if (!hub_checkpoint_open(key, note, &checkpoint)) {
            result = hub_verify_fault(ret_report, fold.count < head ? fold.count + 1 : head,
                                      "the checkpoint that covers it is not signed by the hub's key");
        } else if (checkpoint.head.size < fold.count || fold_to(scan, checkpoint.head.size, &fold) != 0) {
            result = hub_verify_fault(ret_report, checkpoint.head.size,
                                      "a signed checkpoint speaks of it, but the log ends before");
        } else {
            struct hub_digest root = hub_merkle_fold_root(&fold);
            result = hub_digest_is(&root, &checkpoint.head.root)
                         ? 0
                         : hub_verify_fault(ret_report, checkpoint.head.size,
                                            "a signed checkpoint speaks of other events");
        }
        *ret_count += result == 0;
    }
    hub_scan_close(&scan);
    return result;
}

static bool is_same(const struct hub_note_key *a, const struct hub_note_key *b)
{
    struct hub_buf one, other;
    hub_buf_init(&one);
    hub_buf_init(&other);
    hub_note_key_print(a, &one);
    hub_note_key_print(b, &other);
    bool result = hub_span_is(hub_buf_span(&one), hub_buf_span(&other));
    hub_buf_done(&one);
    hub_buf_done(&other);
    return result;
}

/* The key that the notes are signed with, which both files must tell; the signing one may be kept elsewhere. Returns 0, or < 0
 * with the report filled: from the first event on nothing can be checked. */
static int find_key(const struct hub_log *log, const char *data_dir, struct hub_span text, struct hub_note_key *ret_key,
                    struct hub_verify_report *ret_report)
{
    struct hub_note_key given;
    struct hub_checkpoint checkpoint;
    struct hub_span note;
    int own = hub_checkpoint_key(log, data_dir, NULL, ret_key);
    bool is_given = read_public(data_dir, &given) == 0;
    if (own != 0 && own != HUB_ERROR_not_found) {
        return hub_verify_fault(ret_report, 1, "checkpoint.key is not a key");
    }
    if (own != 0) {
        *ret_key = given;
        return is_given ? 0 : hub_verify_fault(ret_report, 1, "there is no key to check the checkpoints with");
    }
    if (is_given && is_same(ret_key, &given)) {
        return 0;
    }
    bool is_own_wrong = is_given && hub_checkpoint_next(&text, &note) && hub_checkpoint_open(&given, note, &checkpoint);
    return hub_verify_fault(ret_report, 1, "%s is not the key that checkpoints are signed with",
                            is_own_wrong ? key_name : public_name);
}

static int verify_tree(struct hub_log *log, const char *data_dir, struct hub_verify_report *ret_report)
{
    struct hub_tree *tree;
    uint64_t entry = 0;
    if (hub_tree_open(log, data_dir, false, &tree) != 0) {
        return hub_verify_fault(ret_report, 1, "the tree file cannot be read; delete DATA/tree");
    }
    int result = hub_tree_check(tree, &entry);
    hub_tree_close(&tree);
    return result == 0 ? 0
                       : hub_verify_fault(ret_report, entry + 1, "the tree file has another hash; delete DATA/tree");
}

int hub_checkpoint_verify(struct hub_log *log, const char *data_dir, struct hub_verify_report *ret_report,
                          uint64_t *ret_count)
{
    struct hub_buf text;
    struct hub_note_key key;
    *ret_count = 0;
    hub_buf_init(&text);
    int result = hub_file_read(data_dir, kept_name, SIZE_MAX, &text);
    if (hub_log_catch_up(log) < 0) { /* what was signed meanwhile is in the log */
        result = hub_verify_fault(ret_report, hub_log_commit(log).sequence, "the log cannot be read behind it");
    } else if (result == HUB_ERROR_not_found || (result == 0 && text.len == 0)) {
        result = 0;
    } else if (result < 0) {
        result = hub_verify_fault(ret_report, 1, "the file of checkpoints cannot be read");
    } else {
        result = find_key(log, data_dir, hub_buf_span(&text), &key, ret_report);
        result = result < 0 ? result : verify_notes(log, hub_buf_span(&text), &key, ret_report, ret_count);
    }
    hub_buf_done(&text);
    return result == 0 ? verify_tree(log, data_dir, ret_report) : result;
}
