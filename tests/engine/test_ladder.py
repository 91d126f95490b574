"""Outside sizes on our book: section 5, ladder. Claims about asks hold mirrored for bids."""

import random

import pytest
from msgspec.structs import replace

from hypersim.engine.commands import CancelOrder, Ladder, OutsideUpdate
from hypersim.engine.events import DepthChanged, OutsideChanged, Traded
from hypersim.engine.market import MarketStatus
from hypersim.errors import Reason
from hypersim.units import ONE
from tests.engine.world import SYMBOL, World, number


@pytest.fixture(params=[False, True], ids=["asks", "bids"])
def world(request: pytest.FixtureRequest) -> World:
    return World(mirrored=request.param)


# asks before, oldest first; outside sizes; asks after
SIZES: tuple[tuple[str, str, str], ...] = (
    # more: the difference joins the back
    ("", "5 @100", "house 5 @100"),
    ("user 2 @100", "5 @100", "user 2 @100, house 5 @100"),
    ("house 5 @100, user 2 @100", "8 @100", "house 5 @100, user 2 @100, house 3 @100"),
    (
        "house 5 @100, user 2 @100, house 1 @100",
        "8 @100",
        "house 5 @100, user 2 @100, house 3 @100",
    ),
    # equal: places are kept
    (
        "house 5 @100, user 2 @100, house 3 @100",
        "8 @100",
        "house 5 @100, user 2 @100, house 3 @100",
    ),
    # less: the house ahead of each user becomes ceil(ahead x T / H)
    ("house 9 @100", "4 @100", "house 4 @100"),
    ("house 3 @100, user 1 @100, house 3 @100", "3 @100", "house 2 @100, user 1 @100, house 1 @100"),
    ("house 3 @100, user 1 @100, house 3 @100", "1 @100", "house 1 @100, user 1 @100"),
    ("house 1 @100, user 1 @100, house 9 @100", "9 @100", "house 1 @100, user 1 @100, house 8 @100"),
    ("user 1 @100, house 9 @100", "4 @100", "user 1 @100, house 4 @100"),
    ("house 9 @100, user 1 @100", "4 @100", "house 4 @100, user 1 @100"),
    (
        "house 10 @100, user 1 @100, house 10 @100, other 1 @100, house 10 @100",
        "15 @100",
        "house 5 @100, user 1 @100, house 5 @100, other 1 @100, house 5 @100",
    ),
    (
        "house 1 @100, user 1 @100, house 1 @100, other 1 @100, house 1 @100",
        "2 @100",
        "house 1 @100, user 1 @100, house 1 @100, other 1 @100",
    ),
    # nothing: users stay alone
    ("house 3 @100, user 1 @100, house 3 @100", "0 @100", "user 1 @100"),
    ("house 3 @100", "0 @100", ""),
    # what is not listed stays
    ("house 3 @100, house 4 @101", "5 @100", "house 5 @100, house 4 @101"),
)


@pytest.mark.parametrize(("before", "asks", "after"), SIZES)
def test_a_ladder_changes_sizes_and_keeps_fair_places(world: World, before: str, asks: str, after: str) -> None:
    world.stands(before)
    world.outside(asks=asks)
    assert (after, "") == (world.asks(), world.fills())


def test_a_full_ladder_takes_away_what_it_does_not_list(world: World) -> None:
    world.stands("house 3 @100, house 4 @101, user 1 @101, house 5 @102")
    world.outside(asks="2 @100", full=True)
    assert "house 2 @100, user 1 @101" == world.asks()


def test_a_size_first_seen_joins_ahead_of_users(world: World) -> None:
    world.place("user", "sell", 2, 100)
    world.outside(asks="5 @100")
    assert "house 5 @100, user 2 @100" == world.asks()


