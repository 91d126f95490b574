"""Binance's streams: each trade is said once, with the book that it led to, and the book is the upstream's."""

import random

import pytest

from hypersim.engine.commands import Ladder, OutsideUpdate, Print
from hypersim.engine.orders import Side
from hypersim.feeds.base import FeedFailed
from hypersim.feeds.binance.book import LONGEST_HOLD_US, PATIENCE_US, BinanceBook, Observed
from hypersim.feeds.binance.messages import DepthDiff, DepthSnapshot, Message, TickerMessage, TradeMessage, decode
from hypersim.units import ONE
from tests.feeds.upstream_market import START_MS, UpstreamMarket, text

START_US = START_MS * 1000
LATER_US = START_US + PATIENCE_US
FOREVER = 2**63 - 1


def levels(listed: dict[int, int]) -> list[tuple[str, str]]:
    return [(text(price), text(size)) for price, size in listed.items()]


def snapshot(
    last_id: int = 10, bids: dict[int, int] | None = None, asks: dict[int, int] | None = None
) -> DepthSnapshot:
    """5 @99 and 7 @98 to 4 @101 and 6 @102, unless told otherwise."""
    return DepthSnapshot(last_id, levels(bids or {99: 5, 98: 7}), levels(asks or {101: 4, 102: 6}))


def diff(
    first_id: int, last_id: int, bids: dict[int, int] | None = None, asks: dict[int, int] | None = None
) -> DepthDiff:
    return DepthDiff("X", START_MS, first_id, last_id, levels(bids or {}), levels(asks or {}))


def ticker(update_id: int, bid: int, bid_size: int, ask: int, ask_size: int) -> TickerMessage:
    return TickerMessage("X", update_id, text(bid), text(bid_size), text(ask), text(ask_size))


def trade(trade_id: int, side: Side, price: int, quantity: int) -> TradeMessage:
    return TradeMessage("X", trade_id, text(price), text(quantity), START_MS, START_MS, side is Side.SELL)


def bought(trade_id: int, price: int, quantity: int) -> TradeMessage:
    return trade(trade_id, Side.BUY, price, quantity)


def sold(trade_id: int, price: int, quantity: int) -> TradeMessage:
    return trade(trade_id, Side.SELL, price, quantity)


def shown(observed: Observed) -> str:
    """'buy 4 @101 | 5 @99 / 0 @101': trades, then bids / asks that changed."""
    ladder = observed.update.ladder
    assert ladder is not None
    prints = ", ".join(
        f"{each.aggressor.lower()} {each.quantity // ONE} @{each.price // ONE}" for each in observed.update.prints
    )
    bids, asks = (
        ", ".join(f"{size // ONE} @{price // ONE}" for price, size in side) for side in (ladder.bids, ladder.asks)
    )
    return f"{prints} | {bids} / {asks}".strip()


def known() -> BinanceBook:
    """A book that was told of everything up to update 10."""
    book = BinanceBook("BTCUSDT")
    assert len(book.take_snapshot(snapshot(), 1000, START_US)) == 1
    return book


