"""What traders live through: prices move, stops wake, lists go from phase to phase; told by queries after each step.

Alice trades; the outside moves with `Lab.move`. Sources: rest-api.md, 'New order' and 'Order lists'; faqs/opo.md;
faqs/trailing-stop-faq.md.
"""

from typing import Any

import pytest

from hypersim.engine.orders import Side
from tests.api.conformance.answers import NOW, ZERO, Values, alices, ordered, queried
from tests.api.conformance.rows import BTC, LIMIT, MAKER, OCO, OPO, OPOCO, OTO, OTOCO, STOP, STOP_LIMIT, WORKING, but
from tests.api.lab import Lab

OCO_NAMES = {"aboveClientOrderId": "limit", "belowClientOrderId": "stop", "listClientOrderId": "list"}
THREE_NAMES = {
    "workingClientOrderId": "working",
    "pendingAboveClientOrderId": "limit",
    "pendingBelowClientOrderId": "stop",
    "listClientOrderId": "list",
}
TWO_NAMES = {"workingClientOrderId": "working", "pendingClientOrderId": "pending", "listClientOrderId": "list"}


async def states(lab: Lab) -> dict[str, tuple[Any, ...]]:
    """Status, executed quantity, whether it works, and why it expired, of each of alice's orders."""
    return {
        order["clientOrderId"]: (
            order["status"],
            order["executedQty"],
            order["isWorking"],
            *([order["expiryReason"]] if "expiryReason" in order else []),
        )
        for order in await alices(lab, "GET /v1/allOrders", BTC)
    }


async def phase(lab: Lab) -> tuple[str, str, int]:
    """How alice's list stands, and how many are open."""
    found = await alices(lab, "GET /v1/orderList", {"origClientOrderId": "list"})
    return found["listStatusType"], found["listOrderStatus"], len(await alices(lab, "GET /v1/openOrderList", {}))


EXECUTING = ("EXEC_STARTED", "EXECUTING", 1)
ALL_DONE = ("ALL_DONE", "ALL_DONE", 0)
WAITS = ("NEW", ZERO, False)
WORKS = ("NEW", ZERO, True)
IS_PENDING = ("PENDING_NEW", ZERO, False)
FILLED = ("FILLED", "0.01000000", True)
EXPIRED_BY_OTHER = ("EXPIRED", ZERO, False, "OCO_TRIGGER")
OTHER_EXPIRED = ("EXPIRED", ZERO, True, "OCO_TRIGGER")


async def balances(lab: Lab) -> dict[str, tuple[str, str]]:
    account = await alices(lab, "GET /v1/account", {"omitZeroBalances": "true"})
    return {row["asset"]: (row["free"], row["locked"]) for row in account["balances"]}


async def test_a_stop_waits_until_an_outside_trade_reaches_its_price_and_is_filled_at_the_market(lab: Lab) -> None:
    asked = but(STOP, side="SELL", stopPrice="49000", newClientOrderId="mine")
    await alices(lab, "POST /v1/order", asked)
    assert ("0.99000000", "0.01000000") == (await balances(lab))["BTC"]
    lab.clock.time_us += 1_000_000
    await lab.move("BTCUSDT", "49000.01")
    stop: Values = {"side": "SELL", "type": "STOP_LOSS", "price": ZERO, "stopPrice": "49000.00000000"}
    [waiting] = await alices(lab, "GET /v1/openOrders", BTC)
    assert ordered(queried({**stop, "workingTime": -1})) == ordered(waiting)
    lab.clock.time_us += 1_000_000
    await lab.move("BTCUSDT", "48999")
    filled = {
        **stop,
        "status": "FILLED",
        "executedQty": "0.01000000",
        "cummulativeQuoteQty": "489.89000000",
        "updateTime": NOW + 2000,
        "workingTime": NOW + 2000,
    }
    assert ordered(queried(filled)) == ordered(await alices(lab, "GET /v1/order", {**BTC, "orderId": 1}))
    [trade] = await alices(lab, "GET /v1/myTrades", BTC)
    assert ("48989.00000000", False, -1) == (trade["price"], trade["isMaker"], trade["orderListId"])
    assert ("0.99000000", ZERO) == (await balances(lab))["BTC"]


