"""Listen keys: names of user data streams, for clients that still use the retired way (Binance ended it on 2026-02-20).

An account has one at a time, for an hour since it was last asked for or kept alive. They live in memory, as the streams
themselves do: after a restart a client meets `INVALID_LISTEN_KEY` and asks for another, as it does at Binance.

Source: rest-api.md until 2026-02, 'User data stream endpoints'.
"""

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
    """The keys of all accounts. `enabled`: whether there are any."""

    def __init__(self, clock: Clock, *, enabled: bool) -> None:
        self._clock = clock
        self._enabled = enabled
        self._by_account: dict[int, ListenKey] = {}
        self._by_text: dict[str, ListenKey] = {}

    def open(self, account_id: int) -> str:
        """The account's key, a new one where it has none, good for an hour. Raises Refused RETIRED."""
        self._check()
        key = self._by_account.get(account_id)
        if key is None or key.until_us <= self._clock.now_us():
            self._drop(key)
            key = ListenKey(generate(), account_id, 0)
            self._by_account[account_id] = self._by_text[key.text] = key
        key.until_us = self._clock.now_us() + GOOD_FOR_US
        return key.text

    def keep(self, account_id: int, text: str) -> None:
        """Makes it good for another hour. Raises Refused INVALID_LISTEN_KEY, RETIRED."""
        self._own(account_id, text).until_us = self._clock.now_us() + GOOD_FOR_US

    def close(self, account_id: int, text: str) -> None:
        """Ends it. Raises Refused INVALID_LISTEN_KEY, RETIRED."""
        self._drop(self._own(account_id, text))

    def _own(self, account_id: int, text: str) -> ListenKey:
        self._check()
        key = self._by_text.get(text)
        if key is None or key.account_id != account_id or key.until_us <= self._clock.now_us():
            raise Refused(Reason.INVALID_LISTEN_KEY)
        return key

    def _check(self) -> None:
        if not self._enabled:
            raise Refused(Reason.RETIRED)

    def _drop(self, key: ListenKey | None) -> None:
        if key is not None:
            del self._by_account[key.account_id], self._by_text[key.text]
