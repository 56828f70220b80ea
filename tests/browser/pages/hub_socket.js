// SPDX-License-Identifier: AGPL-3.0-or-later
// A hook on a socket of contract A: says who it is, hands frames to the store, and comes back when it was cut off.
import { useCallback, useEffect, useRef, useState } from 'react';
import { useDispatch } from 'react-redux';

import { addNotification, addRealtimeUpdate, updateChannelPerformance, updateSessionStatus } from 'client-slice';

const TRIES = 5;
const KEPT = 100;

function notice(frame, type, title, message) {
    return addNotification({ type, title, message, timestamp: frame.timestamp });
}

// What each type of frame does to the store.
const ACTIONS = {
    session_update: (frame) => updateSessionStatus(frame.payload),
    performance_update: (frame) => updateChannelPerformance(frame.payload),
    new_message: addRealtimeUpdate,
    customer_activity: addRealtimeUpdate,
    channel_transfer: (frame) => notice(frame, 'info', 'Channel Transfer',
        `Customer transferred from ${frame.payload.fromChannel} to ${frame.payload.toChannel}`),
    routing_recommendation: (frame) => notice(frame, 'info', 'Routing', frame.payload.recommendation),
    system_alert: (frame) => notice(frame, frame.payload.severity || 'warning', 'System Alert', frame.payload.message),
};

export function useOmnichannelWebSocket(sessionId) {
    const [connectionStatus, setStatus] = useState('disconnected');
    const [messageHistory, setHistory] = useState([]);
    const socket = useRef(null);
    const tries = useRef(0);
    const dispatch = useDispatch();

    const connect = useCallback(() => {
        if (socket.current?.readyState === WebSocket.OPEN) return;
        const ws = new WebSocket(`${HUB_ADDRESS}/ws/${sessionId || 'dashboard'}`);
        socket.current = ws;
        setStatus('connecting');
        ws.onopen = () => {
            tries.current = 0;
            setStatus('connected');
            ws.send(JSON.stringify({ type: 'auth', payload: { sessionId, timestamp: new Date().toISOString() } }));
        };
        ws.onmessage = ({ data }) => {
            const frame = JSON.parse(data);
            setHistory((before) => [...before.slice(1 - KEPT), frame]);
            const action = ACTIONS[frame.type]?.(frame);
            if (action) dispatch(action);
        };
        ws.onclose = ({ code }) => {
            setStatus('disconnected');
            if (code !== 1000 && tries.current < TRIES) setTimeout(connect, 1000 * 2 ** tries.current++);
        };
        ws.onerror = () => setStatus('error');
    }, [sessionId, dispatch]);

    const disconnect = useCallback(() => {
        socket.current?.close(1000, 'bye');
        socket.current = null;
    }, []);

    const sendMessage = useCallback((frame) => {
        if (socket.current?.readyState !== WebSocket.OPEN) return false;
        socket.current.send(JSON.stringify({ ...frame, timestamp: new Date().toISOString(), sessionId }));
        return true;
    }, [sessionId]);

    useEffect(() => {
        connect();
        return disconnect;
    }, [connect, disconnect]);

    return { isConnected: connectionStatus === 'connected', connectionStatus, messageHistory, sendMessage, connect, disconnect,
             lastMessage: messageHistory.at(-1) ?? null };
}