def test_a_size_that_comes_into_the_window_joins_ahead_and_later_ones_behind(world: World) -> None:
    world.outside(asks="5 @100", asks_to=101)
    world.place("user", "sell", 2, 101)
    world.place("other", "sell", 2, 102)
    world.outside(asks="7 @102, 6 @101", asks_to=102)
    assert "house 5 @100, user 2 @101, house 6 @101, house 7 @102, other 2 @102" == world.asks()
    world.outside(asks="9 @102", asks_to=102)
    assert "house 5 @100, user 2 @101, house 6 @101, house 7 @102, other 2 @102, house 2 @102" == world.asks()


def test_a_size_that_leaves_the_window_is_unknown_and_comes_back_ahead(world: World) -> None:
    world.stands("user 2 @102, house 7 @102, house 4 @100")
    world.outside(asks="", asks_to=101)
    assert "house 4 @100, user 2 @102" == world.asks()
    world.outside(asks="7 @102", asks_to=102)
    assert "house 4 @100, house 7 @102, user 2 @102" == world.asks()


def test_a_listed_size_outside_the_window_is_unknown(world: World) -> None:
    world.outside(asks="4 @100, 7 @102", asks_to=101)
    assert "house 4 @100" == world.asks()


def test_a_stale_side_is_withdrawn_and_users_stay(world: World) -> None:
    world.stands("house 5 @100, user 2 @100, house 3 @101")
    world.outside(bids="4 @99")
    world.outside(asks="", asks_to=None)
    assert ("user 2 @100", "house 4 @99") == (world.asks(), world.bids())
    world.outside(prints="buy 1 @99", bids="", asks_to=None, bids_to=None)
    assert ("user 2 @100", "") == (world.asks(), world.bids())


def test_after_a_gap_the_house_joins_ahead(world: World) -> None:
    world.stands("user 2 @100, house 5 @100")
    world.outside(asks="", asks_to=None, bids_to=None)
    world.outside(asks="5 @100")
    assert "house 5 @100, user 2 @100" == world.asks()


def test_a_withdrawal_of_both_sides_says_that_the_outside_is_unknown() -> None:
    world = World()
    known = [
        [event.known for event in events if isinstance(event, OutsideChanged)]
        for events in (
            world.outside(asks="5 @100"),
            world.outside(asks="", asks_to=None),
            world.outside(asks="", asks_to=None, bids_to=None),
        )
    ]
    assert [[True], [True], [False]] == known


def test_a_ladder_that_moves_through_itself_trades_nothing(world: World) -> None:
    world.outside(asks="5 @101", bids="5 @99")
    world.outside(asks="0 @101, 5 @104", bids="5 @103")
    assert ("house 5 @104", "house 5 @103, house 5 @99", "") == (world.asks(), world.bids(), world.tape())


def test_the_newer_word_wins_over_an_older_quote_that_it_crosses(world: World) -> None:
    world.outside(asks="5 @105", bids="1 @98, 5 @99, 5 @100, 5 @101")
    world.outside(asks="2 @99")
    assert ("house 2 @99, house 5 @105", "house 1 @98", "") == (world.asks(), world.bids(), world.tape())


def test_levels_cross_users_best_level_first_and_users_by_price_and_time(world: World) -> None:
    world.place("third", "buy", 5, 100)
    world.place("other", "buy", 3, 101)
    world.place("user", "buy", 5, 102)
    world.place("third", "buy", 2, 101)
    world.outside(asks="8 @100, 4 @99")
    assert "user 4 @102, user 1 @102, other 3 @101, third 2 @101, third 2 @100" == world.fills()
    assert ("", "third 3 @100") == (world.asks(), world.bids())


def test_what_crossing_leaves_of_a_size_stands(world: World) -> None:
    world.place("user", "buy", 5, 102)
    world.outside(asks="4 @99, 20 @100, 7 @102, 7 @103", bids="3 @98")
    assert "house 19 @100, house 7 @102, house 7 @103" == world.asks()
    assert ("house 3 @98", "4 @102, 1 @102") == (world.bids(), world.tape())


def test_crossed_users_are_makers(world: World) -> None:
    world.place("user", "buy", 5, 100)
    world.outside(asks="5 @100")
    assert [True] == [change.fill.is_maker for change in world.changes() if change.fill]
    assert [not world.mirrored] == [trade.buyer_is_maker for trade in world.traded()]


