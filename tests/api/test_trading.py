"""Orders through the API: their whole answers, and what they leave behind."""

from typing import Any

import pytest

from hypersim.engine.orders import Side
from tests.api.lab import Lab

LIMIT_BUY: dict[str, str] = {
    "symbol": "BTCUSDT",
    "side": "BUY",
    "type": "LIMIT",
    "timeInForce": "GTC",
    "quantity": "0.1",
    "price": "49000",
    "newClientOrderId": "mine",
}


BY_EITHER_ID: tuple[dict[str, str], ...] = (
    {"orderId": "1"},
    {"origClientOrderId": "mine"},
    {"orderId": "1", "origClientOrderId": "mine"},
)


async def place(lab: Lab, **changes: str) -> Any:
    """Alice's order, which must be accepted."""
    answer = await lab.alice.signed("POST", "/v1/order", {**LIMIT_BUY, **changes}, time=lab.now_ms)
    assert answer.status == 200, answer.json
    return answer.json


async def balances(lab: Lab) -> dict[str, tuple[str, str]]:
    """Alice's free and locked amounts that are not zero."""
    answer = await lab.alice.signed("GET", "/v1/account", {"omitZeroBalances": "true"}, time=lab.now_ms)
    return {row["asset"]: (row["free"], row["locked"]) for row in answer.json["balances"]}


async def test_a_resting_order_is_answered_in_full(lab: Lab) -> None:
    expected = {
        "symbol": "BTCUSDT",
        "orderId": 1,
        "orderListId": -1,
        "clientOrderId": "mine",
        "transactTime": lab.now_ms,
        "price": "49000.00000000",
        "origQty": "0.10000000",
        "executedQty": "0.00000000",
        "origQuoteOrderQty": "0.00000000",
        "cummulativeQuoteQty": "0.00000000",
        "status": "NEW",
        "timeInForce": "GTC",
        "type": "LIMIT",
        "side": "BUY",
        "workingTime": lab.now_ms,
        "selfTradePreventionMode": "EXPIRE_MAKER",
        "fills": [],
    }
    assert expected == await place(lab)
    assert {
        "USDT": ("5100.00000000", "4900.00000000"),
        "BTC": ("1.00000000", "0.00000000"),
    } == await balances(lab)


async def test_a_market_order_is_answered_with_its_fills(lab: Lab) -> None:
    answer = await lab.alice.signed(
        "POST",
        "/api/v3/order",
        {"symbol": "BTCUSDT", "side": "SELL", "type": "MARKET", "quantity": "1", "newClientOrderId": "all"},
        time=lab.now_ms,
    )
    expected = {
        "symbol": "BTCUSDT",
        "orderId": 1,
        "orderListId": -1,
        "clientOrderId": "all",
        "transactTime": lab.now_ms,
        "price": "0.00000000",
        "origQty": "1.00000000",
        "executedQty": "1.00000000",
        "origQuoteOrderQty": "0.00000000",
        "cummulativeQuoteQty": "49990.00000000",
        "status": "FILLED",
        "timeInForce": "GTC",
        "type": "MARKET",
        "side": "SELL",
        "workingTime": lab.now_ms,
        "selfTradePreventionMode": "EXPIRE_MAKER",
        "fills": [
            {
                "price": "49990.00000000",
                "qty": "1.00000000",
                "commission": "49.99000000",
                "commissionAsset": "USDT",
                "tradeId": 2,
            }
        ],
    }
    assert expected == answer.json
    assert {"USDT": ("59940.01000000", "0.00000000")} == await balances(lab)


async def test_a_market_order_by_quote_quantity_spends_what_it_was_told(lab: Lab) -> None:
    arguments = {
        "symbol": "BTCUSDT",
        "side": "BUY",
        "type": "MARKET",
        "quoteOrderQty": "100",
        "newOrderRespType": "RESULT",
    }
    order = (await lab.alice.signed("POST", "/v1/order", arguments, time=lab.now_ms)).json
    assert ("FILLED", "100.00000000", "0.00199000", "99.51990000") == (
        order["status"],
        order["origQuoteOrderQty"],
        order["executedQty"],
        order["cummulativeQuoteQty"],
    )