async def test_a_stop_limit_rests_where_the_market_went_past_it(lab: Lab) -> None:
    asked = but(STOP_LIMIT, price="51000", icebergQty="0.004", newClientOrderId="mine")
    await alices(lab, "POST /v1/order", asked)
    await lab.move("BTCUSDT", "51500")
    stop: Values = {
        "type": "STOP_LOSS_LIMIT",
        "price": "51000.00000000",
        "stopPrice": "51000.00000000",
        "icebergQty": "0.00400000",
    }
    assert [queried(stop)] == await alices(lab, "GET /v1/openOrders", BTC)
    depth = await lab.alice.public("/v1/depth", BTC)
    assert ["51000.00000000", "0.00400000"] in depth.json["bids"], "an iceberg shows a part"
    await lab.trade("BTCUSDT", "50999", "1", Side.SELL)
    assert {"mine": FILLED} == await states(lab)


async def test_a_stop_that_cannot_be_filled_now_or_never_expires_when_its_turn_comes(lab: Lab) -> None:
    await alices(lab, "POST /v1/order", but(STOP_LIMIT, price="51000", timeInForce="IOC", newClientOrderId="mine"))
    await lab.move("BTCUSDT", "51500")
    assert {"mine": ("EXPIRED", ZERO, True, "UNFILLED_IOC_QUANTITY_EXPIRED")} == await states(lab)
    assert ("10000.00000000", ZERO) == (await balances(lab))["USDT"]


async def test_a_pegged_stop_takes_its_price_when_it_is_triggered(lab: Lab) -> None:
    """faqs/pegged_orders.md, 'Stop-limit orders'."""
    pegged = but(STOP_LIMIT, "price", pegPriceType="PRIMARY_PEG", newClientOrderId="mine")
    await alices(lab, "POST /v1/order", pegged)
    await lab.move("BTCUSDT", "51100")
    order: Values = {
        "type": "STOP_LOSS_LIMIT",
        "price": ZERO,
        "stopPrice": "51000.00000000",
        "pegPriceType": "PRIMARY_PEG",
        "peggedPrice": "51090.00000000",
    }
    assert ordered([queried(order)]) == ordered(await alices(lab, "GET /v1/openOrders", BTC))


TRAILING = {
    "A": (
        {"type": "STOP_LOSS_LIMIT", "side": "BUY", "stopPrice": "44000", "trailingDelta": "500", "price": "45000"},
        ["37000"],
        ["44000", "45000", "46000", "42000", "44099"],
        "44100",
    ),
    "B": (
        {"type": "STOP_LOSS_LIMIT", "side": "SELL", "stopPrice": "39000", "trailingDelta": "1000", "price": "36000"},
        ["41500"],
        ["39000", "37000", "41000", "36901"],
        "36900",
    ),
    "C": (
        {"type": "TAKE_PROFIT_LIMIT", "side": "BUY", "stopPrice": "38000", "trailingDelta": "850", "price": "42000"},
        ["42000"],
        ["38000", "37000", "39000", "38000", "40144"],
        "40145",
    ),
    "D": (
        {"type": "TAKE_PROFIT_LIMIT", "side": "SELL", "stopPrice": "42000", "trailingDelta": "750", "price": "41000"},
        ["41500", "39000"],
        ["42000", "45000", "44000", "46500", "43013"],
        "43012.5",
    ),
    "E": (
        {"type": "STOP_LOSS_LIMIT", "side": "SELL", "trailingDelta": "700", "price": "39000"},
        [],
        ["42000", "39500", "45500", "42316"],
        "42315",
    ),
}
"""Scenarios of the FAQ: the order, prices before it follows them, while it does, and the one that triggers it. The
limit prices of B and C are such that the order is filled.
"""


