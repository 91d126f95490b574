"""Outside trades against our book: section 5, print, steps 1 to 4, for buys and mirrored for sells."""

import random

import pytest

from hypersim.engine.commands import OutsideUpdate, Print
from hypersim.engine.events import BalanceChanged, OutsideChanged
from hypersim.engine.orders import Side
from hypersim.errors import Reason
from hypersim.units import ONE
from tests.engine.world import SYMBOL, World, number

# before (asks, oldest first); prints; asks after; users' fills; tape
PRINTS: tuple[tuple[str, str, str, str, str], ...] = (
    # 1. the house strictly below the price is withdrawn, whatever the quantity
    ("house 5 @99, house 5 @100", "buy 1 @101", "", "", "outside 1 @101"),
    ("house 5 @99, user 2 @99", "buy 1 @101", "user 1 @99", "user 1 @99", "1 @99"),
    (
        "house 5 @99, house 5 @100, house 5 @101",
        "buy 1 @100",
        "house 4 @100, house 5 @101",
        "",
        "outside 1 @100",
    ),
    # 2. users below the price come first, best price first, each at its own price
    (
        "user 2 @99, other 3 @100",
        "buy 9 @101",
        "",
        "user 2 @99, other 3 @100",
        "2 @99, 3 @100, outside 4 @101",
    ),
    ("other 3 @100, user 2 @99", "buy 4 @101", "other 1 @100", "user 2 @99, other 2 @100", "2 @99, 2 @100"),
    ("user 2 @99, other 2 @99", "buy 3 @100", "other 1 @99", "user 2 @99, other 1 @99", "2 @99, 1 @99"),
    ("user 2 @99, other 2 @99", "buy 2 @100", "other 2 @99", "user 2 @99", "2 @99"),
    ("user 2 @99, house 5 @100", "buy 2 @100", "house 5 @100", "user 2 @99", "2 @99"),
    ("house 3 @99, user 2 @99, house 3 @99", "buy 5 @100", "", "user 2 @99", "2 @99, outside 3 @100"),
    # 3. at the price, the level fills in time order
    ("user 2 @100, house 5 @100", "buy 1 @100", "user 1 @100, house 5 @100", "user 1 @100", "1 @100"),
    ("user 2 @100, house 5 @100", "buy 4 @100", "house 3 @100", "user 2 @100", "2 @100, outside 2 @100"),
    (
        "house 1 @100, user 2 @100, house 3 @100, other 4 @100, house 5 @100",
        "buy 9 @100",
        "other 1 @100, house 5 @100",
        "user 2 @100, other 3 @100",
        "outside 1 @100, 2 @100, outside 3 @100, 3 @100",
    ),
    # 4. what is left is printed at the price
    ("", "buy 7 @100", "", "", "outside 7 @100"),
    ("user 2 @100", "buy 7 @100", "", "user 2 @100", "2 @100, outside 5 @100"),
    ("house 2 @100, user 2 @100", "buy 7 @100", "", "user 2 @100", "outside 2 @100, 2 @100, outside 3 @100"),
    # what is worse than the price is not touched
    ("user 2 @101, house 5 @102", "buy 7 @100", "user 2 @101, house 5 @102", "", "outside 7 @100"),
    # a sell says nothing about the asks above it
    ("house 5 @100, user 2 @101", "sell 7 @98", "house 5 @100, user 2 @101", "", "outside 7 @98"),
    # prints follow one another in time order
    (
        "house 5 @100",
        "buy 2 @100, sell 1 @98, buy 3 @100",
        "",
        "",
        "outside 2 @100, outside 1 @98, outside 3 @100",
    ),
    ("user 5 @100", "buy 2 @100, buy 2 @101", "user 1 @100", "user 2 @100, user 2 @100", "2 @100, 2 @100"),
)


@pytest.fixture(params=[False, True], ids=["buy", "sell"])
def world(request: pytest.FixtureRequest) -> World:
    return World(mirrored=request.param)


@pytest.mark.parametrize(("before", "prints", "after", "fills", "tape"), PRINTS)
def test_a_print_meets_our_book(world: World, before: str, prints: str, after: str, fills: str, tape: str) -> None:
    world.stands(before)
    world.outside(prints=prints)
    assert (after, fills, tape) == (world.asks(), world.fills(), world.tape())


def test_a_buy_at_a_price_fills_the_users_who_bid_it_or_more_at_their_own_price(world: World) -> None:
    world.place("third", "buy", 1, 99)
    world.place("other", "buy", 3, 100)
    world.place("user", "buy", 2, 101)
    world.outside(prints="buy 4 @100")
    assert ("other 1 @100, third 1 @99", "user 2 @101, other 2 @100") == (world.bids(), world.fills())
    assert "2 @101, 2 @100" == world.tape()


def test_what_bidding_users_leave_of_a_buy_is_printed(world: World) -> None:
    world.place("user", "buy", 2, 100)
    world.outside(prints="buy 5 @100")
    assert ("", "2 @100, outside 3 @100") == (world.bids(), world.tape())


def test_users_whom_a_print_fills_are_makers(world: World) -> None:
    world.place("user", "sell", 2, 100)
    world.outside(prints="buy 2 @100")
    assert [True] == [change.fill.is_maker for change in world.changes() if change.fill]
    assert [(world.mirrored, False)] == [(trade.buyer_is_maker, trade.outside) for trade in world.traded()]