@pytest.mark.parametrize(
    ("response", "keys"),
    [
        ("ACK", 5),
        ("RESULT", 16),
        ("FULL", 17),
    ],
)
async def test_the_response_type_decides_how_much_is_answered(lab: Lab, response: str, keys: int) -> None:
    order = await place(lab, newOrderRespType=response)
    assert keys == len(order)
    assert ["symbol", "orderId", "orderListId", "clientOrderId", "transactTime"] == list(order)[:5]


async def test_a_limit_maker_order_is_only_acknowledged_unless_more_is_asked_for(lab: Lab) -> None:
    arguments = {key: value for key, value in LIMIT_BUY.items() if key != "timeInForce"} | {"type": "LIMIT_MAKER"}
    answer = await lab.alice.signed("POST", "/v1/order", arguments, time=lab.now_ms)
    assert {
        "symbol": "BTCUSDT",
        "orderId": 1,
        "orderListId": -1,
        "clientOrderId": "mine",
        "transactTime": lab.now_ms,
    } == answer.json


async def test_an_order_without_a_name_gets_one_of_22_characters(lab: Lab) -> None:
    arguments = {key: value for key, value in LIMIT_BUY.items() if key != "newClientOrderId"}
    names = {
        (await lab.alice.signed("POST", "/v1/order", arguments, time=lab.now_ms)).json["clientOrderId"]
        for _ in range(2)
    }
    assert [22, 22] == [len(name) for name in names]


async def test_what_was_sent_with_an_order_is_shown_with_it(lab: Lab) -> None:
    order = await place(lab, strategyId="37463720", strategyType="1000000", selfTradePreventionMode="NONE")
    assert (37463720, 1000000, "NONE") == (
        order["strategyId"],
        order["strategyType"],
        order["selfTradePreventionMode"],
    )


@pytest.mark.parametrize(
    ("time_in_force", "price", "status", "executed", "reason"),
    [
        ("IOC", "50010", "EXPIRED", "0.10000000", "UNFILLED_IOC_QUANTITY_EXPIRED"),
        ("IOC", "49000", "EXPIRED", "0.00000000", "UNFILLED_IOC_QUANTITY_EXPIRED"),
        ("FOK", "50010", "EXPIRED", "0.00000000", "UNFILLED_FOK_ORDER_EXPIRED"),
        ("FOK", "50020", "FILLED", "0.15000000", None),
    ],
)
async def test_an_order_that_expires_at_once_was_accepted(
    lab: Lab, time_in_force: str, price: str, status: str, executed: str, reason: str | None
) -> None:
    await lab.ladder("BTCUSDT", {}, {"50010": "0.1", "50020": "0.1"})
    order = await place(lab, timeInForce=time_in_force, price=price, quantity="0.15")
    assert (status, executed, reason) == (order["status"], order["executedQty"], order.get("expiryReason"))


async def test_an_order_is_found_while_open_and_when_closed(lab: Lab) -> None:
    await place(lab)
    opened_ms = lab.now_ms
    expected = {
        "symbol": "BTCUSDT",
        "orderId": 1,
        "orderListId": -1,
        "clientOrderId": "mine",
        "price": "49000.00000000",
        "origQty": "0.10000000",
        "executedQty": "0.00000000",
        "cummulativeQuoteQty": "0.00000000",
        "status": "NEW",
        "timeInForce": "GTC",
        "type": "LIMIT",
        "side": "BUY",
        "stopPrice": "0.00000000",
        "icebergQty": "0.00000000",
        "time": opened_ms,
        "updateTime": opened_ms,
        "isWorking": True,
        "workingTime": opened_ms,
        "origQuoteOrderQty": "0.00000000",
        "selfTradePreventionMode": "EXPIRE_MAKER",
    }
    for named in BY_EITHER_ID:
        answer = await lab.alice.signed("GET", "/v1/order", {"symbol": "BTCUSDT", **named}, time=lab.now_ms)
        assert expected == answer.json
    assert [expected] == (await lab.alice.signed("GET", "/v1/openOrders", time=lab.now_ms)).json
    assert [expected] == (await lab.alice.signed("GET", "/v1/allOrders", {"symbol": "BTCUSDT"}, time=lab.now_ms)).json

    lab.clock.time_us += 2_000_000
    await lab.trade("BTCUSDT", "48999", "5", Side.SELL)
    filled = expected | {
        "executedQty": "0.10000000",
        "cummulativeQuoteQty": "4900.00000000",
        "status": "FILLED",
        "updateTime": opened_ms + 2000,
    }
    for named in BY_EITHER_ID:
        answer = await lab.alice.signed("GET", "/v1/order", {"symbol": "BTCUSDT", **named}, time=lab.now_ms)
        assert filled == answer.json
    assert [] == (await lab.alice.signed("GET", "/v1/openOrders", {"symbol": "BTCUSDT"}, time=lab.now_ms)).json
    assert [filled] == (await lab.alice.signed("GET", "/v1/allOrders", {"symbol": "BTCUSDT"}, time=lab.now_ms)).json