@pytest.mark.parametrize(("asked", "before", "following", "trigger"), TRAILING.values(), ids=TRAILING)
async def test_a_trailing_order_follows_the_price_and_wakes_when_it_turns_back(
    lab: Lab, asked: dict[str, str], before: list[str], following: list[str], trigger: str
) -> None:
    await lab.move("BTCUSDT", "40000")
    order = {**BTC, **asked, "timeInForce": "GTC", "quantity": "0.01", "newClientOrderId": "mine"}
    await alices(lab, "POST /v1/order", order)
    since = None if before else NOW
    for nth, price in enumerate((*before, *following)):
        lab.clock.time_us += 60_000_000
        await lab.move("BTCUSDT", price)
        if since is None and nth >= len(before):
            since = lab.now_ms
        [shown] = await alices(lab, "GET /v1/openOrders", BTC)
        assert (False, -1, since or -1) == (shown["isWorking"], shown["workingTime"], shown["trailingTime"]), price
    lab.clock.time_us += 60_000_000
    await lab.move("BTCUSDT", trigger)
    shown = await alices(lab, "GET /v1/order", {**BTC, "orderId": 1})
    assert ("FILLED", True, lab.now_ms, since) == tuple(
        shown[name] for name in ("status", "isWorking", "workingTime", "trailingTime")
    )


async def test_an_oco_is_filled_at_its_limit(lab: Lab) -> None:
    await alices(lab, "POST /v1/orderList/oco", {**OCO, **OCO_NAMES})
    assert ("0.99000000", "0.01000000") == (await balances(lab))["BTC"], "funds are locked once"
    assert {"stop": WAITS, "limit": WORKS} == await states(lab)
    await lab.move("BTCUSDT", "51100")
    assert {"stop": EXPIRED_BY_OTHER, "limit": FILLED} == await states(lab)
    assert ALL_DONE == await phase(lab)
    trades = await alices(lab, "GET /v1/myTrades", BTC)
    assert {(2, 1, True)} == {(trade["orderId"], trade["orderListId"], trade["isMaker"]) for trade in trades}


async def test_an_oco_whose_limit_is_touched_is_an_oco_no_more(lab: Lab) -> None:
    await alices(lab, "POST /v1/orderList/oco", {**OCO, **OCO_NAMES})
    await lab.trade("BTCUSDT", "51000", "0.004", Side.BUY)
    assert {"stop": EXPIRED_BY_OTHER, "limit": ("PARTIALLY_FILLED", "0.00400000", True)} == await states(lab)
    assert EXECUTING == await phase(lab)
    cancelled = await alices(lab, "DELETE /v1/order", {**BTC, "orderId": 2})
    assert ["limit"] == [report["origClientOrderId"] for report in cancelled["orderReports"]]
    assert ALL_DONE == await phase(lab)


async def test_an_oco_is_filled_at_its_stop(lab: Lab) -> None:
    await alices(lab, "POST /v1/orderList/oco", {**OCO, **OCO_NAMES})
    await lab.move("BTCUSDT", "48950")
    assert {"stop": FILLED, "limit": OTHER_EXPIRED} == await states(lab)
    assert ALL_DONE == await phase(lab)
    [trade] = await alices(lab, "GET /v1/myTrades", {**BTC, "orderId": 1})
    assert ("48940.00000000", 1, False) == (trade["price"], trade["orderListId"], trade["isMaker"])
    assert [] == await alices(lab, "GET /v1/openOrders", {})


async def test_an_oto_places_the_second_order_when_the_first_is_filled(lab: Lab) -> None:
    await alices(lab, "POST /v1/orderList/oto", {**OTO, **TWO_NAMES})
    assert {"USDT": ("9510.00000000", "490.00000000"), "BTC": ("1.00000000", ZERO)} == await balances(lab)
    await lab.trade("BTCUSDT", "49000", "0.004", Side.SELL)
    assert {"working": ("PARTIALLY_FILLED", "0.00400000", True), "pending": IS_PENDING} == await states(lab)
    await lab.move("BTCUSDT", "48900")
    assert {"working": FILLED, "pending": WAITS} == await states(lab)
    assert EXECUTING == await phase(lab)
    await lab.move("BTCUSDT", "51500")
    assert {"working": FILLED, "pending": FILLED} == await states(lab)
    assert ALL_DONE == await phase(lab)
    trades = await alices(lab, "GET /v1/myTrades", BTC)
    assert [1] == sorted({trade["orderListId"] for trade in trades})


