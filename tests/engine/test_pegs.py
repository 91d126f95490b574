"""Pegged orders: limit orders whose price the book gives when they enter it (faqs/pegged_orders.md)."""

from collections.abc import Mapping
from typing import Any

import pytest

from hypersim.engine.lists import ListKind
from hypersim.engine.orders import Order, OrderType, Peg, PegPriceType, TimeInForce
from hypersim.errors import Reason
from hypersim.units import ONE
from tests.engine.world import World, number, plain

OWN, OPPOSITE = PegPriceType.PRIMARY_PEG, PegPriceType.MARKET_PEG
LIMIT_MAKER, STOP_LOSS_LIMIT = OrderType.LIMIT_MAKER, OrderType.STOP_LOSS_LIMIT
GTC, IOC = TimeInForce.GTC, TimeInForce.IOC
BOOK = {"asks": "3 @101, 4 @103, 5 @106", "bids": "3 @99, 4 @98, 5 @95"}


@pytest.fixture(params=[False, True], ids=["sell", "buy"])
def world(request: pytest.FixtureRequest) -> World:
    return World(mirrored=request.param)


# peg of a sell of 9; the price it got; users' fills; what of it rests
PRICES: tuple[tuple[Peg, TimeInForce, str, str, str], ...] = (
    (Peg(OWN), GTC, "101", "", "user 9 @101"),
    (Peg(OWN, 1), GTC, "103", "", "user 9 @103"),
    (Peg(OWN, 2), GTC, "106", "", "user 9 @106"),
    (Peg(OPPOSITE), GTC, "99", "user 3 @99", "user 6 @99"),
    (Peg(OPPOSITE, 1), GTC, "98", "user 3 @99, user 4 @98", "user 2 @98"),
    (Peg(OPPOSITE), IOC, "99", "user 3 @99", ""),
    (Peg(OPPOSITE, 2), IOC, "95", "user 3 @99, user 4 @98, user 2 @95", ""),
)


@pytest.mark.parametrize(("peg", "tif", "price", "fills", "rests"), PRICES)
def test_a_peg_takes_its_price_from_the_book_once(
    world: World, peg: Peg, tif: TimeInForce, price: str, fills: str, rests: str
) -> None:
    world.outside(**BOOK)  # type: ignore[arg-type] # only asks and bids
    order = pegged(world, peg, tif=tif)
    mine = ", ".join(each for each in world.asks().split(", ") if each.startswith("user"))
    assert (price, 0, fills, rests) == (shown_price(world, order), order.price, world.fills(), mine)
    world.outside(asks="7 @100, 0 @101", bids="0 @99, 0 @98")
    assert order.leaves == sum(each.leaves for each in world.exchange.snapshot().venues[0].orders)
    if rests:
        assert rests in world.asks()


def test_an_order_that_gives_a_price_as_well_keeps_it_and_works_at_the_pegs(world: World) -> None:
    world.outside(**BOOK)  # type: ignore[arg-type] # only asks and bids
    order = world.place("user", "sell", 2, 100, peg=Peg(OWN))
    assert (world.order("user", "sell", 2, 100).price, "101") == (order.price, shown_price(world, order))
    assert "house 3 @101, user 2 @101, house 4 @103, house 5 @106" == world.asks()


def test_a_pegged_limit_maker_stands_behind_the_best_of_its_side(world: World) -> None:
    world.outside(**BOOK)  # type: ignore[arg-type] # only asks and bids
    order = pegged(world, Peg(OWN), order_type=LIMIT_MAKER)
    assert ("101", "NEW") == (shown_price(world, order), order.status)


@pytest.mark.parametrize("peg", [Peg(OWN), Peg(OPPOSITE), Peg(OWN, 3), Peg(OPPOSITE, 100)])
def test_a_peg_to_a_level_that_is_not_there_is_refused(world: World, peg: Peg) -> None:
    if peg.offset is not None:
        world.outside(**BOOK)  # type: ignore[arg-type] # only asks and bids
    assert Reason.PEG_WITHOUT_LIQUIDITY is world.refusal(world.order("user", "sell", 9, peg=peg))


# rules; price of a sell of 9 that is pegged to 106; why it is refused
FILTERS: tuple[tuple[Mapping[str, Any], int | None, Reason], ...] = (
    ({"max_price": number(105)}, None, Reason.FILTER_PRICE),
    ({"min_price": number(100)}, 99, Reason.FILTER_PRICE),
    ({"ask_multiplier_up": number("1.05")}, None, Reason.FILTER_PERCENT_PRICE_BY_SIDE),
    ({"max_notional": number(900), "min_notional": 0}, None, Reason.FILTER_NOTIONAL),
    ({"min_notional": number(900)}, 90, Reason.FILTER_NOTIONAL),
)


@pytest.mark.parametrize(("rules", "price", "reason"), FILTERS)
def test_both_prices_of_a_peg_pass_the_filters(rules: Mapping[str, Any], price: int | None, reason: Reason) -> None:
    world = World(**rules)
    world.outside(prints="buy 1 @100", **BOOK)  # type: ignore[arg-type] # only asks and bids
    assert reason is world.refusal(world.order("user", "sell", 9, price, peg=Peg(OWN, 2)))


