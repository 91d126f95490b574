"""Which trades of a market are new, when its exchange shows them again and again."""

from __future__ import annotations

import random

import pytest

from hypersim.engine.orders import Side
from hypersim.feeds.ccxt import tape as ccxt_tape
from hypersim.feeds.ccxt.shapes import Trade
from hypersim.feeds.ccxt.tape import Tape


def trade(text: str) -> Trade:
    """Such as 7a3: at time 7, with the id a (- for none), for the price 3."""
    return Trade(None if text[1] == "-" else text[1], int(text[0]), int(text[2]), 1, Side.BUY)


def trades(text: str) -> list[Trade]:
    return [trade(one) for one in text.split()]


@pytest.mark.parametrize(
    ("looks", "expected"),
    [
        (["1a5 2b5"], [""]),
        (["1a5 2b5", "1a5 2b5 3c5"], ["", "3c5"]),
        (["1a5", "2b5 3c5", "3c5 4d5"], ["", "2b5 3c5", "4d5"]),
        # an empty look is no first look
        (["", "1a5 2b5", "3c5"], ["", "", "3c5"]),
        # older than the first look, and late but not older
        (["3c5", "1a5 2b5 3c5"], ["", ""]),
        (["3c5", "4e5 6f5", "5g5 6f5"], ["", "4e5 6f5", "5g5"]),
        # in the same moment as the first look
        (["3c5", "3c5 3d5"], ["", "3d5"]),
        # alike, with ids and without
        (["1a5", "2b5 2c5", "2b5 2c5 2d5"], ["", "2b5 2c5", "2d5"]),
        (["1-5", "1-5 2-5 2-5", "2-5 2-5"], ["", "2-5 2-5", ""]),
        (["1-5", "2-5", "2-5 2-5", "2-5 2-6"], ["", "2-5", "2-5", "2-6"]),
        # only the newest one has an id, as some exchanges show them
        (["1-5 2a5", "2-5 3b6", "3-6 4c5"], ["", "3b6", "4c5"]),
    ],
)
def test_a_trade_is_new_once(looks: list[str], expected: list[str]) -> None:
    tape = Tape()
    assert [trades(text) for text in expected] == [tape.fresh(trades(text)) for text in looks]


@pytest.mark.parametrize(("after_us", "expected"), [(None, ""), (2, "3x5 4y5"), (4, ""), (0, "1z5 2a5 3x5 4y5")])
def test_what_another_look_had_seen_before_is_not_new(after_us: int | None, expected: str) -> None:
    assert trades(expected) == Tape(after_us).fresh(trades("1z5 2a5 3x5 4y5"))


def test_the_newest_trade_is_known_and_when_the_next_look_elsewhere_begins() -> None:
    tape = Tape()
    before = (tape.last, tape.newest_us)
    tape.fresh(trades("1a5 4b5"))
    tape.fresh(trades("2c5"))

    assert ((None, None), (trade("4b5"), 4), 7) == (before, (tape.last, tape.newest_us), Tape(7).newest_us)


def test_what_is_forgotten_is_not_new_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ccxt_tape, "REMEMBERED", 200)
    chance = random.Random(3)
    happened = [Trade(str(number), number // 2, 5, 1, Side.SELL) for number in range(400)]
    tape, told, end = Tape(), list[Trade](), 1
    tape.fresh(happened[:1])
    while end < len(happened):
        end = min(end + chance.randint(0, 5), len(happened))
        told += tape.fresh(happened[max(0, end - 60) : end])

    assert happened[1:] == told