def test_a_user_below_the_ladder_is_not_crossed(world: World) -> None:
    world.place("user", "buy", 5, 99)
    world.outside(asks="5 @100", bids="5 @99")
    assert ("house 5 @100", "house 5 @99, user 5 @99", "") == (world.asks(), world.bids(), world.fills())


# exponent; house ahead; house behind; target; house ahead after: ahead - floor(D x A^n / (A^n + B^n))
POWERS: tuple[tuple[int, int, int, int, int], ...] = (
    (1, 80, 20, 60, 48),
    (2, 80, 20, 60, 43),
    (3, 80, 20, 60, 41),
    (1, 20, 80, 60, 12),
    (2, 20, 80, 60, 18),
    (3, 20, 80, 60, 20),
    (2, 50, 50, 60, 30),
    (2, 80, 20, 0, 0),
    (3, 90, 10, 5, 0),
    (3, 10, 90, 5, 5),
)


@pytest.mark.parametrize(("exponent", "ahead", "behind", "target", "expected"), POWERS)
def test_the_exponent_says_where_in_the_queue_the_house_cancels(
    exponent: int, ahead: int, behind: int, target: int, expected: int
) -> None:
    world = World(queue_exponent=exponent)
    world.stands(f"house {ahead} @100, user 1 @100, house {behind} @100")
    world.outside(asks=f"{target} @100")
    parts = [f"house {expected} @100", "user 1 @100", f"house {target - expected} @100"]
    assert ", ".join(part for part in parts if not part.startswith("house 0")) == world.asks()