def test_a_pegged_order_holds_what_its_price_costs() -> None:
    world = World(balances={"USDT": 1000})
    world.outside(**BOOK)  # type: ignore[arg-type] # only asks and bids
    world.place("user", "buy", 9, peg=Peg(OWN, 1), name="mine")
    assert ("118.00000000", "882.00000000") == world.balance("user", "USDT")
    assert Reason.INSUFFICIENT_BALANCE is world.refusal(world.order("other", "buy", 10, peg=Peg(OPPOSITE)))
    world.cancel("user", "mine")
    assert ("1000.00000000", "0.00000000") == world.balance("user", "USDT")


def test_a_symbol_may_allow_no_pegs() -> None:
    world = World(peg_allowed=False)
    world.outside(**BOOK)  # type: ignore[arg-type] # only asks and bids
    assert Reason.ORDER_TYPE_NOT_SUPPORTED is world.refusal(world.order("user", "sell", 9, peg=Peg(OWN)))


def test_a_pegged_stop_takes_the_price_of_the_moment_at_which_it_is_triggered(world: World) -> None:
    world.outside(prints="buy 1 @100", **BOOK)  # type: ignore[arg-type] # only asks and bids
    world.place("user", "sell", 2, order_type=STOP_LOSS_LIMIT, stop=97, peg=Peg(OWN), name="stop")
    world.outside(prints="sell 1 @97", asks="2 @98, 3 @101", bids="3 @96")
    assert "98" == shown_price(world, world.last("stop"))
    assert "house 2 @98, user 2 @98, house 3 @101, house 4 @103, house 5 @106" == world.asks()


def test_a_pegged_stop_that_meets_an_empty_book_when_it_is_triggered_expires(world: World) -> None:
    world.outside(prints="buy 1 @100", asks="", bids="")
    world.place("user", "sell", 2, order_type=STOP_LOSS_LIMIT, stop=97, peg=Peg(OWN), name="stop")
    world.outside(prints="sell 1 @97")
    assert ("EXPIRED REJECTED", "0.00000000") == (world.statuses("stop"), world.balance("user", "BTC")[1])


def test_a_pegged_pending_order_takes_the_price_of_the_moment_at_which_it_is_placed(world: World) -> None:
    world.outside(**BOOK)  # type: ignore[arg-type] # only asks and bids
    working = world.order("user", "buy", 2, 100, name="working")
    world.apply(world.listing(ListKind.OTO, working, world.order("user", "sell", 2, peg=Peg(OWN), name="pending")))
    world.outside(asks="1 @105, 0 @101, 0 @103", prints="sell 2 @100")
    assert ("105", "NEW") == (shown_price(world, world.last("pending")), world.statuses("pending"))


def pair(world: World, kind: ListKind, who: str = "user") -> None:
    """A purchase of 1 whose limit is pegged and whose stop at 105 costs more; after one of 1 at 99, or at once."""
    orders = [
        world.order(who, "buy", 1, 106, order_type=STOP_LOSS_LIMIT, stop=105, name="stop"),
        world.order(who, "buy", 1, order_type=LIMIT_MAKER, peg=Peg(OWN), name="limit"),
    ]
    if kind is ListKind.OTOCO:
        orders.insert(0, world.order(who, "sell", 1, 100, name="working"))
    world.apply(world.listing(kind, *orders))


@pytest.mark.parametrize("kind", [ListKind.OCO, ListKind.OTOCO])
def test_a_pair_of_which_one_is_pegged_is_paid_for_once(kind: ListKind) -> None:
    world = World(balances={"USDT": 110, "BTC": 1}, fee_rate=0)
    world.outside(prints="buy 1 @100", asks="9 @101", bids="9 @99")
    pair(world, kind)
    if kind is ListKind.OTOCO:
        assert ("110.00000000", "0.00000000") == world.balance("user", "USDT")
        world.outside(prints="buy 1 @100")
    free = {ListKind.OCO: "4.00000000", ListKind.OTOCO: "104.00000000"}[kind]
    assert (free, "106.00000000", "NEW, NEW") == (*world.balance("user", "USDT"), world.statuses("stop", "limit"))
    world.outside(prints="buy 1 @105", asks="9 @106, 0 @101")
    assert ("EXPIRED OCO_TRIGGER", "FILLED") == (world.statuses("limit"), world.statuses("stop"))
    assert "0.00000000" == world.balance("user", "USDT")[1]


def test_a_pegged_pair_that_cannot_be_paid_for_is_refused_whole() -> None:
    world = World(balances={"USDT": 100, "BTC": 1}, fee_rate=0)
    world.outside(prints="buy 1 @100", asks="9 @101", bids="9 @99")
    orders = (
        world.order("user", "buy", 1, 106, order_type=STOP_LOSS_LIMIT, stop=105, name="stop"),
        world.order("user", "buy", 1, order_type=LIMIT_MAKER, peg=Peg(OWN), name="limit"),
    )
    assert Reason.INSUFFICIENT_BALANCE is world.refusal(world.listing(ListKind.OCO, *orders))


def pegged(world: World, peg: Peg, *, order_type: OrderType = OrderType.LIMIT, tif: TimeInForce = GTC) -> Order:
    """A sell of 9 without a price of its own."""
    order_id = world.exchange.venues["BTCUSDT"].next_order_id
    command = world.order("user", "sell", 9, peg=peg, order_type=order_type, tif=tif, name="mine")
    world.apply(command)
    assert order_id == world.last("mine").order_id
    return world.last("mine")


def shown_price(world: World, order: Order) -> str:
    price = order.special.pegged_price
    return plain(200 * ONE - price if world.mirrored else price)
