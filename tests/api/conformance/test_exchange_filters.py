"""filters.md, 'Exchange Filters' and 'Asset Filters': what bounds an account over all symbols, and how it is shown.

Alice has an order on ETHUSDT and an OCO with an iceberg on BTCUSDT; bob has nothing.
"""

from typing import Any

import pytest

from hypersim.engine.commands import PutAsset, PutLimits
from hypersim.engine.market import Asset, ExchangeLimits
from hypersim.units import ONE
from tests.api.conformance.answers import alices, ordered
from tests.api.conformance.rows import ALL_LISTS, BTC, LIMIT, MAKER, MARKET, OCO, STOP, but
from tests.api.lab import Lab

ORDER = "POST /v1/order"
REPLACE = {**LIMIT, "cancelReplaceMode": "STOP_ON_FAILURE", "cancelOrderId": "2"}
BOUNDED: list[tuple[ExchangeLimits, str, dict[str, str], str]] = [
    *(
        (ExchangeLimits(max_num_orders=3), call, arguments, "EXCHANGE_MAX_NUM_ORDERS")
        for call, arguments in (
            (ORDER, LIMIT),
            (f"{ORDER}/test", LIMIT),
            ("POST /v1/order/cancelReplace", REPLACE),
            *ALL_LISTS,
        )
    ),
    (ExchangeLimits(max_num_orders=4), *ALL_LISTS[0], "EXCHANGE_MAX_NUM_ORDERS"),
    (ExchangeLimits(max_num_orders=5), *ALL_LISTS[2], "EXCHANGE_MAX_NUM_ORDERS"),
    (ExchangeLimits(max_num_algo_orders=1), ORDER, STOP, "EXCHANGE_MAX_NUM_ALGO_ORDERS"),
    (ExchangeLimits(max_num_algo_orders=1), *ALL_LISTS[0], "EXCHANGE_MAX_NUM_ALGO_ORDERS"),
    (
        ExchangeLimits(max_num_iceberg_orders=1),
        ORDER,
        but(MAKER, icebergQty="0.005"),
        "EXCHANGE_MAX_NUM_ICEBERG_ORDERS",
    ),
    *(
        (ExchangeLimits(max_num_order_lists=1), call, arguments, "EXCHANGE_MAX_NUM_ORDER_LISTS")
        for call, arguments in ALL_LISTS
    ),
]
FREE: list[tuple[ExchangeLimits, str, dict[str, str]]] = [
    (ExchangeLimits(max_num_orders=4), ORDER, LIMIT),
    (ExchangeLimits(max_num_algo_orders=1), ORDER, LIMIT),
    (ExchangeLimits(max_num_iceberg_orders=1), ORDER, LIMIT),
    (ExchangeLimits(max_num_order_lists=1), ORDER, STOP),
    (ExchangeLimits(max_num_order_lists=2), *ALL_LISTS[2]),
]


async def furnish(lab: Lab, limits: ExchangeLimits) -> None:
    await lab.ladder("ETHUSDT", {"2500": "1"}, {"2510": "1"})
    await alices(lab, ORDER, but(LIMIT, symbol="ETHUSDT", price="2400"))
    await alices(lab, "POST /v1/orderList/oco", but(OCO, aboveIcebergQty="0.005"))
    await lab.world.ask(PutLimits(limits))


@pytest.mark.parametrize(("limits", "call", "arguments", "name"), BOUNDED)
async def test_more_than_an_account_may_have_is_refused(
    lab: Lab, limits: ExchangeLimits, call: str, arguments: dict[str, str], name: str
) -> None:
    await furnish(lab, limits)
    before = lab.state_hash()
    method, path = call.split()
    answer = await lab.alice.signed(method, path, arguments, time=lab.now_ms)
    assert (400, {"code": -1013, "msg": f"Filter failure: {name}"}) == (answer.status, answer.json)
    assert before == lab.state_hash()
    if "cancel" not in path:
        bobs = await lab.bob.signed(method, path, arguments, time=lab.now_ms)
        assert 200 == bobs.status, "each account has its own"


@pytest.mark.parametrize(("limits", "call", "arguments"), FREE)
async def test_what_an_account_may_have_it_may_place(
    lab: Lab, limits: ExchangeLimits, call: str, arguments: dict[str, str]
) -> None:
    await furnish(lab, limits)
    await alices(lab, call, arguments)


@pytest.mark.parametrize(
    ("asset", "most", "arguments"),
    [
        ("BTC", ONE // 1000, LIMIT),
        ("BTC", ONE // 1000, STOP),
        ("BTC", ONE // 1000, MARKET),
        ("USDT", 489 * ONE, LIMIT),
        ("USDT", 489 * ONE, MARKET),
        ("USDT", 99 * ONE, but(MARKET, "quantity", quoteOrderQty="100")),
    ],
)
async def test_an_order_may_be_about_so_much_of_an_asset(
    lab: Lab, asset: str, most: int, arguments: dict[str, str]
) -> None:
    await lab.world.ask(PutAsset(Asset(asset, max_order=most)))
    answer = await lab.alice.signed("POST", "/v1/order", arguments, time=lab.now_ms)
    assert (400, {"code": -1013, "msg": "Filter failure: MAX_ASSET"}) == (answer.status, answer.json)


async def test_what_binds_an_account_is_shown_with_the_filters_of_a_symbol(lab: Lab) -> None:
    """rest-api.md, Query relevant filters."""
    limits = ExchangeLimits(
        max_num_orders=1000, max_num_algo_orders=200, max_num_iceberg_orders=10_000, max_num_order_lists=20
    )
    await lab.world.ask(PutLimits(limits))
    await lab.world.ask(PutAsset(Asset("USDT", "TetherUS", max_order=42 * ONE)))
    info = await lab.alice.public("/v1/exchangeInfo", BTC)
    exchange: list[dict[str, Any]] = [
        {"filterType": "EXCHANGE_MAX_NUM_ORDERS", "maxNumOrders": 1000},
        {"filterType": "EXCHANGE_MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders": 200},
        {"filterType": "EXCHANGE_MAX_NUM_ICEBERG_ORDERS", "maxNumIcebergOrders": 10_000},
        {"filterType": "EXCHANGE_MAX_NUM_ORDER_LISTS", "maxNumOrderLists": 20},
    ]
    expected = {
        "exchangeFilters": exchange,
        "symbolFilters": info.json["symbols"][0]["filters"],
        "assetFilters": [{"filterType": "MAX_ASSET", "asset": "USDT", "limit": "42.00000000"}],
    }
    assert ordered(expected) == ordered(await alices(lab, "GET /v1/myFilters", BTC))
    assert exchange == info.json["exchangeFilters"]