# what is said: messages, then what is said at once, then what is said when patience ends
SAID: dict[str, tuple[list[Message], list[str], list[str]]] = {
    "a new level passes at once": ([diff(11, 12, {97: 3})], ["| 3 @97 /"], []),
    "an increase at the touch passes at once": ([ticker(11, 99, 9, 101, 4)], ["| 9 @99 /"], []),
    "a better quote passes at once": ([ticker(11, 100, 1, 101, 4)], ["| 1 @100 /"], []),
    "a decrease behind the touch passes at once": ([diff(11, 11, {98: 1})], ["| 1 @98 /"], []),
    "a decrease at the touch waits for a trade": ([ticker(11, 99, 2, 101, 4)], [], ["| 2 @99 /"]),
    "a trade waits for the book": ([sold(1, 99, 3)], [], ["sell 3 @99 |  /"]),
    "book, then trade": ([ticker(11, 99, 2, 101, 4), sold(1, 99, 3)], ["sell 3 @99 | 2 @99 /"], []),
    "trade, then book": ([sold(1, 99, 3), ticker(11, 99, 2, 101, 4)], ["sell 3 @99 | 2 @99 /"], []),
    "a diff shows it too": ([sold(1, 99, 3), diff(11, 11, {99: 2})], ["sell 3 @99 | 2 @99 /"], []),
    "part traded, part cancelled": ([ticker(11, 99, 1, 101, 4), sold(1, 99, 3)], [], ["sell 3 @99 | 1 @99 /"]),
    "several fills of one taker": (
        [ticker(11, 99, 1, 101, 4), sold(1, 99, 1), sold(2, 99, 3)],
        ["sell 1 @99, sell 3 @99 | 1 @99 /"],
        [],
    ),
    "several fills before their book": (
        [sold(1, 99, 1), sold(2, 99, 3), ticker(11, 99, 1, 101, 4)],
        ["sell 1 @99, sell 3 @99 | 1 @99 /"],
        [],
    ),
    "a sweep through two levels": (
        [ticker(11, 99, 5, 102, 5), bought(1, 101, 4), bought(2, 102, 1)],
        ["buy 4 @101, buy 1 @102 |  / 0 @101, 5 @102"],
        [],
    ),
    "a deeper trade leaves what is better to cancels": (
        [ticker(11, 99, 5, 102, 5), bought(1, 101, 3), bought(2, 102, 1)],
        ["buy 3 @101, buy 1 @102 |  / 0 @101, 5 @102"],
        [],
    ),
    "takers of both sides": (
        [ticker(11, 99, 4, 101, 4), ticker(12, 99, 4, 101, 2), sold(1, 99, 1), bought(2, 101, 2)],
        ["sell 1 @99 | 4 @99 /", "buy 2 @101 |  / 2 @101"],
        [],
    ),
    "a trade of a later update says that what came before was cancelled": (
        [ticker(11, 99, 2, 101, 4), ticker(12, 99, 2, 101, 1), bought(1, 101, 3)],
        ["| 2 @99 /", "buy 3 @101 |  / 1 @101"],
        [],
    ),
    "what follows a held update waits with it": (
        [ticker(11, 99, 2, 101, 4), diff(11, 12, {99: 2, 97: 1})],
        [],
        ["| 2 @99 /", "| 1 @97 /"],
    ),
    "hidden size: more was traded than was shown, and the level is gone": (
        [ticker(11, 98, 7, 101, 4), sold(1, 99, 8)],
        ["sell 8 @99 | 0 @99 /"],
        [],
    ),
    "hidden size: more was traded than the level shrank by": (
        [ticker(11, 99, 4, 101, 4), sold(1, 99, 8)],
        [],
        ["sell 8 @99 | 4 @99 /"],
    ),
    "a best quote that a diff has covered says nothing": (
        [diff(11, 20, {97: 3}), ticker(15, 99, 1, 101, 4)],
        ["| 3 @97 /"],
        [],
    ),
    "a best quote is the truth until a diff covers it": (
        [ticker(15, 99, 5, 103, 2), diff(11, 12, {}, {101: 3, 104: 1}), diff(13, 15, {}, {101: 0, 102: 0, 103: 2})],
        [],
        ["|  / 0 @101, 0 @102, 2 @103", "|  / 1 @104", "|  /"],
    ),
    "a diff that was known already": ([diff(3, 10, {99: 1})], [], []),
    "a trade that was told already": ([sold(1, 99, 5), sold(1, 99, 5)], [], ["sell 5 @99 |  /"]),
}


@pytest.mark.parametrize(("messages", "at_once", "later"), SAID.values(), ids=SAID.keys())
def test_trades_and_the_book_that_they_led_to_are_said_together(
    messages: list[Message], at_once: list[str], later: list[str]
) -> None:
    book = known()
    said = [shown(observed) for message in messages for observed in book.take(message, START_US)]

    assert (at_once, later) == (said, [shown(observed) for observed in book.settle(LATER_US)])
    assert book.due_us is None


