// SPDX-License-Identifier: AGPL-3.0-or-later
// A desk of contract B without a framework: who wants a person, who has whom, and the four things that an agent says.
class Desk {
    constructor(address) {
        this.address = address;
        this.customers = new Map();
        this.myUserId = null;
        this.connect();
    }

    connect() {
        this.ws = new WebSocket(`${this.address}/api/dashboard/ws`);
        this.ws.onopen = () => this.ask();
        this.ws.onmessage = ({ data }) => this.hear(JSON.parse(data));
        this.ws.onclose = () => setTimeout(() => this.connect(), 1000);
    }

    say(frame) {
        if (this.ws.readyState === WebSocket.OPEN) this.ws.send(JSON.stringify(frame));
    }

    hear(frame) {
        switch (frame.type) {
        case 'connected': this.myUserId = frame.user_id; break;
        case 'stopped_customers': this.customers = new Map(frame.data.customers.map((row) => [row.customer_id, row])); break;
        case 'agent_assigned': this.customers.set(frame.data.customer.customer_id, frame.data.customer); break;
        case 'agent_assignment_changed':
            if (this.customers.has(frame.data.customer_id)) this.customers.set(frame.data.customer_id, frame.data.customer);
            break;
        case 'agent_requested': this.ask(); break;
        case 'error': if (frame.error.includes('already assigned')) alert('Somebody has this customer already'); break;
        }
    }

    ask() {
        this.say({ type: 'get_stopped_customers', data: { limit: 100, skip: 0 } });
    }

    assignToMe(customer, page) {
        this.say({ type: 'assign_agent', data: { customer_id: customer, page_id: page } });
    }

    sendMessage(customer, page, message) {
        this.say({ type: 'send_message', customer_id: customer, page_id: page, message });
    }

    release(customer, page) {
        this.say({ type: 'unassign_agent', data: { customer_id: customer, page_id: page } });
    }
}
