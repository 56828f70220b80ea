// SPDX-License-Identifier: AGPL-3.0-or-later
// What browser tests need: a hub of their own, REST requests to it, a browser, and pages that come from the hub's origin.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';
import { chromium } from 'playwright-core';

export const HERE = dirname(fileURLToPath(import.meta.url));
export const KEY = 'test-key-0123456789abcdef0123456789abcdef';
export const ADMIN = { email: 'admin@test.example', password: 'correct horse battery staple' };
const BINARY = process.env.OMNIHUB ?? join(HERE, '../../build/omnihub');
const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const PATIENCE_MS = 30000;

/** Ask until the condition holds; returns what it returned. */
export async function until(condition, what = 'the condition', patienceMs = PATIENCE_MS) {
    const deadline = Date.now() + patienceMs;
    for (;;) {
        const value = await condition();
        if (value) return value;
        if (Date.now() > deadline) throw new Error(`${what} did not come about within ${patienceMs} ms`);
        await new Promise((resolve) => setTimeout(resolve, 10));
    }
}

/** A running hub on a port of its own, with data that goes when it is removed. */
export class Hub {
    constructor(options = []) {
        this.options = options;
        this.folder = mkdtempSync(join(tmpdir(), 'omnihub-browser-'));
        this.port = 0; // the first start takes a free one, later ones keep it
    }

    get url() {
        return `http://127.0.0.1:${this.port}`;
    }

    async start() {
        const env = { ...process.env, OMNICHANNEL_API_KEY: KEY, OMNIHUB_ADMIN_EMAIL: ADMIN.email,
                      OMNIHUB_ADMIN_PASSWORD: ADMIN.password };
        delete env.OMNIHUB_SEEDS;
        const words = ['serve', '--data', join(this.folder, 'var'), '--listen', `127.0.0.1:${this.port}`, ...this.options];
        this.process = spawn(BINARY, words, { env, stdio: ['ignore', 'pipe', 'inherit'] });
        this.ended = new Promise((resolve) => this.process.once('exit', resolve));
        for await (const line of createInterface({ input: this.process.stdout })) {
            const found = /^omnihub listening on http:\/\/127\.0\.0\.1:(\d+)$/.exec(line);
            if (found) {
                this.port = Number(found[1]);
                this.process.stdout.resume();
                return this;
            }
        }
        throw new Error('the hub ended before it listened');
    }

    /** End the process; SIGTERM drains, SIGKILL does not. */
    async stop(signal = 'SIGTERM') {
        this.process.kill(signal);
        return this.ended;
    }

    async remove() {
        if (this.process && this.process.exitCode === null && this.process.signalCode === null) await this.stop('SIGKILL');
        rmSync(this.folder, { recursive: true, force: true });
    }

    async ask(method, path, body, headers = {}) {
        const answer = await fetch(this.url + path, {
            method,
            headers: { Authorization: `Bearer ${KEY}`, ...(body && { 'Content-Type': 'application/json' }), ...headers },
            body: body && JSON.stringify(body),
        });
        const text = await answer.text();
        if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
        return JSON.parse(text);
    }

    get(path) {
        return this.ask('GET', path);
    }

    post(path, body) {
        return this.ask('POST', path, body);
    }
}

/** A browser; each person gets a context of their own, and so their own cookies. */
export function launch() {
    const args = process.getuid() === 0 ? ['--no-sandbox'] : [];
    return chromium.launch({ executablePath: CHROMIUM, args });
}

/** Bundle a script for a page. `define` replaces words of the source, `plugins` are esbuild's. */
export async function bundle(entry, options = {}) {
    const done = await build({ bundle: true, write: false, format: 'iife', jsx: 'automatic', logLevel: 'silent',
                               nodePaths: [join(HERE, 'node_modules')],
                               define: { 'process.env.NODE_ENV': '"production"' }, ...entry, ...options });
    return done.outputFiles[0].text;
}

/** Modules that are handed in by name: what a file is called to what is in it. */
export function given(texts) {
    return {
        name: 'given',
        setup(build) {
            build.onResolve({ filter: /.*/ }, ({ path }) => {
                const name = Object.keys(texts).find((known) => path.endsWith(known));
                return name && { path: name, namespace: 'given' };
            });
            build.onLoad({ filter: /.*/, namespace: 'given' }, ({ path }) =>
                ({ contents: texts[path], loader: 'tsx', resolveDir: HERE }));
        },
    };
}

/** Open a page that has the hub's origin, so that cookies and the Origin header are as they would be behind one address. */
export async function openPage(context, hub, { html, script }) {
    const page = await context.newPage();
    page.complaints = [];
    page.on('pageerror', (error) => page.complaints.push(String(error)));
    if (process.env.OMNIHUB_BROWSER_LOG) page.on('console', (line) => console.error('#', line.text()));
    await page.goto(`${hub.url}/version`); // from the hub itself: browsers trust an intercepted answer less
    await page.setContent(html ?? '<!doctype html><meta charset="utf-8"><title>test</title><div id="root"></div>');
    if (script) await page.addScriptTag({ content: script });
    return page;
}

/** Log the context's person in, as the login page does: the cookie is set by the hub. */
export async function login(context, hub, { email, password }) {
    const answer = await context.request.post(`${hub.url}/auth/login`, { data: { email, password } });
    if (!answer.ok()) throw new Error(`login of ${email}: ${answer.status()} ${await answer.text()}`);
    return answer.json();
}