def test_the_first_ladder_is_full_within_what_the_snapshot_covered() -> None:
    limited, unlimited = BinanceBook("BTCUSDT"), BinanceBook("BTCUSDT")
    (cut,), (whole,) = limited.take_snapshot(snapshot(), 2, START_US), unlimited.take_snapshot(snapshot(), 3, START_US)

    bids, asks = ((99 * ONE, 5 * ONE), (98 * ONE, 7 * ONE)), ((101 * ONE, 4 * ONE), (102 * ONE, 6 * ONE))
    ladder = Ladder(bids=bids, asks=asks, bid_floor=98 * ONE, ask_ceiling=102 * ONE, full=True)
    assert Observed(OutsideUpdate(symbol="BTCUSDT", ladder=ladder, resumes_us=START_US), 10, START_US) == cut
    ladder = Ladder(bids=bids, asks=asks, bid_floor=0, ask_ceiling=FOREVER, full=True)
    assert Observed(OutsideUpdate(symbol="BTCUSDT", ladder=ladder, resumes_us=START_US), 10, START_US) == whole


def test_a_best_quote_outside_what_is_known_makes_all_that_is_better_known() -> None:
    book = BinanceBook("BTCUSDT")
    book.take_snapshot(snapshot(), 2, START_US)
    book.take(diff(11, 11, {97: 1, 95: 2}), START_US)
    book.take(ticker(12, 96, 3, 101, 4), START_US)
    *_, observed = book.settle(LATER_US)

    ladder = observed.update.ladder
    assert ladder is not None
    assert (96 * ONE, ((99 * ONE, 0), (98 * ONE, 0), (96 * ONE, 3 * ONE))) == (ladder.bid_floor, ladder.bids)
    assert book.wants_snapshot
    assert book.synchronised


@pytest.mark.parametrize(
    ("diffs", "last_id", "expected"),
    [
        ("buffered ones continue the snapshot", 12, ["| 2 @99, 7 @98, 1 @97 / 4 @101, 6 @102"]),
        ("one straddles it", 13, ["| 2 @99, 7 @98, 1 @97 / 4 @101, 6 @102"]),
        ("it is newer than all of them", 20, ["| 5 @99, 7 @98 / 4 @101, 6 @102"]),
        ("it ends right before the first", 9, ["| 2 @99, 7 @98, 1 @97 / 4 @101, 6 @102"]),
        ("it is older than the first", 8, []),
    ],
)
def test_diffs_that_came_before_the_snapshot_are_applied_where_they_continue_it(
    diffs: str, last_id: int, expected: list[str]
) -> None:
    book = BinanceBook("BTCUSDT")
    for message in (diff(10, 12, {99: 1}), diff(13, 14, {99: 2}), diff(15, 16, {97: 1})):
        assert book.take(message, START_US) == []

    assert expected == [shown(observed) for observed in book.take_snapshot(snapshot(last_id), 1000, START_US)], diffs
    assert book.wants_snapshot == (not expected)


def test_after_a_gap_the_next_ladder_is_full_and_the_trades_of_the_gap_are_not_said() -> None:
    book = known()
    book.take(bought(1, 101, 1), START_US)
    assert ([], False, True, 1) == (
        book.take(diff(12, 13, {97: 1}), START_US),
        book.synchronised,
        book.wants_snapshot,
        book.gaps,
    )
    assert book.take(bought(2, 101, 1), START_US) == []
    assert book.take(ticker(14, 99, 5, 101, 2), START_US) == []
    (resumed,) = book.take_snapshot(snapshot(13), 1000, START_US)

    assert resumed.update.ladder is not None
    assert resumed.update.ladder.full
    assert "| 5 @99, 7 @98 / 2 @101, 6 @102" == shown(resumed)
    assert [] == book.settle(LATER_US)
    assert ["buy 2 @101 |  / 0 @101"] == [
        shown(observed)
        for message in (bought(4, 101, 2), ticker(15, 99, 5, 102, 6))
        for observed in book.take(message, LATER_US)
    ]
    assert 1 == book.missed_trades


