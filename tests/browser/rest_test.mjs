// SPDX-License-Identifier: AGPL-3.0-or-later
// The page that describes the API, and REST as a page of the same origin asks it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { ADMIN, Hub, KEY, launch, login, openPage } from './harness.mjs';

const hub = new Hub();
let browser;

before(async () => {
    await hub.start();
    browser = await launch();
});

after(async () => {
    await browser?.close();
    await hub.remove();
});

test('the page for people lists every route of the description', async () => {
    const page = await browser.newPage();
    await page.goto(hub.url);
    const { paths } = await hub.get('/openapi.json');
    const text = await page.textContent('body');
    for (const path of Object.keys(paths)) assert.ok(text.includes(path), path);
    await page.close();
});

test('a person who logged in is known by the cookie alone', async () => {
    const context = await browser.newContext();
    await login(context, hub, ADMIN);
    const page = await openPage(context, hub, {});
    const me = await page.evaluate(async () => (await fetch('/auth/me')).json());
    assert.equal(me.email, ADMIN.email);
    assert.equal(await page.evaluate(() => document.cookie), ''); // HttpOnly
    const left = await page.evaluate(async () => {
        await fetch('/auth/logout', { method: 'POST' });
        return (await fetch('/auth/me')).status;
    });
    assert.equal(left, 401);
    await context.close();
});

test('a page talks to the hub with a key', async () => {
    const context = await browser.newContext();
    const page = await openPage(context, hub, {});
    const shown = await page.evaluate(async (key) => {
        const headers = { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' };
        const post = async (path, body) =>
            (await fetch(path, { method: 'POST', headers, body: JSON.stringify(body) })).json();
        const session = await post('/session/create', { customer_id: 'page_1', channel: 'chat' });
        await post('/message/process', { customer_id: 'page_1', session_id: session.session_id, channel: 'chat', content: 'Grüße 👋' });
        return (await fetch(`/session/${session.session_id}/messages`, { headers })).json();
    }, KEY);
    assert.deepEqual(shown.messages.map((message) => message.content), ['Grüße 👋']);
    await context.close();
});

test('another site may not ask', async () => {
    const context = await browser.newContext();
    await login(context, hub, ADMIN);
    const page = await context.newPage();
    await page.route('http://elsewhere.example/', (route) => route.fulfill({ contentType: 'text/html', body: '<p>hi' }));
    await page.goto('http://elsewhere.example/');
    const reached = await page.evaluate(async (url) => {
        try {
            return (await fetch(`${url}/auth/me`, { credentials: 'include' })).status;
        } catch (error) {
            return String(error);
        }
    }, hub.url);
    assert.match(String(reached), /TypeError/);
    await context.close();
});