@pytest.mark.parametrize("exponent", [1, 2, 3])
@pytest.mark.parametrize("seed", range(10))
def test_no_user_ever_loses_a_place_to_the_house(seed: int, exponent: int) -> None:
    chance = random.Random(seed)
    world = World(queue_exponent=exponent)
    world.stands(", ".join(f"{who} {chance.randint(1, 9)} @100" for who in ["house", "user", "other"] * 4))
    while ahead := house_ahead(world):
        resting = ahead.pop()
        target = chance.randint(0, resting)
        world.outside(asks=f"{target} @100")
        after = house_ahead(world)
        assert target == after.pop()
        assert all(0 <= new <= old for old, new in zip(ahead, after, strict=True))
        if exponent == 1:
            assert [-(-old * target // resting) for old in ahead] == after
        if not target:
            break


def house_ahead(world: World) -> list[int]:
    """What the house has ahead of each user at the best ask, in steps, and in all."""
    (_, entries), *_ = world.exchange.snapshot().venues[0].asks
    ahead, found = 0, []
    for key, quantity in entries:
        if key < 0:
            ahead += quantity // ONE
        else:
            found.append(ahead)
    return [*found, ahead]


# bids; asks; why not
IMPOSSIBLE: tuple[tuple[tuple[tuple[int, int], ...], tuple[tuple[int, int], ...], Reason], ...] = (
    (((100 * ONE, ONE),), ((100 * ONE, ONE),), Reason.OUTSIDE_CROSSED),
    (((90 * ONE, ONE), (101 * ONE, ONE)), ((100 * ONE, ONE), (110 * ONE, ONE)), Reason.OUTSIDE_CROSSED),
    (((number("99.5"), ONE),), (), Reason.BAD_PRICE),
    ((), ((0, ONE),), Reason.BAD_PRICE),
    ((), ((-ONE, ONE),), Reason.BAD_PRICE),
    ((), ((100 * ONE, -ONE),), Reason.BAD_QUANTITY),
    ((), ((100 * ONE, ONE + 1),), Reason.BAD_QUANTITY),
)


@pytest.mark.parametrize(("bids", "asks", "reason"), IMPOSSIBLE)
def test_an_impossible_ladder_is_refused(
    bids: tuple[tuple[int, int], ...], asks: tuple[tuple[int, int], ...], reason: Reason
) -> None:
    world = World()
    world.stands("house 5 @100, user 2 @100")
    assert reason is world.refusal(OutsideUpdate(symbol=SYMBOL, ladder=Ladder(bids=bids, asks=asks)))


def test_empty_levels_cross_nothing() -> None:
    world = World()
    world.outside(bids="0 @101, 5 @99", asks="5 @100, 0 @98")
    assert ("house 5 @100", "house 5 @99") == (world.asks(), world.bids())


@pytest.mark.parametrize("status", [MarketStatus.HALT, MarketStatus.BREAK])
def test_while_halted_only_the_newest_ladder_is_kept(world: World, status: MarketStatus) -> None:
    world.stands("house 5 @100, user 2 @100, house 3 @100")
    world.place("other", "buy", 2, 99)
    world.rules(status=status)
    world.outside(prints="buy 9 @105", asks="6 @100, 5 @101")
    world.outside(prints="sell 9 @95", asks="4 @100, 1 @99", bids="7 @98")
    assert ("house 5 @100, user 2 @100, house 3 @100", "other 2 @99", "") == (
        world.asks(),
        world.bids(),
        world.tape(),
    )
    world.rules(status=MarketStatus.TRADING)
    assert "1 @99" == world.tape()
    assert "house 3 @100, user 2 @100, house 1 @100, house 5 @101" == world.asks()
    assert "other 1 @99, house 7 @98" == world.bids()


def test_a_size_first_seen_in_a_halt_joins_ahead_as_after_any_gap(world: World) -> None:
    world.stands("house 5 @100, user 2 @100, other 2 @101")
    world.rules(status=MarketStatus.HALT)
    world.outside(asks="8 @100, 6 @101")
    world.rules(status=MarketStatus.TRADING)
    assert "house 5 @100, user 2 @100, house 3 @100, house 6 @101, other 2 @101" == world.asks()


def test_what_a_size_grew_by_in_a_gap_joins_ahead_of_users(world: World) -> None:
    world.stands("house 5 @100, user 2 @100, other 2 @101")
    world.apply(replace(world.update(asks="8 @100, 6 @101"), resumes_us=1))
    assert "house 8 @100, user 2 @100, house 6 @101, other 2 @101" == world.asks()
    world.apply(replace(world.update(asks="4 @100"), resumes_us=1))
    assert "house 4 @100, user 2 @100, house 6 @101, other 2 @101" == world.asks()


def test_while_halted_users_may_cancel_but_nobody_trades() -> None:
    world = World()
    world.stands("house 5 @100")
    world.place("user", "sell", 2, 100, name="mine")
    world.rules(status=MarketStatus.HALT)
    assert Reason.MARKET_CLOSED is world.refusal(world.order("other", "buy", 2, 100))
    world.apply(CancelOrder(account_id=1, symbol=SYMBOL, client_order_id="mine", cancel_id="c"))
    assert "house 5 @100" == world.asks()


def test_new_rules_cut_the_house_to_the_new_grid(world: World) -> None:
    world.stands("house 5 @100, user 4 @100, house 3 @101, house 3 @102")
    world.rules(tick_size=2 * ONE, step_size=4 * ONE)
    assert "house 4 @100, user 4 @100" == world.asks()


def test_one_update_reports_the_depth_once_and_each_level_in_its_last_state() -> None:
    world = World()
    world.stands("house 5 @100, user 2 @101, house 4 @102")
    world.outside(prints="buy 3 @102", asks="9 @102, 1 @103", bids="2 @101")
    depth = [event for event in world.events if isinstance(event, DepthChanged)]
    assert [(((101, 2),), ((100, 0), (101, 0), (102, 9), (103, 1)))] == [
        (
            tuple((price // ONE, total // ONE) for price, total in event.bids),
            tuple((price // ONE, total // ONE) for price, total in event.asks),
        )
        for event in depth
    ]
    assert 2 == len([event for event in world.events if isinstance(event, Traded)])


def test_a_ladder_that_changes_no_level_reports_no_depth() -> None:
    world = World()
    world.stands("house 5 @100")
    world.outside(asks="5 @100", bids="0 @99")
    assert [] == [event for event in world.events if isinstance(event, DepthChanged)]
