"""Request weight, bans and unfilled order counts, on a clock of the test's own."""

import pytest

from hypersim import limits
from hypersim.engine.commands import Advance
from hypersim.engine.events import Change, Committed, Fill, OrderChanged
from hypersim.engine.orders import Order, OrderType, Side, TimeInForce
from hypersim.errors import Reason
from hypersim.limits import MINUTE_US, PATIENCE, SECOND_US, Limited, Limits, OrderCounts

NOON_US = 1_700_000_000 * SECOND_US // (10 * MINUTE_US) * (10 * MINUTE_US)
"""The start of a minute, of ten seconds and of no day."""


def spend(book: Limits, weight: int, now_us: int, address: str = "10.0.0.1") -> int:
    """One request of that weight; what the address has used of its minute after it."""
    visitor = book.visitor(address, now_us)
    book.admit(visitor, now_us)
    book.charge(visitor, weight, now_us)
    return visitor.used


def refused(book: Limits, weight: int, now_us: int, address: str = "10.0.0.1") -> tuple[Reason, int]:
    """How one request is refused, and after how many seconds to come back."""
    with pytest.raises(Limited) as caught:
        spend(book, weight, now_us, address)
    return caught.value.reason, caught.value.retry_after_s


def test_weight_adds_up_and_starts_anew_at_the_full_minute() -> None:
    book = Limits(enforced=True)
    used = [spend(book, weight, NOON_US + at_us) for weight, at_us in ((20, 0), (5, 59 * SECOND_US))]
    assert [20, 25] == used
    assert 1 == spend(book, 1, NOON_US + MINUTE_US)


def test_the_limit_itself_may_be_used_and_not_more() -> None:
    book = Limits(enforced=True)
    assert 6000 == spend(book, 6000, NOON_US)
    assert (Reason.TOO_MUCH_WEIGHT, 30) == refused(book, 1, NOON_US + 30 * SECOND_US)
    assert 1 == spend(book, 1, NOON_US + MINUTE_US)


def test_addresses_are_counted_apart() -> None:
    book = Limits(enforced=True)
    spend(book, 6000, NOON_US)
    assert 7 == spend(book, 7, NOON_US, "10.0.0.2")


def test_who_goes_on_after_being_told_to_wait_is_banned_longer_every_time() -> None:
    book = Limits(enforced=True)
    now_us = NOON_US
    seconds = []
    for _ in range(3):
        spend(book, 6000, now_us)
        for _ in range(PATIENCE):
            assert Reason.TOO_MUCH_WEIGHT is refused(book, 1, now_us)[0]
        reason, retry_after_s = refused(book, 1, now_us)
        assert Reason.BANNED is reason
        assert (Reason.BANNED, retry_after_s - 1) == refused(book, 1, now_us + SECOND_US)
        seconds.append(retry_after_s)
        now_us += retry_after_s * SECOND_US
        assert 1 == spend(book, 1, now_us)
        now_us += MINUTE_US
    assert [120, 240, 480] == seconds


def test_a_ban_lasts_three_days_at_most_and_is_forgotten_after_three_good_ones() -> None:
    book = Limits(enforced=True)
    visitor = book.visitor("10.0.0.1", NOON_US)
    visitor.bans, visitor.banned_until_us = 60, NOON_US
    spend(book, 6000, NOON_US)
    for _ in range(PATIENCE):
        refused(book, 1, NOON_US)
    assert (Reason.BANNED, 3 * 86_400) == refused(book, 1, NOON_US)
    later_us = NOON_US + 7 * limits.DAY_US
    spend(book, 6000, later_us)
    for _ in range(PATIENCE):
        refused(book, 1, later_us)
    assert (Reason.BANNED, 120) == refused(book, 1, later_us)


def test_raw_requests_are_limited_whatever_they_weigh() -> None:
    book = Limits(enforced=True)
    book.visitor("10.0.0.1", NOON_US).raw = limits.RAW.limit - 1
    assert 0 == spend(book, 0, NOON_US)
    assert (Reason.TOO_MUCH_WEIGHT, 300) == refused(book, 0, NOON_US)


def test_nothing_is_refused_when_limits_are_off_and_everything_is_counted() -> None:
    book = Limits(enforced=False)
    assert [6000, 12_000] == [spend(book, 6000, NOON_US) for _ in range(2)]
    for _ in range(300):
        book.orders.take(1, 1, NOON_US)
    assert (300, 300) == book.orders.counts(1, NOON_US)