async def test_an_oto_that_is_filled_at_once_still_answers_pending(lab: Lab) -> None:
    """rest-api.md: one needs to query the status of the pending order again."""
    asked = but(OTO, workingPrice="50010", **TWO_NAMES)
    answer = await alices(lab, "POST /v1/orderList/oto", asked)
    assert ["FILLED", "PENDING_NEW"] == [report["status"] for report in answer["orderReports"]]
    assert ("EXEC_STARTED", "EXECUTING") == (answer["listStatusType"], answer["listOrderStatus"])
    assert {"working": FILLED, "pending": WAITS} == await states(lab)


async def test_an_oto_ends_with_its_first_order(lab: Lab) -> None:
    asked = but(OTO, workingTimeInForce="IOC", **TWO_NAMES)
    await alices(lab, "POST /v1/orderList/oto", asked)
    assert {
        "working": ("EXPIRED", ZERO, True, "UNFILLED_IOC_QUANTITY_EXPIRED"),
        "pending": ("EXPIRED", ZERO, False, "OTO_PHASE_ONE_EXPIRED"),
    } == await states(lab)
    assert ALL_DONE == await phase(lab)


async def test_what_cannot_be_placed_when_its_turn_comes_is_rejected(lab: Lab) -> None:
    """A pending order holds nothing: its account may have spent meanwhile what it needs."""
    asked = {**WORKING, "pendingType": "MARKET", "pendingSide": "SELL", "pendingQuantity": "1.2", **TWO_NAMES}
    await alices(lab, "POST /v1/orderList/oto", asked)
    await lab.move("BTCUSDT", "48900")
    assert {"working": FILLED, "pending": ("REJECTED", ZERO, False, "REJECTED")} == await states(lab)
    assert ALL_DONE == await phase(lab)


@pytest.mark.parametrize(
    ("price", "limit", "stop"),
    [("51500", FILLED, EXPIRED_BY_OTHER), ("47900", OTHER_EXPIRED, FILLED)],
    ids=["to its limit", "to its stop"],
)
async def test_an_otoco_goes_through_both_phases(
    lab: Lab, price: str, limit: tuple[Any, ...], stop: tuple[Any, ...]
) -> None:
    await alices(lab, "POST /v1/orderList/otoco", {**OTOCO, **THREE_NAMES})
    assert {"working": WORKS, "limit": IS_PENDING, "stop": IS_PENDING} == await states(lab)
    await lab.move("BTCUSDT", "48950")
    assert {"working": FILLED, "limit": WORKS, "stop": WAITS} == await states(lab)
    assert ["stop", "limit"] == [order["clientOrderId"] for order in await alices(lab, "GET /v1/openOrders", BTC)]
    assert EXECUTING == await phase(lab)
    await lab.move("BTCUSDT", price)
    assert {"working": FILLED, "limit": limit, "stop": stop} == await states(lab)
    assert ALL_DONE == await phase(lab)


async def test_cancelling_a_leg_in_the_second_phase_leaves_what_is_filled(lab: Lab) -> None:
    await alices(lab, "POST /v1/orderList/otoco", {**OTOCO, **THREE_NAMES})
    await lab.move("BTCUSDT", "48950")
    answer = await alices(lab, "DELETE /v1/order", {**BTC, "origClientOrderId": "limit"})
    assert ["stop", "limit"] == [report["origClientOrderId"] for report in answer["orderReports"]]
    assert ["working", "stop", "limit"] == [order["clientOrderId"] for order in answer["orders"]]
    assert {
        "working": FILLED,
        "limit": ("CANCELED", ZERO, True),
        "stop": ("CANCELED", ZERO, False),
    } == await states(lab)
    assert ALL_DONE == await phase(lab)


