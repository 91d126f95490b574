"""User data on the streams of listen keys: who is told, until when; keys expire by a clock that the test moves."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest

from hypersim.api.binance.streams.connection import StreamConnection
from hypersim.api.binance.streams.form import Form
from hypersim.api.binance.streams.keyed import KeyedStreams
from hypersim.api.binance.streams.market import MarketStreams
from hypersim.api.binance.streams.user import UserStreams
from hypersim.bus import Bus, Outbox
from hypersim.listenkeys import GOOD_FOR_US
from tests.api.lab import Lab, open_lab
from tests.api.line import Wire
from tests.api.streams.told import MILLISECOND, position, update
from tests.writer.rig import turns

UNKNOWN = "x" * 64


@dataclass
class Hall:
    """A lab whose users listen by listen keys."""

    lab: Lab
    market: MarketStreams
    keyed: KeyedStreams
    bus: Bus

    def connect(self, *names: str, combined: bool = False, unit: int = MILLISECOND) -> "Visitor":
        return Visitor(self, names, Form(combined=combined, unit=unit))

    def key(self, account_id: int = 1) -> str:
        return self.lab.world.listen_keys.open(account_id)

    async def deposit(self, amount: str) -> None:
        await self.lab.deposit("USDT", amount)

    async def pass_by(self, time_us: int) -> None:
        """Lets time go by, and whoever waits for it act."""
        self.lab.clock.time_us += time_us
        await turns()


class Visitor:
    """One connection, without a network."""

    def __init__(self, hall: Hall, names: Iterable[str], form: Form) -> None:
        self._written: list[str] = []
        self._wire = Wire(self._written.append)
        self._outbox = Outbox(self._wire, hall.bus)
        self.connection = StreamConnection(self._outbox, hall.market, hall.keyed, form)
        self.connection.open(names)

    async def say(self, method: str, *params: Any) -> Any:
        """The answer to a request, which comes before anything that is told after it."""
        request = {"method": method, "params": params, "id": 1}
        await self.connection.receive(msgspec.json.encode(request).decode())
        return (await self.read())[0]

    async def read(self) -> list[Any]:
        """The messages since they were last read."""
        await turns(2)
        assert self._wire.closed is None, self._wire.closed
        told = [msgspec.json.decode(text) for text in self._written]
        self._written.clear()
        return told


@asynccontextmanager
async def open_hall() -> AsyncIterator[Hall]:
    async with open_lab() as lab:
        bus = Bus()
        user = UserStreams(lab.world, bus)
        market = MarketStreams(lab.world, bus, lambda: 0)
        lab.writer.listeners += [market.fold, user.fold]
        keyed = KeyedStreams(lab.world.listen_keys, lab.clock, user)
        expiring = asyncio.create_task(lab.world.listen_keys.run())
        try:
            await turns()
            yield Hall(lab, market, keyed, bus)
        finally:
            expiring.cancel()
            with suppress(asyncio.CancelledError):
                await expiring


def told(hall: Hall, change: str, total: str) -> list[Any]:
    """What a deposit tells, of alice's first one."""
    now = hall.lab.now_ms
    return [update("USDT", change, now), position(now, USDT=f"{total} 0")]


async def test_a_connection_to_a_listen_key_gets_the_bare_events_of_its_account() -> None:
    async with open_hall() as hall:
        alice, bob = hall.connect(hall.key(1)), hall.connect(hall.key(2))
        await hall.deposit("5")
        assert told(hall, "5", "10005") == await alice.read()
        assert [] == await bob.read()


async def test_a_combined_connection_gets_them_under_the_name_of_the_key() -> None:
    async with open_hall() as hall:
        key = hall.key()
        alice = hall.connect(key, combined=True)
        await hall.deposit("5")
        first = await alice.read()
        assert {"result": None, "id": 1} == await alice.say("SET_PROPERTY", "combined", False)
        await hall.deposit("5")
        assert [{"stream": key, "data": event} for event in told(hall, "5", "10005")] == first
        assert told(hall, "5", "10010") == await alice.read()


async def test_times_are_in_microseconds_where_the_connection_wants_them() -> None:
    async with open_hall() as hall:
        alice = hall.connect(hall.key(), unit=1)
        await hall.deposit("5")
        now_us = hall.lab.clock.time_us
        assert [update("USDT", "5", now_us), position(now_us, USDT="10005 0")] == await alice.read()


