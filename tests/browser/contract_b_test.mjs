// SPDX-License-Identifier: AGPL-3.0-or-later
// Clients of contract B: two agents with cookies of their own at the list of those who want a person.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';

import { HERE, Hub, bundle, given, launch, login, openPage, until } from './harness.mjs';
import { FOLDER, block } from './seeds.mjs';

const PAGE = 'page_456';
const PASSWORD = 'a password of an agent';
const hub = new Hub();
const people = {};
let browser;

before(async () => {
    await hub.start();
    browser = await launch();
    for (const name of ['agent_1', 'agent_2']) {
        const person = { email: `${name}@test.example`, password: PASSWORD };
        await hub.post('/agents', { ...person, name, role: 'agent', capacity: [{ channel: 'chat', limit: 100 }] });
        people[name] = await browser.newContext();
        people[name].person = (await login(people[name], hub, person)).user_id;
    }
});

after(async () => {
    await browser?.close();
    await hub.remove();
});

const address = () => hub.url.replace('http', 'ws');
const text = (name) => readFileSync(`${HERE}/pages/${name}`, 'utf8');

/** The three kinds of client, ours and those that are handed in. */
const clients = {
    ours: {
        desk: () => `${text('desk.js')}\nwindow.desk = new Desk(${JSON.stringify(address())});`,
        list: () => ({ alias: { 'client-list': './pages/customer_list.jsx' } }),
        page: () => text('try_page.html').replace('HUB_ADDRESS', address()),
    },
    given: {
        desk: () => `${block(['class CustomerSupportDashboard'], address())}\nwindow.desk = dashboard;`,
        list: () => ({ plugins: [given({ 'client-list': `${block(['function useCustomerSupport'], address())}\nexport { CustomerList };` })] }),
        page: () => block(['<title>WebSocket Test</title>'], address()),
    },
};

/** A customer who wants a person. */
async function wants(customer, reason = 'the bot is stuck') {
    await hub.post('/message/process', { customer_id: customer, channel: 'chat', page_id: PAGE, content: `I am ${customer}` });
    await hub.ask('PUT', `/customer/${customer}/stop`, { page_id: PAGE, stop: true, reason });
}

async function openDesk(which, name) {
    const page = await openPage(people[name], hub, { script: clients[which].desk() });
    page.alerts = [];
    page.on('dialog', (dialog) => {
        page.alerts.push(dialog.message());
        return dialog.accept();
    });
    await until(() => page.evaluate(() => window.desk.myUserId), 'who listens');
    return page;
}

const row = (page, customer) => page.evaluate((id) => window.desk.customers.get(id) ?? null, customer);

async function sees(page, customer, expected) {
    return until(async () => {
        const found = await row(page, customer);
        return found && Object.entries(expected).every(([name, value]) => found[name] === value) && found;
    }, `${customer} with ${JSON.stringify(expected)}`);
}

const act = (page, verb, ...words) => page.evaluate(([name, given_]) => window.desk[name](...given_), [verb, words]);

