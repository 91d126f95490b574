"""An exchange whose users are listened to: every command becomes a record, the views fold it, user data is told."""

import json
from types import SimpleNamespace
from typing import Any, cast

from hypersim.api.binance.streams.user import UserForm, UserStreams
from hypersim.bus import Bus, Outbox
from hypersim.engine.commands import Command
from hypersim.engine.events import Committed, Event
from hypersim.views.views import Views
from hypersim.world import World as Exchange
from tests.api.line import Wire
from tests.engine.world import ACCOUNTS, SYMBOL, World

T = 1_700_000_000_000
"""The time at which a world begins, in milliseconds."""
MILLISECOND = 1000


class Inbox:
    """A subscriber, and what he was told."""

    def __init__(self, bus: Bus, form: UserForm) -> None:
        self.form = form
        self._written: list[str] = []
        self._wire = Wire(self._written.append)
        self.outbox = Outbox(self._wire, bus)
        self.outbox.hold()

    def read(self) -> list[Any]:
        """The messages since they were last read."""
        self.outbox.release()
        self.outbox.hold()
        assert self._wire.closed is None, self._wire.closed
        told = [json.loads(text) for text in self._written]
        self._written.clear()
        return told


class Told(World):
    """The world of `tests.engine.world`, listened to."""

    def __init__(self, **rules: Any) -> None:
        self.views = Views()
        self.bus = Bus()
        self.records: list[Committed] = []
        clock = SimpleNamespace(now_us=lambda: self.time_us)
        world = SimpleNamespace(accounts=self.views.accounts, markets=self.views.marketdata, clock=clock)
        self.user = UserStreams(cast(Exchange, world), self.bus)
        self._execution_ids: dict[Inbox, int] = {}
        super().__init__(**rules)

    def apply(self, command: Command) -> list[Event]:
        events = super().apply(command)
        if events:
            sequence = len(self.records) + 1
            record = Committed(sequence=sequence, time_us=self.time_us, command=command, events=tuple(events))
            self.records.append(record)
            self.views.fold(record)
            self.user.fold(record)
        return events

    def listen(self, who: str, form: UserForm | None = None) -> Inbox:
        """From now on somebody listens to a user."""
        inbox = Inbox(self.bus, form or UserForm(MILLISECOND))
        self._execution_ids[inbox] = 0
        self.user.subscribe(ACCOUNTS[who], inbox)
        return inbox

    def told(self, inbox: Inbox) -> list[Any]:
        """What he was told, without the execution ids, which are greater from one to the next."""
        events = inbox.read()
        for event in events:
            if event["e"] == "executionReport":
                execution_id = event.pop("I")
                assert self._execution_ids[inbox] < execution_id < 2**53
                self._execution_ids[inbox] = execution_id
        return events


def report(**changes: Any) -> dict[str, Any]:
    """An executionReport: of user's new order `a`, to buy 2 for 100 each, but for what is said; None leaves it out."""
    event = {
        "e": "executionReport",
        "E": T,
        "s": SYMBOL,
        "c": "a",
        "S": "BUY",
        "o": "LIMIT",
        "f": "GTC",
        "q": "2.00000000",
        "p": "100.00000000",
        "P": "0.00000000",
        "F": "0.00000000",
        "g": -1,
        "C": "",
        "x": "NEW",
        "X": "NEW",
        "r": "NONE",
        "i": 1,
        "l": "0.00000000",
        "z": "0.00000000",
        "L": "0.00000000",
        "n": "0",
        "N": None,
        "T": T,
        "t": -1,
        "w": True,
        "m": False,
        "M": False,
        "O": T,
        "Z": "0.00000000",
        "Y": "0.00000000",
        "Q": "0.00000000",
        "W": T,
        "V": "EXPIRE_MAKER",
    }
    event |= {
        key: f"{value}.00000000" if key in AMOUNTS and isinstance(value, int) else value
        for key, value in changes.items()
    }
    return {key: value for key, value in event.items() if value is not None or key == "N"}


AMOUNTS = frozenset({"q", "p", "P", "F", "l", "z", "L", "n", "Z", "Y", "Q", "A", "B", "pl", "pL", "pY", "gp"})


def position(time: int = T, /, **balances: str) -> dict[str, Any]:
    """An outboundAccountPosition: assets with what is free and locked, such as '98 2'."""
    shown = []
    for asset, text in balances.items():
        free, locked = text.split()
        shown.append({"a": asset, "f": eight(free), "l": eight(locked)})
    return {"e": "outboundAccountPosition", "E": time, "u": time, "B": shown}


def update(asset: str, change: str, time: int = T) -> dict[str, Any]:
    """A balanceUpdate."""
    return {"e": "balanceUpdate", "E": time, "a": asset, "d": eight(change), "T": time}


def status(kind: str, list_type: str, *orders: tuple[int, str], time: int = T) -> dict[str, Any]:
    """A listStatus of list 1 of user."""
    return {
        "e": "listStatus",
        "E": time,
        "s": SYMBOL,
        "g": 1,
        "c": kind,
        "l": list_type,
        "L": "ALL_DONE" if list_type == "ALL_DONE" else "EXECUTING",
        "r": "NONE",
        "C": "list",
        "T": time,
        "O": [{"s": SYMBOL, "i": order_id, "c": name} for order_id, name in orders],
    }


def eight(text: str) -> str:
    """A short number with 8 decimals."""
    whole, _, decimals = text.partition(".")
    return f"{whole}.{decimals:0<8}"
