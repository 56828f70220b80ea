// SPDX-License-Identifier: AGPL-3.0-or-later
// What a dashboard of contract A keeps: sessions, notices, the latest updates, figures.
import { createSlice } from '@reduxjs/toolkit';

const UPDATES = 100;
const NOTICES = 50;

const slice = createSlice({
    name: 'hub',
    initialState: { activeSessions: [], channelPerformance: null, realtimeUpdates: [], notifications: [] },
    reducers: {
        setActiveSessions(state, { payload }) {
            state.activeSessions = payload;
        },
        setChannelPerformance(state, { payload }) {
            state.channelPerformance = payload;
        },
        // A frame names its session in camelCase, a list of REST in snake_case.
        updateSessionStatus(state, { payload }) {
            const known = state.activeSessions.find((session) => session.session_id === payload.sessionId);
            if (known) Object.assign(known, payload);
        },
        // Figures that come before the first picture have nothing to be part of.
        updateChannelPerformance(state, { payload }) {
            if (state.channelPerformance) Object.assign(state.channelPerformance, payload);
        },
        addRealtimeUpdate(state, { payload }) {
            state.realtimeUpdates = [payload, ...state.realtimeUpdates].slice(0, UPDATES);
        },
        addNotification(state, { payload }) {
            state.notifications = [payload, ...state.notifications].slice(0, NOTICES);
        },
    },
});

export const {
    addNotification, addRealtimeUpdate, setActiveSessions, setChannelPerformance, updateChannelPerformance, updateSessionStatus,
} = slice.actions;
export default slice.reducer;
