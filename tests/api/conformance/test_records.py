"""What an account has done and what binds it: whole answers of myTrades, myAllocations and myFilters, and which
order lists are found.

Sources: rest-api.md, 'Account Endpoints'.
"""

from hypersim.engine.orders import Side
from tests.api.conformance.answers import NOW, alices, ordered
from tests.api.conformance.rows import BTC, LIMIT, MARKET, OCO, but
from tests.api.lab import Lab


async def test_trades_are_told_as_in_the_sample(lab: Lab) -> None:
    await alices(lab, "POST /v1/order", MARKET)
    await alices(lab, "POST /v1/orderList/oco", OCO)
    await lab.trade("BTCUSDT", "51000", "0.004", Side.BUY)
    bought = {
        "symbol": "BTCUSDT",
        "id": 2,
        "orderId": 1,
        "orderListId": -1,
        "price": "50010.00000000",
        "qty": "0.01000000",
        "quoteQty": "500.10000000",
        "commission": "0.00001000",
        "commissionAsset": "BTC",
        "time": NOW,
        "isBuyer": True,
        "isMaker": False,
        "isBestMatch": True,
    }
    sold = bought | {
        "id": 3,
        "orderId": 3,
        "orderListId": 1,
        "price": "51000.00000000",
        "qty": "0.00400000",
        "quoteQty": "204.00000000",
        "commission": "0.20400000",
        "commissionAsset": "USDT",
        "isBuyer": False,
        "isMaker": True,
    }
    assert ordered([bought, sold]) == ordered(await alices(lab, "GET /v1/myTrades", BTC))
    assert [sold] == await alices(lab, "GET /v1/myTrades", {**BTC, "orderId": 3})
    assert [sold] == await alices(lab, "GET /v1/myTrades", {**BTC, "fromId": 3})


async def test_nothing_is_allocated(lab: Lab) -> None:
    await alices(lab, "POST /v1/order", MARKET)
    for selected in (
        {},
        {"orderId": "1"},
        {"orderId": "1", "fromAllocationId": "0"},
        {"startTime": NOW, "endTime": NOW},
    ):
        assert [] == await alices(lab, "GET /v1/myAllocations", {**BTC, **selected})


async def test_the_filters_of_an_account_are_those_of_the_symbol(lab: Lab) -> None:
    info = await lab.alice.public("/v1/exchangeInfo", BTC)
    [symbol] = info.json["symbols"]
    expected = {"exchangeFilters": [], "symbolFilters": symbol["filters"], "assetFilters": []}
    assert ordered(expected) == ordered(await alices(lab, "GET /v1/myFilters", BTC))
    assert {
        "PRICE_FILTER",
        "LOT_SIZE",
        "ICEBERG_PARTS",
        "MARKET_LOT_SIZE",
        "TRAILING_DELTA",
        "PERCENT_PRICE_BY_SIDE",
        "NOTIONAL",
        "MAX_NUM_ORDERS",
        "MAX_NUM_ORDER_LISTS",
        "MAX_NUM_ALGO_ORDERS",
        "MAX_NUM_ORDER_AMENDS",
    } == {each["filterType"] for each in symbol["filters"]}


async def test_order_lists_are_selected_by_id_and_time(lab: Lab) -> None:
    started_ms = lab.now_ms
    for number in range(5):
        await alices(lab, "POST /v1/orderList/oco", but(OCO, listClientOrderId=f"list{number}", quantity="0.001"))
        lab.clock.time_us += 1_000_000

    async def ids(**arguments: int) -> list[int]:
        return [each["orderListId"] for each in await alices(lab, "GET /v1/allOrderList", arguments)]

    assert [1, 2, 3, 4, 5] == await ids()
    assert [4, 5] == await ids(limit=2)
    assert [3, 4] == await ids(fromId=3, limit=2)
    assert [2, 3] == await ids(startTime=started_ms + 1000, limit=2)
    assert [2, 3] == await ids(endTime=started_ms + 2000, limit=2)
    assert [2, 3] == await ids(startTime=started_ms + 1000, endTime=started_ms + 2000)


async def test_lists_and_orders_of_others_are_not_shown(lab: Lab) -> None:
    await alices(lab, "POST /v1/orderList/oco", OCO)
    await alices(lab, "POST /v1/order", LIMIT)
    for path in ("allOrderList", "openOrderList", "openOrders"):
        answer = await lab.bob.signed("GET", f"/v1/{path}", time=lab.now_ms)
        assert [] == answer.json, path
