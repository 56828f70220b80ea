// SPDX-License-Identifier: AGPL-3.0-or-later
// The list of those who want a person, as a component on a hook of contract B.
import { useCallback, useEffect, useRef, useState } from 'react';

function useDesk() {
    const [customers, setCustomers] = useState([]);
    const [connected, setConnected] = useState(false);
    const ws = useRef(null);
    const say = useCallback((frame) => {
        if (ws.current?.readyState === WebSocket.OPEN) ws.current.send(JSON.stringify(frame));
    }, []);
    const ask = useCallback(() => say({ type: 'get_stopped_customers', data: { limit: 100 } }), [say]);

    useEffect(() => {
        let isOver = false;
        const hear = ({ type, data }) => {
            if (type === 'stopped_customers') setCustomers(data.customers);
            if (type === 'agent_requested') ask();
            if (type === 'agent_assignment_changed') {
                setCustomers((rows) => rows.map((row) => (row.customer_id === data.customer_id ? data.customer : row)));
            }
        };
        const connect = () => {
            ws.current = new WebSocket(`${HUB_ADDRESS}/api/dashboard/ws`);
            ws.current.onopen = () => { setConnected(true); ask(); };
            ws.current.onmessage = ({ data }) => hear(JSON.parse(data));
            ws.current.onclose = () => { setConnected(false); if (!isOver) setTimeout(connect, 1000); };
        };
        connect();
        return () => { isOver = true; ws.current.close(); };
    }, [ask]);

    const take = (row) => say({ type: 'assign_agent', data: { customer_id: row.customer_id, page_id: row.page_id } });
    return { customers, connected, take };
}

export function CustomerList() {
    const { customers, connected, take } = useDesk();
    if (!connected) return <div>Connecting...</div>;
    return customers.map((row) => (
        <div key={row.customer_id}>
            <h3>{row.customer_name}</h3>
            <p>{row.time_since_last_conversation}</p>
            {!row.is_assigned && <button onClick={() => take(row)}>Take Over</button>}
            {row.is_assigned_to_me && <span>You are handling this customer</span>}
            {row.is_assigned && !row.is_assigned_to_me && <span>Handled by {row.agent_name}</span>}
        </div>
    ));
}