def test_what_was_held_before_a_gap_is_said_before_it() -> None:
    book = known()
    assert book.take(ticker(11, 99, 2, 101, 4), START_US) == []

    assert ["| 2 @99 /"] == [shown(observed) for observed in book.take(diff(15, 16), START_US)]


def test_a_lost_connection_begins_anew() -> None:
    book = known()
    book.take(ticker(11, 99, 2, 101, 4), START_US)
    book.interrupted()

    assert (None, False, True) == (book.due_us, book.synchronised, book.wants_snapshot)
    # ids may start again: the upstream may be another one
    assert ["| 5 @99, 7 @98 / 4 @101, 6 @102"] == [
        shown(each) for each in book.take_snapshot(snapshot(3), 1000, START_US)
    ]
    assert ["| 3 @97 /"] == [shown(each) for each in book.take(diff(4, 4, {97: 3}), START_US)]


def test_a_diff_that_contradicts_the_best_quote_of_its_update_is_a_gap() -> None:
    book = known()
    book.take(ticker(12, 99, 9, 101, 4), START_US)

    assert [] == book.take(diff(11, 12, {99: 8}), START_US)
    assert (1, True) == (book.gaps, book.wants_snapshot)


def test_the_first_ladder_after_a_gap_says_from_when_on_nothing_is_missing() -> None:
    book = known()
    first_hole = book.take(diff(20, 20, {99: 8}), START_US)
    [again] = book.take_snapshot(snapshot(20), 1000, LATER_US)
    [after] = book.take(diff(21, 21, {97: 3}), LATER_US)

    assert ([], True) == (first_hole, again.update.ladder is not None and again.update.ladder.full)
    assert (True, 0) == (again.update.resumes_us > 0, after.update.resumes_us)


def test_a_snapshot_of_a_book_that_goes_on_widens_what_is_known() -> None:
    book = BinanceBook("BTCUSDT")
    book.take_snapshot(snapshot(), 2, START_US)
    book.take(diff(11, 12, {99: 0}), START_US)
    book.settle(LATER_US)
    assert (True, True) == (book.wants_snapshot, book.synchronised)
    book.take(diff(13, 14, {96: 2}), LATER_US)
    deep = snapshot(15, {98: 7, 97: 1, 96: 2, 95: 9}, {101: 4, 102: 6, 103: 1, 104: 1})
    assert book.take_snapshot(deep, 4, LATER_US) == []  # newer than the stream: it waits for its diff

    widened = book.take(diff(15, 16, {96: 3}), LATER_US)
    assert ["| 7 @98, 1 @97, 3 @96, 9 @95 / 4 @101, 6 @102, 1 @103, 1 @104"] == [shown(each) for each in widened]
    assert not book.wants_snapshot


@pytest.mark.parametrize(
    ("message", "why"),
    [
        (ticker(11, 101, 1, 101, 1), "the upstream quotes 101.00000000 to 101.00000000"),
        (diff(11, 11, {102: 1}), "the upstream sent a crossed book: 102.00000000 to 101.00000000"),
        (diff(12, 11), "the upstream sent updates that run backwards: 12 to 11"),
        (DepthDiff("X", 0, 11, 11, [("-1", "1")], []), "the upstream sent a number that is not a decimal: '-1'"),
        (DepthDiff("X", 0, 11, 11, [("0.0", "1")], []), "the upstream sent a price or a trade of zero"),
        (sold(1, 99, 0), "the upstream sent a price or a trade of zero"),
    ],
)
def test_nonsense_fails_in_one_line(message: Message, why: str) -> None:
    with pytest.raises(FeedFailed) as failed:
        known().take(message, START_US)

    assert why == str(failed.value)


