// SPDX-License-Identifier: AGPL-3.0-or-later
// Clients of contract A: a hook on /ws/... that feeds a store, in a browser with a person's cookie.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { ADMIN, HERE, Hub, bundle, given, launch, login, openPage, until } from './harness.mjs';
import { FOLDER, block } from './seeds.mjs';

const hub = new Hub(['--loopback-failures', '100']); // every delivery fails, so that there is something to alert of
let browser;

before(async () => {
    await hub.start();
    browser = await launch();
});

after(async () => {
    await browser?.close();
    await hub.remove();
});

const address = () => hub.url.replace('http', 'ws');
const options = {
    ours: () => ({ alias: { 'client-hook': './pages/hub_socket.js', 'client-slice': './pages/hub_slice.js' } }),
    given: () => {
        const hook = block(['export const useOmnichannelWebSocket'], address());
        const slice = block(['export const omnichannelSlice'], address());
        return { plugins: [given({ 'client-hook': hook, 'client-slice': slice, 'store/omnichannelSlice': slice })] };
    },
};

async function open(which, context, sessionId) {
    const script = await bundle({ entryPoints: [`${HERE}/pages/app_a.jsx`], absWorkingDir: HERE },
        { ...options[which](), define: { 'process.env.NODE_ENV': '"production"', HUB_ADDRESS: JSON.stringify(address()) } });
    const page = await openPage(context, hub, { script });
    await page.evaluate((id) => window.mount(id), sessionId);
    await page.waitForSelector('#status:text-is("connected")');
    await heard(page, (frame) => frame.type === 'connected');
    return page;
}

/** Frames that the page's client has heard, oldest first. */
const frames = (page) => page.evaluate(() => window.shown.client.messageHistory);
const state = (page) => page.evaluate(() => window.shown.store.getState());

async function heard(page, wanted, what = 'a frame') {
    return until(async () => (await frames(page)).find(wanted), what);
}

for (const which of FOLDER ? ['ours', 'given'] : ['ours']) {
    const id = (name) => `${name}_${which}`;
    let context, page;

    test(`${which}: it connects by the cookie and lists the sessions`, async () => {
        await hub.post('/session/create', { customer_id: id('customer_1'), session_id: id('first'), channel: 'voice' });
        context = await browser.newContext();
        await login(context, hub, ADMIN);
        page = await open(which, context);
        await page.evaluate(async () => {
            const { store, slice } = window.shown;
            store.dispatch(slice.setActiveSessions(await (await fetch('/sessions/active')).json()));
            store.dispatch(slice.setChannelPerformance(await (await fetch('/analytics/channel-performance')).json()));
        });
        await page.waitForSelector(`#sessions li:text-is("${id('first')}: active on voice")`);
        assert.equal((await frames(page)).filter((frame) => frame.type === 'error').length, 0);
    });

    test(`${which}: it sees a session change`, async () => {
        await hub.ask('PUT', `/session/${id('first')}`, { status: 'on_hold', priority: 'urgent' });
        await page.waitForSelector(`#sessions li:text-is("${id('first')}: on_hold on voice")`);
        const session = (await state(page)).activeSessions.find((one) => one.session_id === id('first'));
        assert.equal(session.priority, 'urgent');
        assert.equal(session.customer_id, id('customer_1')); // what a frame does not say stays
    });

    test(`${which}: it sees what a customer says, with names in camelCase`, async () => {
        await hub.post('/message/process', { customer_id: id('customer_1'), session_id: id('first'), channel: 'voice', content: 'Hello?' });
        const update = await until(async () => (await state(page)).realtimeUpdates.find((one) => one.type === 'new_message'), 'the message');
        assert.equal(update.payload.content, 'Hello?');
        assert.deepEqual([update.sessionId, update.customerId], [id('first'), id('customer_1')]);
        assert.ok(!Number.isNaN(Date.parse(update.timestamp)));
        assert.ok(update.position);
    });

    test(`${which}: it is told of a transfer, in words and in the list`, async () => {
        await hub.post('/transfer/channel', { session_id: id('first'), to_channel: 'video' });
        await page.waitForSelector('#notices li:text-is("Customer transferred from voice to video")');
        await page.waitForSelector(`#sessions li:text-matches("^${id('first')}: .* on video$")`);
    });

    test(`${which}: it learns to know customers`, async () => {
        await hub.post(`/customer/${id('customer_1')}/context`, { profile: { language: 'de' } });
        const update = await until(async () => (await state(page)).realtimeUpdates.find((one) => one.type === 'customer_activity' &&
            one.payload.activity === 'profile_changed'), 'the activity');
        assert.equal(update.customerId, id('customer_1'));
    });

    test(`${which}: it is told what the routing decided`, async () => {
        await hub.post('/routing/decision', { customer_id: id('customer_1'), session_id: id('first'), current_channel: 'video', assign: false });
        const frame = await heard(page, ({ type }) => type === 'routing_recommendation', 'the recommendation');
        await page.waitForFunction((words) => [...document.querySelectorAll('#notices li')].some((line) => line.textContent === words),
            frame.payload.recommendation);
    });

    test(`${which}: it is warned when a message does not get through`, async () => {
        await hub.post('/message/respond', { session_id: id('first'), channel: 'sms', content: 'Are you there?' });
        await until(async () => (await state(page)).notifications.find((one) => one.title === 'System Alert' &&
            one.type === 'warning' && one.message), 'the alert');
    });

    test(`${which}: it hears of campaigns`, async () => {
        await hub.post('/campaign/omnichannel-launch', {
            campaign_id: id('campaign'), customers: [{ customer_id: id('customer_1') }], channels: ['chat'],
            quiet_hours: { none: true }, messages: [{ content: 'news' }],
        });
        await heard(page, ({ type }) => type === 'campaign_update', 'the campaign');
    });

    test(`${which}: its figures move`, async () => {
        const wanted = (await hub.get('/analytics/channel-performance')).voice.traffic.messages_in;
        await until(async () => (await state(page)).channelPerformance.voice.traffic.messagesIn >= wanted, 'the figures');
    });

    test(`${which}: its ping is answered`, async () => {
        assert.equal(await page.evaluate(() => window.shown.client.sendMessage({ type: 'ping', payload: { timestamp: 'now' } })), true);
        assert.equal((await heard(page, (frame) => frame.type === 'pong')).payload.timestamp, 'now');
    });

    test(`${which}: a session's own socket hears that session only`, async () => {
        const alone = await open(which, context, id('first'));
        await hub.post('/message/process', { customer_id: id('customer_2'), session_id: id('second'), channel: 'chat', content: 'Not for you' });
        await hub.post('/message/process', { customer_id: id('customer_1'), session_id: id('first'), channel: 'video', content: 'For you' });
        await heard(alone, (frame) => frame.payload.content === 'For you');
        assert.equal((await frames(alone)).filter((frame) => frame.payload.content === 'Not for you').length, 0);
        await alone.close();
    });

    test(`${which}: it survives a restart of the hub`, async () => {
        await hub.stop();
        await page.waitForSelector('#status:not(:text-is("connected"))', { state: 'attached' });
        await hub.start();
        await page.waitForSelector('#status:text-is("connected")');
        await hub.post('/message/process', { customer_id: id('customer_1'), session_id: id('first'), channel: 'video', content: 'Still there?' });
        await heard(page, (frame) => frame.payload.content === 'Still there?');
        assert.deepEqual(page.complaints, []);
        await context.close();
    });
}
