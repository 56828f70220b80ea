// SPDX-License-Identifier: AGPL-3.0-or-later
// Clients that somebody else wrote: with OMNIHUB_SEEDS=FOLDER the code blocks of the Markdown documents there are taken as they
// stand, but for the address that they connect to, and go through the same tests as ours.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ADDRESS = /wss:\/\/[a-z0-9.-]+(?=\/(?:ws|api)\b)/g;
const BLOCK = /^```(\w+)\n(.*?)^```$/gms;

export const FOLDER = process.env.OMNIHUB_SEEDS;

function blocks() {
    const found = [];
    for (const name of readdirSync(FOLDER).filter((file) => file.endsWith('.md')).sort()) {
        for (const [, language, text] of readFileSync(join(FOLDER, name), 'utf8').matchAll(BLOCK)) found.push({ language, text });
    }
    return found;
}

/** The one block that holds all these words, with the hub's address in it. */
export function block(words, address) {
    const found = blocks().filter(({ text }) => words.every((word) => text.includes(word)));
    if (found.length !== 1) throw new Error(`${found.length} blocks hold ${words.join(', ')}`);
    return found[0].text.replaceAll(ADDRESS, address);
}