async def test_an_opo_sells_what_it_bought(lab: Lab) -> None:
    """faqs/opo.md: the commission comes out of what is free, where there is enough."""
    await alices(lab, "POST /v1/orderList/opo", {**OPO, **TWO_NAMES})
    await lab.trade("BTCUSDT", "49000", "0.004", Side.SELL)
    assert ("0.99999600", "0.00400000") == (await balances(lab))["BTC"], "what was bought is kept for the second"
    await lab.move("BTCUSDT", "48900")
    [pending] = await alices(lab, "GET /v1/openOrders", BTC)
    assert ("pending", "NEW", "0.01000000") == (pending["clientOrderId"], pending["status"], pending["origQty"])
    await lab.move("BTCUSDT", "51500")
    assert {"working": FILLED, "pending": FILLED} == await states(lab)
    assert ("0.99999000", ZERO) == (await balances(lab))["BTC"]


async def test_an_opo_that_is_cancelled_gives_back_what_it_kept(lab: Lab) -> None:
    await alices(lab, "POST /v1/orderList/opoco", {**OPOCO, **THREE_NAMES})
    await lab.trade("BTCUSDT", "49000", "0.004", Side.SELL)
    await alices(lab, "DELETE /v1/orderList", {**BTC, "orderListId": 1})
    assert {"USDT": ("9804.00000000", ZERO), "BTC": ("1.00399600", ZERO)} == await balances(lab)
    assert ALL_DONE == await phase(lab)


async def test_an_opoco_sells_once_what_it_bought(lab: Lab) -> None:
    await alices(lab, "POST /v1/orderList/opoco", {**OPOCO, **THREE_NAMES})
    await lab.move("BTCUSDT", "48950")
    quantities = {order["clientOrderId"]: order["origQty"] for order in await alices(lab, "GET /v1/openOrders", BTC)}
    assert {"stop": "0.01000000", "limit": "0.01000000"} == quantities
    assert ("0.99999000", "0.01000000") == (await balances(lab))["BTC"]
    await lab.move("BTCUSDT", "47900")
    assert {"working": FILLED, "limit": OTHER_EXPIRED, "stop": FILLED} == await states(lab)


async def test_an_iceberg_shows_a_part_and_goes_to_the_back_for_the_next(lab: Lab) -> None:
    await alices(lab, "POST /v1/order", {**MAKER, "icebergQty": "0.003", "newClientOrderId": "mine"})
    await lab.bob.signed("POST", "/v1/order", {**LIMIT, "quantity": "0.005"}, time=lab.now_ms)
    shown = []
    for traded in ("0.001", "0.002", "0.005", "0.003", "0.003", "0.001"):
        depth = await lab.alice.public("/v1/depth", BTC)
        executed = (await states(lab))["mine"][1]
        shown.append((dict(depth.json["bids"]).get("49000.00000000"), executed))
        await lab.trade("BTCUSDT", "49000", traded, Side.SELL)
    assert [
        ("0.00800000", ZERO),
        ("0.00700000", "0.00100000"),
        ("0.00800000", "0.00300000"),
        ("0.00300000", "0.00300000"),
        ("0.00300000", "0.00600000"),
        ("0.00100000", "0.00900000"),
    ] == shown
    assert {"mine": FILLED} == await states(lab)


async def test_stops_of_one_trade_enter_in_the_order_of_their_prices(lab: Lab) -> None:
    await lab.deposit("BTC", "3")
    for stop_price, name in (("48000", "far"), ("49000", "near"), ("49500", "nearest")):
        asked = but(STOP, side="SELL", stopPrice=stop_price, quantity="1", newClientOrderId=name)
        await alices(lab, "POST /v1/order", asked)
    await lab.move("BTCUSDT", "47000")
    trades = await alices(lab, "GET /v1/myTrades", BTC)
    assert [(3, "46990.00000000"), (2, "46980.00000000")] == [(each["orderId"], each["price"]) for each in trades]
    assert ("EXPIRED", ZERO, True, "INSUFFICIENT_LIQUIDITY") == (await states(lab))["far"]