async def test_a_key_is_a_stream_beside_those_of_markets() -> None:
    async with open_hall() as hall:
        key = hall.key()
        visitor = hall.connect("0")
        subscribed = await visitor.say("SUBSCRIBE", key, "btcusdt@trade")
        listed = await visitor.say("LIST_SUBSCRIPTIONS")
        await hall.deposit("5")
        await hall.lab.move("BTCUSDT", "50000")
        events = [event["e"] for event in await visitor.read()]
        left = await visitor.say("UNSUBSCRIBE", key)
        await hall.deposit("5")

        assert [{"result": None, "id": 1}] * 2 == [subscribed, left]
        assert {key, "btcusdt@trade"} <= set(listed["result"])
        assert ["balanceUpdate", "outboundAccountPosition", "trade"] == events
        assert [] == await visitor.read()


async def test_an_unknown_key_is_taken_and_tells_nothing() -> None:
    async with open_hall() as hall:
        visitor = hall.connect(UNKNOWN)
        assert {"result": None, "id": 1} == await visitor.say("SUBSCRIBE", "y" * 64)
        await hall.deposit("5")
        assert [] == await visitor.read()
        visitor.connection.close()


@pytest.mark.parametrize("name", ["x" * 63, "x" * 65, "x" * 63 + "-", "nothing"])
async def test_what_cannot_be_a_key_is_refused(name: str) -> None:
    async with open_hall() as hall:
        answer = await hall.connect().say("SUBSCRIBE", name)
        assert "Invalid request: invalid stream" == answer["msg"]


@pytest.mark.parametrize("combined", [False, True])
async def test_a_key_that_expires_says_so_when_it_does_and_then_nothing(combined: bool) -> None:
    async with open_hall() as hall:
        key = hall.key()
        visitors = [hall.connect(key, combined=combined) for _ in range(2)]
        await hall.pass_by(GOOD_FOR_US - 1)
        before = [await visitor.read() for visitor in visitors]
        await hall.pass_by(1)
        after = [await visitor.read() for visitor in visitors]
        await hall.deposit("5")
        expired = {"e": "listenKeyExpired", "E": hall.lab.now_ms, "listenKey": key}

        assert [[], []] == before
        assert [[{"stream": key, "data": expired} if combined else expired]] * 2 == after
        assert [[], []] == [await visitor.read() for visitor in visitors]
        assert key != hall.key()


async def test_keys_expire_each_in_its_time_and_later_when_kept_alive() -> None:
    async with open_hall() as hall:
        keys = {account_id: hall.key(account_id) for account_id in (1, 2)}
        visitors = {account_id: hall.connect(key) for account_id, key in keys.items()}
        half = GOOD_FOR_US // 2
        await hall.pass_by(half)
        hall.lab.world.listen_keys.keep(1, keys[1])
        seen = []
        for _ in range(2):
            await hall.pass_by(half)
            told_now = {who: [event["listenKey"] for event in await each.read()] for who, each in visitors.items()}
            seen.append(told_now)
        assert [{1: [], 2: [keys[2]]}, {1: [keys[1]], 2: []}] == seen


async def test_a_key_that_is_closed_ends_its_stream_without_a_word() -> None:
    """Source: 'This event will not be pushed when the stream is closed normally.'"""
    async with open_hall() as hall:
        key = hall.key()
        visitor = hall.connect(key)
        hall.lab.world.listen_keys.close(1, key)
        await hall.deposit("5")
        assert [] == await visitor.read()
        assert {"result": None, "id": 1} == await visitor.say("UNSUBSCRIBE", key)


async def test_who_hangs_up_leaves_the_others_of_his_key() -> None:
    async with open_hall() as hall:
        key = hall.key()
        gone, stays = hall.connect(key), hall.connect(key)
        gone.connection.close()
        await hall.deposit("5")
        assert told(hall, "5", "10005") == await stays.read()
        assert [] == await gone.read()
        stays.connection.close()
        await hall.pass_by(GOOD_FOR_US)
        assert [] == await stays.read()


async def test_keys_are_waited_for_again_when_all_have_ended() -> None:
    async with open_hall() as hall:
        for _ in range(2):
            visitor = hall.connect(hall.key())
            await hall.pass_by(GOOD_FOR_US)
            assert ["listenKeyExpired"] == [event["e"] for event in await visitor.read()]
