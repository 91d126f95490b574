"""Depth and trades that are asked for one after the other."""

import pytest

from hypersim.engine.commands import OutsideUpdate, Print
from hypersim.engine.orders import Side
from hypersim.feeds.base import FeedFailed
from hypersim.feeds.binance.answers import AggregateTrade
from hypersim.feeds.binance.looks import Looks
from hypersim.feeds.binance.messages import DepthSnapshot
from hypersim.feeds.quotes import UNBOUNDED
from hypersim.units import parse

MOMENT_US = 10_000_000


def depth(update_id: int = 1) -> DepthSnapshot:
    return DepthSnapshot(update_id, [("99", "1"), ("98", "2")], [("101", "3")])


def trade(number: int, time_ms: int, *, price: str = "100", maker: bool = False) -> AggregateTrade:
    return AggregateTrade(number, price, "1", number * 10, number * 10 + 1, time_ms, maker)


def said(update: OutsideUpdate) -> list[str]:
    return [f"{trade.aggressor} {trade.price // 10**8}" for trade in update.prints]


class Looking:
    """Looks one second apart."""

    def __init__(self) -> None:
        self.looks = Looks("OURS")
        self.moment_us = MOMENT_US

    def look(self, *trades: AggregateTrade, update_id: int = 1, whole: bool = True) -> OutsideUpdate:
        update = self.looks.take(depth(update_id), 2, self.moment_us, trades, whole=whole).update
        self.moment_us += 1_000_000
        return update


def test_a_side_that_was_cut_off_is_known_to_its_last_level() -> None:
    ladder = Looking().look().ladder

    assert ladder is not None
    assert (parse("98"), UNBOUNDED, True) == (ladder.bid_floor, ladder.ask_ceiling, ladder.full)
    assert ((parse("99"), parse("1")), (parse("98"), parse("2"))) == ladder.bids


def test_trades_go_with_the_ladder_they_led_to() -> None:
    looking = Looking()
    first = looking.look(trade(1, 9_999), trade(2, 10_001))
    second = looking.look(trade(3, 10_900, price="101"), trade(4, 11_001, price="102"), trade(5, 11_002, maker=True))
    third = looking.look()

    # nothing from before the first look; what came after its depth goes with the second one
    assert ([], ["BUY 100", "BUY 101"], ["BUY 102", "SELL 100"]) == (said(first), said(second), said(third))
    assert (6, MOMENT_US + 2_000_000) == (looking.looks.next_id, third.source_time_us)


def test_a_look_tells_the_trade_ids_it_said() -> None:
    looks = Looks("OURS")
    looks.take(depth(), 2, MOMENT_US, [], whole=True)
    look = looks.take(depth(), 2, MOMENT_US, [trade(1, 9_000), trade(2, 20_000)], whole=True)

    assert ((11, parse("1")),) == look.said
    assert (Print(parse("100"), parse("1"), Side.BUY),) == look.update.prints


@pytest.mark.parametrize("whole", [True, False])
def test_trades_of_a_gap_are_not_said(whole: bool) -> None:
    looking = Looking()
    looking.look(trade(1, 9_000))
    gap = (trade(3, 10_500), trade(4, 10_600)) if whole else (trade(2, 10_500),)
    during = looking.look(*gap, whole=whole)
    after = looking.look(trade(5, 11_500)) if whole else looking.look(trade(5, 11_500), trade(6, 12_500))
    last = looking.look()

    assert [] == said(during)
    assert (["BUY 100"], []) if whole else ([], ["BUY 100"]) == (said(after), said(last))


def test_a_depth_that_is_older_is_passed_over_once() -> None:
    looking = Looking()
    looking.look(trade(1, 9_000), update_id=50)
    older = looking.look(trade(2, 10_500), update_id=49)
    again = looking.look(trade(2, 10_500), trade(3, 11_500), update_id=51)
    restarted = [looking.look(trade(4, 12_500), update_id=update_id) for update_id in (7, 8)]

    assert (OutsideUpdate(symbol="OURS"), ["BUY 100", "BUY 100"]) == (older, said(again))
    assert ([False, True], [[], []]) == (
        [update.ladder is not None for update in restarted],
        [said(update) for update in restarted],
    )


def test_trades_out_of_order_are_nonsense() -> None:
    with pytest.raises(FeedFailed, match="the upstream sent trades of OURS out of order"):
        Looking().look(trade(2, 1), trade(1, 2))
