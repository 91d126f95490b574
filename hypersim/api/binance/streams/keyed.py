"""User data on connections to streams, where a listen key names it.

An unknown key tells nothing, as little as one that is good no longer. One that expires says so on its stream
(listenKeyExpired); one that its account closes does not.

Source: user-data-stream.md until 2025-04.
"""

import re
from typing import Final, Protocol

from hypersim.api.binance.streams.account_events import listen_key_expired
from hypersim.api.binance.streams.form import Form
from hypersim.api.binance.streams.user import UserForm, UserStreams, framed_event
from hypersim.bus import Outbox
from hypersim.clock import Clock
from hypersim.listenkeys import ListenKeys

LISTEN_KEY: Final = re.compile("[A-Za-z0-9]{64}", re.ASCII)


class Reader(Protocol):
    """A connection to streams."""

    outbox: Outbox
    form: Form


class KeyedStream:
    """The stream of a listen key on one connection, as `hypersim.bus.Subscriber` asks for."""

    def __init__(self, listen_key: str, account_id: int, reader: Reader) -> None:
        self.listen_key = listen_key
        self.account_id = account_id
        self._reader = reader

    @property
    def outbox(self) -> Outbox:
        return self._reader.outbox

    @property
    def form(self) -> UserForm:
        form = self._reader.form
        return UserForm(form.unit, listen_key=self.listen_key if form.combined else None)


class KeyedStreams:
    """Those of all listen keys."""

    def __init__(self, keys: ListenKeys, clock: Clock, user: UserStreams) -> None:
        self._keys = keys
        self._clock = clock
        self._user = user
        self._streams: dict[str, dict[KeyedStream, None]] = {}
        """By listen key; no empty ones."""
        keys.on_end.append(self._ended)

    def subscribe(self, listen_key: str, reader: Reader) -> KeyedStream | None:
        """From now on a connection gets what happens to the account of a key; None where it is nobody's."""
        account_id = self._keys.account_of(listen_key)
        if account_id is None:
            return None
        stream = KeyedStream(listen_key, account_id, reader)
        self._streams.setdefault(listen_key, {})[stream] = None
        self._user.subscribe(account_id, stream)
        return stream

    def unsubscribe(self, stream: KeyedStream) -> None:
        """From now on it does not any more."""
        self._user.unsubscribe(stream.account_id, stream)
        streams = self._streams.get(stream.listen_key)
        if streams is not None:  # otherwise its key ended before
            streams.pop(stream, None)
            if not streams:
                del self._streams[stream.listen_key]

    def _ended(self, listen_key: str, expired: bool) -> None:
        now_us = self._clock.now_us()
        for stream in self._streams.pop(listen_key, ()):
            self._user.unsubscribe(stream.account_id, stream)
            if expired:
                form = stream.form
                stream.outbox.put(framed_event(form, listen_key_expired(listen_key, now_us, form.unit)))
