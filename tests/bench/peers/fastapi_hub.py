#!/usr/bin/python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A hub as one writes it in an afternoon: FastAPI, dictionaries, nothing kept. What the hub is compared with.

It does for a message what an integrator's own service would: check the body, find or make customer and session, keep the
message with the conversation, guess mood and topic from words, choose an answer, count.
"""

import socket
import time
import uuid
from collections import Counter
from typing import Any, Dict, Optional

import uvicorn
from fastapi import FastAPI, HTTPException
from pydantic import BaseModel, Field

CHANNELS = ('voice', 'video', 'chat', 'email', 'sms', 'social', 'mobile_app', 'web')
MOODS = {'angry': -2, 'terrible': -2, 'twice': -1, 'problem': -1, 'late': -1, 'thanks': 1, 'great': 2}
TOPICS = {'bill': 'billing', 'invoice': 'billing', 'password': 'account', 'order': 'delivery', 'broken': 'support'}
ANSWERS = {'billing': 'I am looking into your bill.', 'account': 'Let us look at your account.',
           'delivery': 'I am looking for your order.', 'support': 'Let us find out what is wrong.',
           'other': 'How can I help you?'}

app = FastAPI()
customers: Dict[str, dict] = {}
sessions: Dict[str, dict] = {}
figures: Counter = Counter()


class Message(BaseModel):
    customer_id: str = Field(min_length=1, max_length=128)
    channel: str
    content: str = Field(min_length=1, max_length=65536)
    session_id: Optional[str] = None
    metadata: Optional[Dict[str, Any]] = None


def session_of(message, now):
    customer = customers.setdefault(message.customer_id, {'sessions': [], 'first_seen': now, 'messages': 0})
    session = sessions.get(message.session_id) if message.session_id else None
    if session is None:
        key = message.session_id or str(uuid.uuid4())
        session = sessions[key] = {'session_id': key, 'customer_id': message.customer_id, 'channel': message.channel,
                                   'messages': [], 'started': now, 'status': 'active'}
        customer['sessions'].append(key)
    customer['messages'] += 1
    return session


def read_mood(words):
    score = sum(MOODS.get(word, 0) for word in words)
    return 'negative' if score < 0 else 'positive' if score > 0 else 'neutral'


@app.post('/message/process')
async def process_message(message: Message):
    if message.channel not in CHANNELS:
        raise HTTPException(400, f'unknown channel {message.channel}')
    now = time.time()
    session = session_of(message, now)
    words = message.content.lower().replace('?', ' ').replace(',', ' ').split()
    topic = next((TOPICS[word] for word in words if word in TOPICS), 'other')
    entry = {'message_id': f'{session["session_id"]}-m{len(session["messages"]) + 1}', 'content': message.content,
             'channel': message.channel, 'at': now, 'sentiment': read_mood(words), 'topic': topic}
    session['messages'].append(entry)
    session['last_activity'] = now
    figures[message.channel] += 1
    figures[topic] += 1
    return {'success': True, 'session_id': session['session_id'], 'message_id': entry['message_id'],
            'response': {'content': ANSWERS[topic], 'channel': message.channel},
            'analysis': {'sentiment': entry['sentiment'], 'topic': topic}}


def main():
    listener = socket.create_server(('127.0.0.1', 0), backlog=1024)
    print('listening on http://127.0.0.1:{}'.format(listener.getsockname()[1]), flush=True)
    server = uvicorn.Server(uvicorn.Config(app, log_level='warning', access_log=False))
    server.run(sockets=[listener])


if __name__ == '__main__':
    main()
