"""The fan-out: order, encoding, conflation, and what those who do not read may cost."""

import asyncio
from collections.abc import Callable, Hashable
from functools import partial
from typing import Any

from hypersim.bus import PLACE_BYTES, TOO_SLOW, Bus, Outbox


class Ear:
    """A line and its subscriber; `on_close` happens as soon as it is closed."""

    def __init__(self, bus: Bus, form: str = "plain", **bounds: int) -> None:
        self.form = form
        self.written: list[bytes] = []
        self.closed: int | None = None
        self.on_control: Callable[[], None] | None = None
        self.on_close: Callable[[], None] = lambda: None
        self.on_write: Callable[[], None] = lambda: None
        self.outbox: Any = None
        Outbox(self, bus, **bounds)

    def write(self, data: bytes) -> None:
        self.written.append(data)
        self.on_write()

    def close(self, code: int, reason: str) -> None:
        self.closed = code
        self.on_close()


def say(text: str) -> Callable[[Any], bytes]:
    return lambda form: f"{text}:{form} ".encode()


def sized(size: int, _form: Any) -> bytes:
    return bytes(size)


async def turn() -> None:
    await asyncio.sleep(0)
    await asyncio.sleep(0)


async def test_a_message_is_encoded_once_for_each_form_and_only_when_wanted() -> None:
    bus, encoded = Bus(), []

    def encode(form: Hashable) -> bytes:
        encoded.append(form)
        return b"x"

    bus.publish("topic", encode)
    ears = [Ear(bus, form) for form in ("a", "b", "a", "a", "b")]
    for ear in ears:
        bus.subscribe("topic", ear)
    bus.publish("topic", encode)
    bus.publish("other", encode)
    await turn()

    assert ["a", "b"] == encoded
    assert [[b"x"]] * 5 == [ear.written for ear in ears]


async def test_what_comes_in_one_turn_is_written_at_once_and_in_order() -> None:
    bus = Bus()
    ear = Ear(bus)
    bus.subscribe("one", ear)
    bus.subscribe("two", ear)
    for number in range(3):
        bus.publish("one", say(f"1.{number}"))
        bus.publish("two", say(f"2.{number}"))
    assert [] == ear.written
    await turn()
    bus.publish("one", say("later"))
    await turn()

    assert [b"1.0:plain 2.0:plain 1.1:plain 2.1:plain 1.2:plain 2.2:plain ", b"later:plain "] == ear.written


async def test_much_is_not_collected_for_a_turn() -> None:
    """Who asks for a lot in one turn and does not read is noticed within it."""
    bus = Bus()
    ear = Ear(bus, most_bytes=200_000)
    bus.subscribe("topic", ear)
    ear.on_write = ear.outbox.hold
    for _ in range(12):
        bus.publish("topic", partial(sized, 30_000))

    assert (TOO_SLOW, [bytes(90_000)]) == (ear.closed, ear.written)


async def test_who_reads_a_little_is_written_a_little() -> None:
    """The rest goes on waiting, where it is counted."""
    bus = Bus()
    ear = Ear(bus, most_bytes=200_000)
    bus.subscribe("topic", ear)
    ear.outbox.hold()
    for number in range(6):
        bus.publish("topic", partial(sized, 30_000 + number))
    ear.on_write = ear.outbox.hold
    ear.outbox.release()
    assert [bytes(90_003)] == ear.written
    for _ in range(3):
        bus.publish("topic", partial(sized, 30_000))
    assert None is ear.closed
    ear.outbox.release()
    ear.outbox.release()

    assert [90_003, 90_012, 90_000] == [len(data) for data in ear.written]


async def test_of_what_is_superseded_only_the_newest_waits_and_the_rest_keeps_its_order() -> None:
    bus = Bus()
    ear = Ear(bus)
    bus.subscribe("topic", ear)
    ear.outbox.hold()
    for number in range(3):
        bus.publish("topic", say(f"price{number}"), supersedes="price")
        bus.publish("topic", say(f"trade{number}"))
    await turn()
    assert [] == ear.written
    ear.outbox.release()

    assert [b"trade0:plain trade1:plain price2:plain trade2:plain "] == ear.written


