# SPDX-License-Identifier: AGPL-3.0-or-later
"""What RocksDB wrote: the batches of a write-ahead log, read as its format says (github.com/facebook/rocksdb/wiki)."""

BLOCK = 32768
HEAD = 7  # checksum (4), length (2), type (1)
BATCH_HEAD = 12  # sequence (8), count of keys (4)
FULL, FIRST, MIDDLE, LAST = 1, 2, 3, 4


def batches(path):
    """(end of the batch in the file, keys that it writes) of each batch."""
    with open(path, 'rb') as file:
        text = file.read()
    at, whole = 0, b''
    while at + HEAD <= len(text):
        left = BLOCK - at % BLOCK
        if left < HEAD:
            at += left
            continue
        length, kind = int.from_bytes(text[at + 4:at + 6], 'little'), text[at + 6]
        if kind not in (FULL, FIRST, MIDDLE, LAST):
            return
        piece = text[at + HEAD:at + HEAD + length]
        at += HEAD + length
        whole = piece if kind in (FULL, FIRST) else whole + piece
        if kind in (FULL, LAST) and len(whole) >= BATCH_HEAD:
            yield at, int.from_bytes(whole[8:BATCH_HEAD], 'little')
