"""What bounds an account over all symbols, and how much of an asset one order may be about."""

from typing import Any

import pytest
from msgspec.structs import replace

from hypersim.engine.commands import PlaceList, PlaceOrder, PutAsset, PutLimits, PutMarket
from hypersim.engine.exchange import Exchange
from hypersim.engine.lists import ListKind
from hypersim.engine.market import Asset, ExchangeLimits
from hypersim.engine.orders import OrderType, Side, TimeInForce
from hypersim.errors import Reason, Refused
from tests.engine.world import SYMBOL, World, number

OTHER = "ETHUSDT"


def world(**limits: int) -> World:
    """Two markets with a trade each, and an account with one open order of every kind on the first."""
    made = World()
    made.apply(PutAsset(Asset("ETH")))
    made.apply(PutMarket(replace(made.market, symbol=OTHER, base="ETH")))
    made.outside(prints="buy 1 @100")
    for command in (order("plain"), order("algo", STOP), order("iceberg", {"iceberg": number(1)}), pair("list")):
        made.apply(command)
    made.apply(PutLimits(ExchangeLimits(**limits)))
    return made


STOP: dict[str, Any] = {"type": OrderType.STOP_LOSS_LIMIT, "stop_price": number(120), "price": number(125)}


def order(name: str, changes: dict[str, Any] | None = None, symbol: str = SYMBOL) -> PlaceOrder:
    plain: dict[str, Any] = {
        "account_id": 1,
        "symbol": symbol,
        "side": Side.BUY,
        "type": OrderType.LIMIT,
        "time_in_force": TimeInForce.GTC,
        "client_order_id": name,
        "quantity": number(3),
        "price": number(90),
    }
    return PlaceOrder(**plain | (changes or {}))


def pair(name: str, symbol: str = SYMBOL) -> PlaceList:
    legs = order(f"{name}-stop", STOP, symbol), order(f"{name}-limit", {"type": OrderType.LIMIT_MAKER}, symbol)
    return PlaceList(account_id=1, symbol=symbol, kind=ListKind.OCO, client_list_id=name, orders=legs)


def refusal(made: World, command: PlaceOrder | PlaceList) -> Reason | None:
    before = made.exchange.state_hash()
    try:
        made.apply(command)
    except Refused as refused:
        assert before == made.exchange.state_hash()
        return refused.reason
    return None


PLAIN = order("new", symbol=OTHER)
ALGO = order("new", STOP, OTHER)
ICEBERG = order("new", {"iceberg": number(1)}, OTHER)
PAIR = pair("new", OTHER)
ORDERS, ALGOS, ICEBERGS, LISTS = (
    Reason.FILTER_EXCHANGE_MAX_NUM_ORDERS,
    Reason.FILTER_EXCHANGE_MAX_NUM_ALGO_ORDERS,
    Reason.FILTER_EXCHANGE_MAX_NUM_ICEBERG_ORDERS,
    Reason.FILTER_EXCHANGE_MAX_NUM_ORDER_LISTS,
)


@pytest.mark.parametrize(
    ("limits", "command", "refused"),
    [
        ({}, PAIR, None),
        ({"max_num_orders": 5}, PLAIN, ORDERS),
        ({"max_num_orders": 6}, PLAIN, None),
        ({"max_num_orders": 6}, PAIR, ORDERS),
        ({"max_num_algo_orders": 2}, ALGO, ALGOS),
        ({"max_num_algo_orders": 2}, PLAIN, None),
        ({"max_num_algo_orders": 3}, ALGO, None),
        ({"max_num_iceberg_orders": 1}, ICEBERG, ICEBERGS),
        ({"max_num_iceberg_orders": 1}, PLAIN, None),
        ({"max_num_iceberg_orders": 2}, ICEBERG, None),
        ({"max_num_order_lists": 1}, PAIR, LISTS),
        ({"max_num_order_lists": 1}, PLAIN, None),
        ({"max_num_order_lists": 2}, PAIR, None),
    ],
)
def test_what_is_open_on_all_symbols_counts(
    limits: dict[str, int], command: PlaceOrder | PlaceList, refused: Reason | None
) -> None:
    assert refused == refusal(world(**limits), command)


def test_what_is_open_already_stays_and_others_are_not_counted() -> None:
    made = world(max_num_orders=1)

    assert 5 == len(made.exchange.snapshot().venues[0].orders)
    assert refusal(made, replace(PLAIN, account_id=2)) is None


@pytest.mark.parametrize(
    ("asset", "most", "changes", "refused"),
    [
        ("BTC", 3, {}, None),
        ("BTC", 2, {}, Reason.FILTER_MAX_ASSET),
        ("USDT", 270, {}, None),
        ("USDT", 269, {}, Reason.FILTER_MAX_ASSET),
        ("USDT", 269, {"type": OrderType.MARKET, "price": 0}, Reason.FILTER_MAX_ASSET),
        (
            "USDT",
            299,
            {"type": OrderType.MARKET, "price": 0, "quantity": 0, "quote_quantity": number(300)},
            Reason.FILTER_MAX_ASSET,
        ),
        ("ETH", 1, {}, None),
    ],
)
def test_an_order_is_about_so_much_of_an_asset_at_most(
    asset: str, most: int, changes: dict[str, Any], refused: Reason | None
) -> None:
    made = world()
    made.apply(PutAsset(Asset(asset, max_order=number(most))))

    assert refused == refusal(made, order("new", changes))


@pytest.mark.parametrize("restored", [False, True])
def test_an_order_at_market_is_about_the_average_of_its_own_time(restored: bool) -> None:
    made = World()
    made.outside(prints="buy 1 @100")
    made.wait(60).outside(prints="buy 1 @50")
    made.apply(PutAsset(Asset("USDT", max_order=number(60))))
    made.wait(250)  # the first trade is older than five minutes, the second is not
    if restored:
        made.exchange = Exchange.restore(made.exchange.snapshot())

    assert refusal(made, made.order("user", "sell", 1)) is None
    assert Reason.FILTER_MAX_ASSET is refusal(made, made.order("user", "sell", 2))