async def test_nothing_superseded_comes_before_what_was_said_after_it() -> None:
    """An answer to SUBSCRIBE comes before what is told from then on, also where older news still wait."""
    bus = Bus()
    ear = Ear(bus)
    bus.subscribe("topic", ear)
    ear.outbox.hold()
    bus.publish("topic", say("old"), supersedes="price")
    ear.outbox.put(b"answer ")
    bus.publish("topic", say("new"), supersedes="price")
    ear.outbox.release()

    assert [b"answer new:plain "] == ear.written


async def test_who_holds_up_too_many_messages_is_closed_and_nobody_else_notices() -> None:
    bus = Bus()
    slow, quick = Ear(bus, most=3), Ear(bus, most=3)
    for ear in (slow, quick):
        bus.subscribe("topic", ear)
    slow.outbox.hold()
    for number in range(4):
        bus.publish("topic", say(str(number)))
    bus.publish("topic", say("after"))
    await turn()

    assert (TOO_SLOW, []) == (slow.closed, slow.written)
    assert (None, [b"0:plain 1:plain 2:plain 3:plain after:plain "]) == (quick.closed, quick.written)


async def test_who_holds_up_too_many_bytes_is_closed() -> None:
    bus = Bus()
    ear = Ear(bus, most_bytes=2 * (1000 + PLACE_BYTES))
    bus.subscribe("topic", ear)
    ear.outbox.hold()
    for _ in range(2):
        bus.publish("topic", lambda _: bytes(1000))
        assert None is ear.closed
    for _ in range(50):
        bus.publish("topic", lambda _: bytes(900), supersedes="price")
    assert TOO_SLOW == ear.closed


async def test_what_supersedes_does_not_add_up() -> None:
    bus = Bus()
    ear = Ear(bus, most=1, most_bytes=1000 + PLACE_BYTES)
    bus.subscribe("topic", ear)
    ear.outbox.hold()
    for size in (1000, 1, 1000, 500):
        bus.publish("topic", partial(sized, size), supersedes="price")
    ear.outbox.release()

    assert (None, [bytes(500)]) == (ear.closed, ear.written)


async def test_together_those_who_do_not_read_are_bounded_and_the_worst_goes_first() -> None:
    bus = Bus(most_held_bytes=10 * (1000 + PLACE_BYTES))
    ears = [Ear(bus) for _ in range(3)]
    for number, ear in enumerate(ears):
        bus.subscribe(number, ear)
        ear.outbox.hold()
    for number, count in ((0, 2), (1, 5), (2, 3)):
        for _ in range(count):
            bus.publish(number, lambda _: bytes(1000))
    assert [None, None, None] == [ear.closed for ear in ears]
    bus.publish(0, lambda _: b"")
    assert [None, TOO_SLOW, None] == [ear.closed for ear in ears]
    for _ in range(4):  # there is room again, and what is written makes more of it
        bus.publish(2, lambda _: bytes(1000))
    ears[2].outbox.release()
    for _ in range(7):
        bus.publish(0, lambda _: bytes(1000))

    assert [None, TOO_SLOW, None] == [ear.closed for ear in ears]


async def test_one_that_leaves_while_a_message_goes_round_takes_nothing_from_others() -> None:
    bus = Bus()
    ears = [Ear(bus, most=0) for _ in range(3)]
    for ear in ears:
        bus.subscribe("topic", ear)
    ears[1].outbox.hold()

    def leave() -> None:
        for ear in ears[:2]:
            bus.unsubscribe("topic", ear)

    ears[1].on_close = leave
    bus.publish("topic", say("1"))
    bus.publish("topic", say("2"))
    await turn()

    assert [[b"1:plain "], [], [b"1:plain 2:plain "]] == [ear.written for ear in ears]


async def test_a_close_sends_what_waits_and_nothing_afterwards() -> None:
    bus = Bus()
    ear = Ear(bus)
    bus.subscribe("topic", ear)
    bus.publish("topic", say("last words"))
    ear.outbox.close(1001, "going")
    bus.publish("topic", say("too late"))
    ear.outbox.close(1008, "again")
    ear.outbox.release()
    await turn()

    assert (1001, [b"last words:plain "]) == (ear.closed, ear.written)


async def test_a_topic_that_everybody_left_is_not_wanted() -> None:
    bus = Bus()
    one, two = Ear(bus), Ear(bus)

    assert [True, False] == [bus.subscribe("topic", one), bus.subscribe("topic", two)]
    bus.unsubscribe("topic", one)
    bus.unsubscribe("topic", one)
    assert bus.wanted("topic")
    bus.unsubscribe("topic", two)
    assert not bus.wanted("topic")