async def test_a_cancel_answers_with_both_names(lab: Lab) -> None:
    await place(lab)
    answer = await lab.alice.signed(
        "DELETE",
        "/v1/order",
        {"symbol": "BTCUSDT", "origClientOrderId": "mine", "newClientOrderId": "the-cancel"},
        time=lab.now_ms,
    )
    expected = {
        "symbol": "BTCUSDT",
        "origClientOrderId": "mine",
        "orderId": 1,
        "orderListId": -1,
        "clientOrderId": "the-cancel",
        "transactTime": lab.now_ms,
        "price": "49000.00000000",
        "origQty": "0.10000000",
        "executedQty": "0.00000000",
        "origQuoteOrderQty": "0.00000000",
        "cummulativeQuoteQty": "0.00000000",
        "status": "CANCELED",
        "timeInForce": "GTC",
        "type": "LIMIT",
        "side": "BUY",
        "selfTradePreventionMode": "EXPIRE_MAKER",
    }
    assert expected == answer.json
    assert {"USDT": ("10000.00000000", "0.00000000"), "BTC": ("1.00000000", "0.00000000")} == await balances(lab)
    queried = await lab.alice.signed("GET", "/v1/order", {"symbol": "BTCUSDT", "orderId": 1}, time=lab.now_ms)
    assert ("CANCELED", "mine") == (queried.json["status"], queried.json["clientOrderId"])


async def test_cancelling_all_orders_of_a_symbol_leaves_other_symbols_and_people_alone(lab: Lab) -> None:
    await lab.ladder("ETHUSDT", {"2500": "1"}, {"2510": "1"})
    for name in ("a", "b"):
        await place(lab, newClientOrderId=name, quantity="0.01")
    await place(lab, symbol="ETHUSDT", price="2400", newClientOrderId="eth")
    await lab.bob.signed("POST", "/v1/order", LIMIT_BUY, time=lab.now_ms)
    answer = await lab.alice.signed("DELETE", "/v1/openOrders", {"symbol": "BTCUSDT"}, time=lab.now_ms)
    assert [("a", 1, "CANCELED"), ("b", 2, "CANCELED")] == [
        (row["origClientOrderId"], row["orderId"], row["status"]) for row in answer.json
    ]
    assert 1 == len({row["clientOrderId"] for row in answer.json})
    left = await lab.alice.signed("GET", "/v1/openOrders", time=lab.now_ms)
    assert ["eth"] == [row["clientOrderId"] for row in left.json]
    bobs = await lab.bob.signed("GET", "/v1/openOrders", time=lab.now_ms)
    assert ["mine"] == [row["clientOrderId"] for row in bobs.json]


async def test_a_client_order_id_is_free_again_once_its_order_is_closed(lab: Lab) -> None:
    assert 1 == (await place(lab))["orderId"]
    await lab.alice.signed("DELETE", "/v1/order", {"symbol": "BTCUSDT", "orderId": 1}, time=lab.now_ms)
    assert 2 == (await place(lab))["orderId"]
    await lab.alice.signed("DELETE", "/v1/order", {"symbol": "BTCUSDT", "orderId": 2}, time=lab.now_ms)
    newest = await lab.alice.signed(
        "GET", "/v1/order", {"symbol": "BTCUSDT", "origClientOrderId": "mine"}, time=lab.now_ms
    )
    assert 2 == newest.json["orderId"]


