// SPDX-License-Identifier: AGPL-3.0-or-later
// A page around a client of contract A. The client is either ours (hub_socket.js, hub_slice.js) or one that is handed in.
import { configureStore } from '@reduxjs/toolkit';
import { createRoot } from 'react-dom/client';
import { Provider, useSelector } from 'react-redux';

import { useOmnichannelWebSocket } from 'client-hook';
import reducer, * as slice from 'client-slice';

const store = configureStore({ reducer });
const shown = { store, slice };
window.shown = shown;

function Session({ session }) {
    return <li>{session.session_id}: {session.status} on {session.channel}</li>;
}

function App({ sessionId }) {
    shown.client = useOmnichannelWebSocket(sessionId);
    const sessions = useSelector((state) => state.activeSessions);
    const notices = useSelector((state) => state.notifications);
    return (
        <>
            <p id="status">{shown.client.connectionStatus}</p>
            <ul id="sessions">{sessions.map((session) => <Session key={session.session_id} session={session} />)}</ul>
            <ol id="notices">{notices.map((notice, i) => <li key={i}>{notice.message}</li>)}</ol>
        </>
    );
}

window.mount = (sessionId) => createRoot(document.getElementById('root'))
    .render(<Provider store={store}><App sessionId={sessionId} /></Provider>);