def test_a_user_who_bid_is_the_maker_of_the_quote_that_met_him(world: World) -> None:
    world.place("user", "buy", 2, 100)
    world.outside(prints="buy 5 @100")
    makers = [trade.buyer_is_maker for trade in world.traded()]
    assert [not world.mirrored, world.mirrored] == makers


def test_trades_of_one_print_at_one_price_share_an_aggregate(world: World) -> None:
    world.stands("user 1 @99, house 1 @100, user 2 @100, house 3 @100")
    world.outside(prints="buy 7 @100, buy 1 @100")
    first = world.traded()[0].aggregate_id
    expected = [("1", 0), ("1", 1), ("2", 1), ("3", 1), ("1", 2)]
    quantities = world.tape().replace("outside ", "").replace(" @100", "").replace(" @99", "").replace(" @101", "")
    assert expected == [
        (quantity, trade.aggregate_id - first)
        for quantity, trade in zip(quantities.split(", "), world.traded(), strict=True)
    ]


def test_trades_with_different_makers_of_the_market_share_no_aggregate(world: World) -> None:
    world.place("user", "buy", 2, 100)
    world.outside(prints="buy 5 @100")
    sides: dict[int, set[bool]] = {}
    for trade in world.traded():
        sides.setdefault(trade.aggregate_id, set()).add(trade.buyer_is_maker)
    assert [1, 1] == [len(of_aggregate) for of_aggregate in sides.values()]


def test_a_print_and_the_quote_that_crosses_after_it_share_no_aggregate(world: World) -> None:
    world.stands("user 5 @100")
    world.outside(prints="buy 2 @100", bids="1 @100")
    first, second = world.traded()
    assert ("2 @100, 1 @100", first.aggregate_id + 1) == (world.tape(), second.aggregate_id)


def test_a_print_of_the_house_with_itself_moves_no_money(world: World) -> None:
    world.stands("house 5 @100")
    world.outside(prints="buy 7 @100")
    assert [] == [event for event in world.events if isinstance(event, BalanceChanged)]


def test_a_print_moves_the_last_price(world: World) -> None:
    world.outside(prints="buy 1 @104, sell 1 @103")
    (venue,) = world.exchange.snapshot().venues
    assert (97 if world.mirrored else 103) * ONE == venue.last_price


def test_what_was_printed_is_not_taken_by_users(world: World) -> None:
    world.stands("house 5 @100")
    world.outside(prints="buy 3 @100")
    assert None is world.exchange.next_due()
    world.outside(asks="5 @100")
    assert "house 5 @100" == world.asks()


def test_a_ladder_that_a_print_explains_moves_no_place(world: World) -> None:
    world.stands("house 5 @100, user 2 @100, house 3 @100")
    world.outside(prints="buy 4 @100", asks="4 @100")
    assert "house 1 @100, user 2 @100, house 3 @100" == world.asks()


def test_a_print_of_a_part_of_a_step_leaves_everybody_on_the_step(world: World) -> None:
    world.stands("house 5 @100, user 2 @100")
    world.outside(prints="buy 0.5 @100")
    assert ("house 5 @100, user 2 @100", "outside 0.5 @100") == (world.asks(), world.tape())
    world.outside(prints="buy 6.5 @100")
    assert ("user 1 @100", "user 1 @100", 13 * ONE // 2) == (
        world.asks(),
        world.fills(),
        sum(trade.quantity for trade in world.traded()),
    )


@pytest.mark.parametrize("seed", range(20))
def test_the_tape_of_a_print_adds_up_to_it(world: World, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(20):
        world.outside(asks=f"{chance.randint(0, 9)} @{chance.randint(101, 105)}", bids="")
        world.place("user", "sell", chance.randint(1, 9), chance.randint(101, 105))
        world.place("other", "buy", chance.randint(1, 9), chance.randint(95, 100))
        aggressor, quantity = chance.choice(["buy", "sell"]), chance.randint(1, 30)
        world.outside(prints=f"{aggressor} {quantity} @{chance.randint(95, 105)}")
        assert quantity * ONE == sum(trade.quantity for trade in world.traded())


REFUSED = (
    (Print(0, ONE, Side.BUY), Reason.BAD_PRICE),
    (Print(-ONE, ONE, Side.BUY), Reason.BAD_PRICE),
    (Print(number("100.5"), ONE, Side.BUY), Reason.BAD_PRICE),
    (Print(100 * ONE, 0, Side.SELL), Reason.BAD_QUANTITY),
    (Print(100 * ONE, -ONE, Side.SELL), Reason.BAD_QUANTITY),
)


@pytest.mark.parametrize(("impossible", "reason"), REFUSED)
def test_an_update_with_an_impossible_print_is_refused_whole(impossible: Print, reason: Reason) -> None:
    world = World()
    world.stands("house 5 @100, user 2 @100")
    possible = Print(100 * ONE, ONE, Side.BUY)
    assert reason is world.refusal(OutsideUpdate(symbol=SYMBOL, prints=(possible, impossible)))


def test_an_update_of_an_unknown_symbol_is_refused() -> None:
    assert Reason.BAD_SYMBOL is World().refusal(OutsideUpdate(symbol="NOTHING"))


def test_an_update_that_says_nothing_changes_nothing() -> None:
    assert [] == World().outside()


def test_an_update_tells_when_its_source_saw_it() -> None:
    world = World()
    events = world.apply(OutsideUpdate(symbol=SYMBOL, prints=(Print(100 * ONE, ONE, Side.BUY),), source_time_us=7))
    heard = [event for event in events if isinstance(event, OutsideChanged)]
    assert [OutsideChanged(symbol=SYMBOL, source_time_us=7, known=False)] == heard