async def test_all_orders_are_selected_by_id_and_time(lab: Lab) -> None:
    started_ms = lab.now_ms
    for number in range(5):
        await place(lab, newClientOrderId=f"o{number}", quantity="0.01")
        lab.clock.time_us += 1_000_000

    async def ids(**arguments: int) -> list[int]:
        answer = await lab.alice.signed("GET", "/v1/allOrders", {"symbol": "BTCUSDT", **arguments}, time=lab.now_ms)
        return [row["orderId"] for row in answer.json]

    assert [1, 2, 3, 4, 5] == await ids()
    assert [4, 5] == await ids(limit=2)
    assert [3, 4, 5] == await ids(orderId=3)
    assert [3, 4] == await ids(orderId=3, limit=2)
    assert [2, 3] == await ids(startTime=started_ms + 1000, limit=2)
    assert [2, 3] == await ids(endTime=started_ms + 2000, limit=2)
    assert [2, 3] == await ids(startTime=started_ms + 1000, endTime=started_ms + 2000)
    assert [2] == await ids(startTime=started_ms + 1000, endTime=started_ms + 1000)
    assert [] == await ids(startTime=started_ms + 2000, endTime=started_ms + 1000)
    assert [2] == await ids(startTime=(started_ms + 1000) * 1000, endTime=(started_ms + 1000) * 1000)


async def test_an_order_can_be_tested_without_being_placed(lab: Lab) -> None:
    before = lab.state_hash()
    huge = {**LIMIT_BUY, "quantity": "100"}
    assert {} == (await lab.alice.signed("POST", "/v1/order/test", huge, time=lab.now_ms)).json
    rates = await lab.alice.signed(
        "POST", "/v1/order/test", {**LIMIT_BUY, "computeCommissionRates": "true"}, time=lab.now_ms
    )
    nothing = {"maker": "0.00000000", "taker": "0.00000000"}
    assert {
        "standardCommissionForOrder": {"maker": "0.00100000", "taker": "0.00100000"},
        "specialCommissionForOrder": nothing,
        "taxCommissionForOrder": nothing,
        "discount": {
            "enabledForAccount": False,
            "enabledForSymbol": False,
            "discountAsset": "BNB",
            "discount": "0.75000000",
        },
    } == rates.json
    refused = await lab.alice.signed("POST", "/v1/order/test", {**LIMIT_BUY, "price": "49000.001"}, time=lab.now_ms)
    assert (400, {"code": -1013, "msg": "Filter failure: PRICE_FILTER"}) == (refused.status, refused.json)
    assert before == lab.state_hash()


async def test_self_trade_prevention_expires_the_maker_and_shows_it(lab: Lab) -> None:
    await place(lab)
    taker = await place(
        lab,
        side="SELL",
        price="48000",
        newClientOrderId="taker",
        quantity="0.05",
        selfTradePreventionMode="NONE",
    )
    assert "FILLED" == taker["status"]
    await lab.ladder("BTCUSDT", {}, {"50010": "1"})
    expired = await place(lab, side="SELL", price="48900", newClientOrderId="second", quantity="0.05")
    assert "NEW" == expired["status"]
    maker = await lab.alice.signed("GET", "/v1/order", {"symbol": "BTCUSDT", "orderId": 1}, time=lab.now_ms)
    assert ("EXPIRED_IN_MATCH", "0.10000000") == (maker.json["status"], maker.json["preventedQuantity"])


async def test_times_come_in_microseconds_on_request(lab: Lab) -> None:
    lab.clock.time_us += 123
    answer = await lab.alice.signed(
        "POST", "/v1/order", LIMIT_BUY, time=lab.now_ms, **{"X-MBX-TIME-UNIT": "MICROSECOND"}
    )
    assert (lab.clock.time_us, lab.clock.time_us) == (answer.json["transactTime"], answer.json["workingTime"])