for (const which of FOLDER ? ['ours', 'given'] : ['ours']) {
    const id = (name) => `${name}_${which}`;
    let one, other;

    test(`${which}, desk: two agents see who wants a person`, async () => {
        await wants(id('customer_1'));
        one = await openDesk(which, 'agent_1');
        other = await openDesk(which, 'agent_2');
        assert.equal(await one.evaluate(() => window.desk.myUserId), people.agent_1.person);
        for (const page of [one, other]) {
            const shown = await sees(page, id('customer_1'), { is_assigned: false, is_assigned_to_me: false, page_id: PAGE });
            assert.equal(shown.last_message, `I am ${id('customer_1')}`);
            assert.equal(typeof shown.time_since_last_conversation, 'string');
            assert.equal(shown.customer_name, id('customer_1'));
        }
    });

    test(`${which}, desk: one takes the customer, and the other sees it`, async () => {
        await act(one, 'assignToMe', id('customer_1'), PAGE);
        await sees(one, id('customer_1'), { is_assigned: true, is_assigned_to_me: true });
        await sees(other, id('customer_1'), { is_assigned: true, is_assigned_to_me: false, agent_name: 'agent_1' });
    });

    test(`${which}, desk: who comes second is refused in words`, async () => {
        await act(other, 'assignToMe', id('customer_1'), PAGE);
        await until(() => other.alerts.length > 0, 'the alert');
        assert.equal((await row(other, id('customer_1'))).agent_name, 'agent_1');
        assert.deepEqual(one.alerts, []);
    });

    test(`${which}, desk: an agent's words reach the customer`, async () => {
        await act(one, 'sendMessage', id('customer_1'), PAGE, 'Hello, how can I help you?');
        const { sessions } = await hub.get(`/customer/${id('customer_1')}/sessions`);
        const said = await until(async () => (await hub.get(`/session/${sessions[0].session_id}/messages`)).messages
            .find((message) => message.author === 'agent'), 'the message');
        assert.equal(said.content, 'Hello, how can I help you?');
    });

    test(`${which}, desk: a new wish comes by itself`, async () => {
        await wants(id('customer_2'));
        for (const page of [one, other]) await sees(page, id('customer_2'), { is_assigned: false });
    });

    test(`${which}, desk: a released customer is there for everybody`, async () => {
        await act(one, 'release', id('customer_1'), PAGE);
        for (const page of [one, other]) await sees(page, id('customer_1'), { is_assigned: false, is_assigned_to_me: false });
        await act(other, 'assignToMe', id('customer_1'), PAGE);
        await sees(one, id('customer_1'), { is_assigned: true, is_assigned_to_me: false, agent_name: 'agent_2' });
    });

    test(`${which}, desk: it comes back after the hub was away`, async () => {
        await hub.stop('SIGKILL');
        await until(() => one.evaluate(() => window.desk.ws.readyState !== WebSocket.OPEN), 'the cut');
        await hub.start();
        await wants(id('customer_3'));
        for (const page of [one, other]) await sees(page, id('customer_3'), { is_assigned: false });
        await sees(other, id('customer_1'), { is_assigned_to_me: true });
        for (const page of [one, other]) {
            assert.deepEqual(page.complaints, []);
            await page.close();
        }
    });

    test(`${which}, list: a button takes over, and the other list changes`, async () => {
        const script = await bundle({ entryPoints: [`${HERE}/pages/list_page.jsx`], absWorkingDir: HERE }, {
            ...clients[which].list(),
            define: { 'process.env.NODE_ENV': '"production"', HUB_ADDRESS: JSON.stringify(address()) },
        });
        const [mine, theirs] = await Promise.all(['agent_1', 'agent_2'].map((name) => openPage(people[name], hub, { script })));
        const entry = (page) => page.locator('#root div', { has: page.locator(`h3:text-is("${id('customer_2')}")`) }).last();
        await entry(theirs).locator('button:text-is("Take Over")').waitFor();
        await entry(mine).locator('button:text-is("Take Over")').click();
        await entry(mine).locator('span:text-is("You are handling this customer")').waitFor();
        await entry(theirs).locator('span:text-is("Handled by agent_1")').waitFor();
        assert.equal(await entry(theirs).locator('button').count(), 0);
        for (const page of [mine, theirs]) {
            assert.deepEqual(page.complaints, []);
            await page.close();
        }
    });

    test(`${which}, page: connect, list, take over, disconnect by hand`, async () => {
        const page = await openPage(people.agent_2, hub, { html: clients[which].page() });
        await page.click('button:text-is("Connect")');
        await page.waitForSelector('#status:text-is("Connected")');
        await page.click('button:text-is("Get Stopped Customers")');
        const entry = page.locator('#customers > div', { hasText: id('customer_3') });
        await entry.locator('button:text-is("Take Over")').click();
        await page.waitForFunction((words) => words.every((word) => document.getElementById('log').innerText.includes(word)),
            ['agent_assigned', id('customer_3')]);
        await page.click('button:text-is("Disconnect")');
        await page.waitForSelector('#status:text-is("Disconnected")');
        assert.deepEqual(page.complaints, []);
        await page.close();
    });
}