TICKER = '{"u":11,"s":"X","b":"99.00000000","B":"5.00000000","a":"101.00000000","A":"4.00000000"}'
TRADE = f'{{"e":"trade","E":{START_MS},"s":"X","t":1,"p":"99.0","q":"3.0","T":{START_MS},"m":true,"M":true}}'
DIFF = f'{{"e":"depthUpdate","E":{START_MS},"s":"X","U":11,"u":12,"b":[["97.00000000","3.00000000"]],"a":[]}}'


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        ('{"result":null,"id":1}', None),
        (f'{{"stream":"x@bookTicker","data":{TICKER}}}', ticker(11, 99, 5, 101, 4)),
        (f'{{"stream":"x@trade","data":{TRADE}}}', TradeMessage("X", 1, "99.0", "3.0", START_MS, START_MS, True)),
        (f'{{"stream":"x@depth@100ms","data":{DIFF}}}', diff(11, 12, {97: 3})),
    ],
)
def test_frames_are_decoded(frame: str, expected: Message | None) -> None:
    assert expected == decode(frame)


@pytest.mark.parametrize(
    "frame",
    [
        "",
        "x",
        "[]",
        '{"stream":"x@trade"}',
        '{"stream":"x@kline_1m","data":{}}',
        '{"error":{"code":2,\n"msg":"Invalid"}}',
        '{"stream":"x@trade","data":{"e":"trade","E":1,"s":"X","t":-1,"p":"1","q":"1","T":1,"m":true}}',
        b"\xff",
    ],
)
def test_frames_of_nonsense_fail_in_one_line(frame: str | bytes) -> None:
    with pytest.raises(FeedFailed, match=r"^the upstream [^\n]*$"):
        decode(frame)


@pytest.mark.parametrize("seed", range(40))
def test_the_book_is_the_upstreams_at_each_update_and_every_trade_is_said_once(seed: int) -> None:
    """Messages of three streams arrive in any order that each of them keeps."""
    chance = random.Random(seed)
    most_delay_us, diff_every = chance.choice((0, 2000, 8000)), chance.choice((1, 7))
    upstream = UpstreamMarket(chance, most_delay_us)
    upstream.books[upstream.update_id] = dict(upstream.bids), dict(upstream.asks)
    begin = upstream.snapshot()
    upstream.run(400, diff_every=diff_every)
    book = BinanceBook("BTCUSDT")
    said = book.take_snapshot(begin, 1000, upstream.streams["depth"][0][0] - 10**6)
    for received_us, message in upstream.received():
        while book.due_us is not None and book.due_us <= received_us:
            said += book.settle(book.due_us)
        said += book.take(message, received_us)
        assert book.due_us is None or book.due_us <= received_us + LONGEST_HOLD_US
    said += book.settle(received_us + LONGEST_HOLD_US)

    bids: dict[int, int] = {}
    asks: dict[int, int] = {}
    prints: list[Print] = []
    for observed in said:
        ladder = observed.update.ladder
        assert ladder is not None
        prints += observed.update.prints
        for side, listed in ((bids, ladder.bids), (asks, ladder.asks)):
            side.update((price // ONE, size // ONE) for price, size in listed)
            for price in [price for price, size in side.items() if not size]:
                del side[price]
        their_bids, their_asks = upstream.books[observed.update_id]
        assert (max(their_bids), their_bids[max(their_bids)]) == (max(bids), bids[max(bids)]), observed.update_id
        assert (min(their_asks), their_asks[min(their_asks)]) == (min(asks), asks[min(asks)]), observed.update_id
    assert (upstream.bids, upstream.asks) == (bids, asks)
    assert upstream.trades == prints
    assert (0, 0) == (book.gaps, book.missed_trades)
    assert sum(each.quantity for each in upstream.trades) == book.explained + book.unexplained
    if most_delay_us <= 2000 and diff_every == 1:  # then every size is known before it is traded
        assert book.explained >= 0.99 * (book.explained + book.unexplained)
