"""Listen keys: names of user data streams, for clients that still use the retired way (Binance ended it on 2026-02-20).

An account has one at a time, for an hour since it was last asked for or kept alive. They live in memory, as the streams
themselves do: after a restart a client meets `INVALID_LISTEN_KEY` and asks for another, as it does at Binance.

Source: user-data-stream.md until 2025-04.
"""

import asyncio
from collections.abc import Callable
from typing import Final

from msgspec import Struct

from hypersim.clock import MICROSECONDS, Clock
from hypersim.errors import Reason, Refused
from hypersim.identity import generate

GOOD_FOR_US: Final = 3600 * MICROSECONDS


class ListenKey(Struct):
    """A key, and until when it is good."""

    text: str
    account_id: int
    until_us: int


class ListenKeys:
    """The keys of all accounts. `enabled`: whether there are any.

    That a key has expired is noticed when any is used, and by `run` as soon as it happens.
    """

    def __init__(self, clock: Clock, *, enabled: bool) -> None:
        self._clock = clock
        self._enabled = enabled
        self._by_account: dict[int, ListenKey] = {}
        self._by_text: dict[str, ListenKey] = {}
        """In the order in which they expire, since all are good for equally long."""
        self._opened = asyncio.Event()
        self.on_end: list[Callable[[str, bool], None]] = []
        """Called with a key that is good no longer, and whether it expired: otherwise it was closed."""

    def open(self, account_id: int) -> str:
        """The account's key, a new one where it has none, good for an hour. Raises Refused RETIRED."""
        self._check()
        key = self._by_account.get(account_id)
        if key is None:
            key = ListenKey(generate(), account_id, 0)
            self._by_account[account_id] = key
        self._renew(key)
        self._opened.set()
        return key.text

    def keep(self, account_id: int, text: str) -> None:
        """Makes it good for another hour. Raises Refused INVALID_LISTEN_KEY, RETIRED."""
        self._renew(self._own(account_id, text))

    def close(self, account_id: int, text: str) -> None:
        """Ends it. Raises Refused INVALID_LISTEN_KEY, RETIRED."""
        self._end(self._own(account_id, text), expired=False)

    def account_of(self, text: str) -> int | None:
        """Whose key it is; None for one that is not, or no longer, good."""
        self._expire()
        key = self._by_text.get(text)
        return key.account_id if key is not None else None

    async def run(self) -> None:
        """Lets keys expire when they do, until it is cancelled."""
        while True:
            self._expire()
            first = next(iter(self._by_text.values()), None)
            if first is None:
                self._opened.clear()
                await self._opened.wait()
            else:
                await self._clock.sleep((first.until_us - self._clock.now_us()) / MICROSECONDS)

    def _renew(self, key: ListenKey) -> None:
        key.until_us = self._clock.now_us() + GOOD_FOR_US
        self._by_text.pop(key.text, None)
        self._by_text[key.text] = key

    def _own(self, account_id: int, text: str) -> ListenKey:
        self._check()
        key = self._by_text.get(text)
        if key is None or key.account_id != account_id:
            raise Refused(Reason.INVALID_LISTEN_KEY)
        return key

    def _check(self) -> None:
        if not self._enabled:
            raise Refused(Reason.RETIRED)
        self._expire()

    def _expire(self) -> None:
        """Ends the keys whose time is over."""
        now_us = self._clock.now_us()
        while (key := next(iter(self._by_text.values()), None)) is not None and key.until_us <= now_us:
            self._end(key, expired=True)

    def _end(self, key: ListenKey, *, expired: bool) -> None:
        del self._by_account[key.account_id], self._by_text[key.text]
        for told in self.on_end:
            told(key.text, expired)
