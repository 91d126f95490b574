"""From ccxt's numbers and structures to scale-8 integers."""

from __future__ import annotations

import math
import random
from decimal import Decimal

import pytest

from hypersim.engine.orders import Side
from hypersim.feeds.base import FeedFailed
from hypersim.feeds.ccxt.shapes import (
    Book,
    Quote,
    Ticker,
    Trade,
    book_of,
    rounded_down,
    rounded_up,
    tickers_of,
    trades_of,
)
from hypersim.units import ONE, parse, show


@pytest.mark.parametrize(
    ("number", "down", "up"),
    [
        (0.1, 10_000_000, 10_000_000),
        (0.1 + 0.2, 30_000_000, 30_000_001),  # it prints 0.30000000000000004
        (60000.01, 6_000_001_000_000, 6_000_001_000_000),
        (1e-8, 1, 1),
        (1.2e-7, 12, 12),
        (0.000000015, 1, 2),
        (9e-9, 0, 1),
        (0, 0, 0),
        (3, 3 * ONE, 3 * ONE),
        (1e12, 10**12 * ONE, 10**12 * ONE),
        (123456789.12345678, 12_345_678_912_345_678, 12_345_678_912_345_678),
        ("0.00000001", 1, 1),
        ("2.5E-8", 2, 3),
        (-0.5, -50_000_000, -50_000_000),
    ],
)
def test_a_number_is_what_a_person_reads(number: float | str, down: int, up: int) -> None:
    assert (down, up) == (rounded_down(number), rounded_up(number))


def test_what_an_exchange_wrote_with_fifteen_digits_comes_out_as_it_was_written() -> None:
    chance = random.Random(7)
    for _ in range(2000):
        written = show(chance.randrange(10 ** chance.randint(1, 15)))
        assert (parse(written), parse(written)) == (rounded_down(float(written)), rounded_up(float(written)))
        assert Decimal(written) * ONE == rounded_down(written)


@pytest.mark.parametrize("number", [None, math.nan, math.inf, "", "1,5", "abc"])
def test_what_is_no_number_is_said(number: object) -> None:
    with pytest.raises(FeedFailed) as failed:
        rounded_down(number)
    assert f"the exchange sent {number!r}, which is no number" == str(failed.value)


def test_levels_that_meet_on_one_price_are_added_and_lie_away_from_the_market() -> None:
    book = {
        "bids": [[0.1000000099, 1.0, 1700000000], [0.1000000011, 2.0], [0.09, 0.0], [0.08, 3.000000009]],
        "asks": [[0.1000000101, 4.0], [0.1000000111, 0.5], [0.2, 1e-9]],
        "timestamp": 1_700_000_000_123,
    }
    expected = Book(
        bids=((10_000_000, 3 * ONE), (8_000_000, 3 * ONE)),
        asks=((10_000_002, 450_000_000),),
        time_us=1_700_000_000_123_000,
    )
    assert expected == book_of(book)


def test_a_price_below_the_smallest_is_no_level() -> None:
    book = {"bids": [[4e-9, 1.0]], "asks": [[4e-9, 1.0]], "timestamp": None}
    assert Book(bids=(), asks=((1, ONE),)) == book_of(book)


@pytest.mark.parametrize(
    ("ticker", "expected"),
    [
        (
            {
                "bid": 1.5,
                "bidVolume": 2.0,
                "ask": 1.6,
                "askVolume": 3.0,
                "last": 1.55,
                "baseVolume": 9.0,
                "timestamp": 5,
            },
            Ticker(Quote(parse("1.5"), parse("2"), parse("1.6"), parse("3")), parse("1.55"), parse("9"), 5000),
        ),
        (
            {"bid": 1.5, "bidVolume": None, "ask": None, "last": None, "timestamp": None},
            Ticker(Quote(parse("1.5"), 0, 0, 0), 0, 0, 0),
        ),
    ],
)
def test_what_a_ticker_does_not_say_is_zero(ticker: dict[str, float | None], expected: Ticker) -> None:
    assert {"BTC/USD": expected} == tickers_of({"BTC/USD": ticker})


def test_trades_are_read_in_the_order_in_which_they_happened() -> None:
    def trade(**fields: object) -> dict[str, object]:
        return {"id": "1", "timestamp": 7, "price": 2.0, "amount": 1.0, "side": "buy"} | fields

    read = trades_of(
        [
            trade(id="10"),
            trade(id="9", side="sell", price=0.1000000011),
            trade(id=None, timestamp=6, side=None),
            trade(timestamp=None),
            trade(amount=0.0),
            trade(id="8", timestamp=8, price=0.1000000011),
        ]
    )
    assert [
        Trade(None, 6000, 2 * ONE, ONE, None),
        Trade("9", 7000, 10_000_000, ONE, Side.SELL),
        Trade("10", 7000, 2 * ONE, ONE, Side.BUY),
        Trade("8", 8000, 10_000_001, ONE, Side.BUY),
    ] == read