def test_memory_is_bounded_and_bans_are_kept() -> None:
    book = Limits(enforced=True, most_addresses=100)
    spend(book, 6000, NOON_US, "bad")
    for _ in range(PATIENCE + 1):
        refused(book, 1, NOON_US, "bad")
    later_us = NOON_US + MINUTE_US
    for number in range(150):
        spend(book, 1, later_us if number > 60 else NOON_US, f"10.1.0.{number}")
    assert len(book._visitors) <= 100
    assert Reason.BANNED is refused(book, 1, later_us, "bad")[0]


def order_changed(account_id: int, *, executed: int, fill: int, is_maker: bool) -> Committed:
    order = Order(
        symbol="BTCUSDT",
        order_id=1,
        account_id=account_id,
        client_order_id="a",
        side=Side.BUY,
        type=OrderType.LIMIT,
        time_in_force=TimeInForce.GTC,
        price=1,
        quantity=10,
        executed=executed,
        created_us=0,
        updated_us=0,
        working_us=0,
    )
    part = Fill(trade_id=1, price=1, quantity=fill, quote=1, fee=0, fee_asset="BTC", is_maker=is_maker)
    event = OrderChanged(change=Change.TRADE, order=order, fill=part)
    return Committed(sequence=1, time_us=NOON_US, command=Advance(), events=(event,))


def test_unfilled_orders_are_counted_as_in_binances_examples() -> None:
    """faqs/order_count_decrement.md, examples 1 and 2."""
    counts = Limits(enforced=True).orders
    seen = []

    def note() -> None:
        seen.append(counts.counts(7, NOON_US)[0])

    for _ in range(2):
        counts.take(7, 1, NOON_US)
    note()
    counts.fold(order_changed(7, executed=3, fill=3, is_maker=False))
    note()
    counts.fold(order_changed(7, executed=5, fill=2, is_maker=False))
    note()
    for _ in range(4):
        counts.take(7, 1, NOON_US)
    note()
    counts.fold(order_changed(7, executed=3, fill=3, is_maker=True))
    note()
    counts.fold(order_changed(7, executed=3, fill=3, is_maker=True))
    note()
    assert [2, 1, 1, 5, 0, 0] == seen


def test_weight_is_given_back_within_the_minute_in_which_it_was_charged() -> None:
    book = Limits(enforced=True)
    spend(book, 10, NOON_US)
    visitor = book.visitor("10.0.0.1", NOON_US + SECOND_US)
    book.give_back(visitor, 4, NOON_US)
    assert 6 == visitor.used
    visitor = book.visitor("10.0.0.1", NOON_US + 60 * SECOND_US)
    book.give_back(visitor, 4, NOON_US)
    assert 0 == visitor.used


def test_too_many_unfilled_orders_are_refused_until_the_ten_seconds_are_over() -> None:
    counts = Limits(enforced=True).orders
    for _ in range(limits.ORDERS_10S.limit):
        counts.take(7, 1, NOON_US)
    with pytest.raises(Limited) as caught:
        counts.take(7, 1, NOON_US + 4 * SECOND_US)
    assert (Reason.TOO_MANY_ORDERS, (100, "10 SECOND"), 6) == (
        caught.value.reason,
        caught.value.details,
        caught.value.retry_after_s,
    )
    assert (100, 100) == counts.counts(7, NOON_US + 4 * SECOND_US)
    counts.take(8, 1, NOON_US + 4 * SECOND_US)
    counts.take(7, 1, NOON_US + 10 * SECOND_US)
    assert (1, 101) == counts.counts(7, NOON_US + 10 * SECOND_US)


@pytest.mark.parametrize(
    ("method", "later_us", "expected"),
    [("take", 0, (5, 5)), ("take", -1, (5, 5)), ("give_back", 0, (1, 1)), ("give_back", -1, (3, 1))],
)
def test_what_happened_before_the_window_leaves_the_newer_count(
    method: str, later_us: int, expected: tuple[int, int]
) -> None:
    counts = OrderCounts(enforced=True)
    counts.take(7, 3, NOON_US)
    getattr(counts, method)(7, 2, NOON_US + later_us)

    assert expected == counts.counts(7, NOON_US)


def test_the_day_starts_anew_at_midnight_utc() -> None:
    counts = Limits(enforced=True).orders
    midnight_us = (NOON_US // limits.DAY_US + 1) * limits.DAY_US
    counts.take(7, 3, midnight_us - 1)
    assert (3, 3) == counts.counts(7, midnight_us - 1)
    assert (0, 0) == counts.counts(7, midnight_us)
