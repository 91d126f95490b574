"""POST /order/cancelReplace: every row of the table in rest-api.md, 'Cancel an Existing Order and Send a New Order'."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from hypersim.limits import ORDERS_10S
from tests.api.client import Answer
from tests.api.conformance.answers import DONE, Values, alices, cancelled, listed, ordered, placed, queried
from tests.api.conformance.rows import BTC, LIMIT, MAKER, OCO, but
from tests.api.lab import Lab, open_lab

STOP, ALLOW = "STOP_ON_FAILURE", "ALLOW_FAILURE"
NOTHING, CANCEL = "DO_NOTHING", "CANCEL_ONLY"
DID, FAILED, NOT_TRIED = "SUCCESS", "FAILURE", "NOT_ATTEMPTED"
UNKNOWN = {"code": -2011, "msg": "Unknown order sent."}
TAKES = {"code": -2010, "msg": "Order would immediately match and take."}
LIMITED = {"code": -1015, "msg": "Too many new orders; current limit is 100 orders per 10 SECOND."}
GOOD = but(LIMIT, price="48000", newClientOrderId="new")
BAD = but(MAKER, price="50010", newClientOrderId="new")
SENTENCES = {-2021: "Order cancel-replace partially failed.", -2022: "Order cancel-replace failed."}

WITHIN = [
    (STOP, True, True, 200, None, DID, DID),
    (STOP, False, True, 400, -2022, FAILED, NOT_TRIED),
    (STOP, False, False, 400, -2022, FAILED, NOT_TRIED),
    (STOP, True, False, 409, -2021, DID, FAILED),
    (ALLOW, True, True, 200, None, DID, DID),
    (ALLOW, False, False, 400, -2022, FAILED, FAILED),
    (ALLOW, False, True, 409, -2021, FAILED, DID),
    (ALLOW, True, False, 409, -2021, DID, FAILED),
]
"""Mode, whether the cancel and the placement can succeed; status, code and both results."""
EXCEEDED = [
    (STOP, False, 429, -2022, FAILED, NOT_TRIED),
    (STOP, True, 429, -2021, DID, FAILED),
    (ALLOW, False, 400, -2022, FAILED, FAILED),
    (ALLOW, True, 409, -2021, DID, FAILED),
]
"""The same where the account may place no more orders, with CANCEL_ONLY."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def counting_lab() -> AsyncIterator[Lab]:
    """An exchange with rate limits; each test takes ten seconds of its own."""
    async with open_lab(rate_limits=True) as opened:
        yield opened


async def begin(lab: Lab) -> Values:
    """One open order, 'old', ten seconds later; the times of everything that follows."""
    lab.clock.time_us += 10_000_000
    if await alices(lab, "GET /v1/openOrders", BTC):
        await alices(lab, "DELETE /v1/openOrders", BTC)
    old = await alices(lab, "POST /v1/order", {**LIMIT, "newClientOrderId": "old"})
    return {"orderId": old["orderId"], "transactTime": lab.now_ms, "workingTime": lab.now_ms}


async def replace(lab: Lab, arguments: dict[str, str]) -> Answer:
    return await lab.alice.signed("POST", "/v1/order/cancelReplace", arguments, time=lab.now_ms)


async def count(lab: Lab) -> int:
    counts = await alices(lab, "GET /v1/rateLimit/order", {})
    return int(counts[0]["count"])


async def open_names(lab: Lab) -> list[str]:
    return [order["clientOrderId"] for order in await alices(lab, "GET /v1/openOrders", BTC)]


def problem(code: int | None, data: dict[str, Any]) -> dict[str, Any]:
    """The whole body: of a success the data alone."""
    return data if code is None else {"code": code, "msg": SENTENCES[code], "data": data}


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("limit_mode", [NOTHING, CANCEL])
@pytest.mark.parametrize(("mode", "cancels", "places", "status", "code", "cancel", "new"), WITHIN)
async def test_each_half_is_told(
    counting_lab: Lab,
    mode: str,
    cancels: bool,
    places: bool,
    limit_mode: str,
    status: int,
    code: int | None,
    cancel: str,
    new: str,
) -> None:
    lab = counting_lab
    old = await begin(lab)
    answer = await replace(
        lab,
        {
            **(GOOD if places else BAD),
            "cancelReplaceMode": mode,
            "orderRateLimitExceededMode": limit_mode,
            "cancelNewClientOrderId": "the-cancel",
            **({"cancelOrderId": str(old["orderId"])} if cancels else {"cancelOrigClientOrderId": "nobody"}),
        },
    )
    assert "x-mbx-order-count-10s" in answer.headers
    times = {"transactTime": old["transactTime"], "workingTime": old["transactTime"]}
    shown = {**times, "orderId": old["orderId"] + 1, "clientOrderId": "new", "price": "48000.00000000"}
    data = {
        "cancelResult": cancel,
        "newOrderResult": new,
        "cancelResponse": cancelled({**old, "clientOrderId": "old"}, "the-cancel") if cancels else UNKNOWN,
        "newOrderResponse": {DID: placed(shown, "FULL"), FAILED: TAKES, NOT_TRIED: None}[new],
    }
    assert (status, ordered(problem(code, data))) == (answer.status, ordered(answer.json))
    assert [name for name, there in (("old", not cancels), ("new", new == DID)) if there] == await open_names(lab)
    assert 2 == await count(lab), "one of the order before, one of the new one whatever became of it"


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("mode", [STOP, ALLOW])
@pytest.mark.parametrize(
    "limit_mode", [{"orderRateLimitExceededMode": NOTHING}, {}], ids=["DO_NOTHING", "nothing said"]
)
@pytest.mark.parametrize("cancels", [True, False])
async def test_nothing_is_done_for_an_account_with_too_many_orders(
    counting_lab: Lab, mode: str, limit_mode: dict[str, str], cancels: bool
) -> None:
    lab = counting_lab
    old = await begin(lab)
    fill_count(lab)
    target = str(old["orderId"]) if cancels else "77777"
    answer = await replace(lab, {**GOOD, **limit_mode, "cancelReplaceMode": mode, "cancelOrderId": target})
    assert (429, LIMITED) == (answer.status, answer.json)
    assert 1 <= int(answer.headers["retry-after"]) <= 10
    assert ["old"] == await open_names(lab)


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(("mode", "cancels", "status", "code", "cancel", "new"), EXCEEDED)
async def test_an_account_with_too_many_orders_may_still_cancel(
    counting_lab: Lab, mode: str, cancels: bool, status: int, code: int, cancel: str, new: str
) -> None:
    lab = counting_lab
    old = await begin(lab)
    fill_count(lab)
    answer = await replace(
        lab,
        {
            **GOOD,
            "cancelReplaceMode": mode,
            "orderRateLimitExceededMode": CANCEL,
            "cancelNewClientOrderId": "the-cancel",
            "cancelOrderId": str(old["orderId"]) if cancels else "77777",
        },
    )
    data = {
        "cancelResult": cancel,
        "newOrderResult": new,
        "cancelResponse": cancelled({**old, "clientOrderId": "old"}, "the-cancel") if cancels else UNKNOWN,
        "newOrderResponse": None if new == NOT_TRIED else LIMITED,
    }
    assert (status, ordered(problem(code, data))) == (answer.status, ordered(answer.json))
    assert 1 <= int(answer.headers["retry-after"]) <= 10
    assert ([] if cancels else ["old"]) == await open_names(lab)


def fill_count(lab: Lab) -> None:
    """Uses the rest of alice's ten seconds up."""
    ten, _ = lab.world.limits.orders.counts(1, lab.clock.time_us)
    lab.world.limits.orders.take(1, ORDERS_10S.limit - ten, lab.clock.time_us)


@pytest.mark.parametrize(
    ("named", "refusal"),
    [
        ({"cancelOrderId": "1", "cancelOrigClientOrderId": "other"}, "Unknown order sent."),
        ({"cancelOrderId": "2", "cancelOrigClientOrderId": "old"}, "Unknown order sent."),
        (
            {"cancelOrderId": "1", "cancelRestrictions": "ONLY_PARTIALLY_FILLED"},
            "Order was not canceled due to cancel restrictions.",
        ),
    ],
)
async def test_a_cancel_that_the_order_does_not_fit_is_no_cancel(lab: Lab, named: dict[str, str], refusal: str) -> None:
    await alices(lab, "POST /v1/order", {**LIMIT, "newClientOrderId": "old"})
    answer = await replace(lab, {**GOOD, "cancelReplaceMode": STOP, **named})
    data = {
        "cancelResult": FAILED,
        "newOrderResult": NOT_TRIED,
        "cancelResponse": {"code": -2011, "msg": refusal},
        "newOrderResponse": None,
    }
    assert (400, problem(-2022, data)) == (answer.status, answer.json)
    assert ["old"] == await open_names(lab)


@pytest.mark.parametrize(
    "named",
    [
        {"cancelOrderId": "1", "cancelOrigClientOrderId": "old"},
        {"cancelOrigClientOrderId": "old", "cancelRestrictions": "ONLY_NEW"},
    ],
)
async def test_a_cancel_that_the_order_fits_is_one(lab: Lab, named: dict[str, str]) -> None:
    await alices(lab, "POST /v1/order", {**LIMIT, "newClientOrderId": "old"})
    assert 200 == (await replace(lab, {**GOOD, "cancelReplaceMode": STOP, **named})).status
    assert ["new"] == await open_names(lab)


async def test_replacing_one_order_of_a_list_cancels_the_list(lab: Lab) -> None:
    names = {"belowClientOrderId": "below", "aboveClientOrderId": "above", "listClientOrderId": "list"}
    await alices(lab, "POST /v1/orderList/oco", {**OCO, **names})
    arguments = {**GOOD, "cancelReplaceMode": STOP, "cancelOrderId": "2", "cancelNewClientOrderId": "the-cancel"}
    answer = await replace(lab, arguments)
    sells = {"side": "SELL", "orderListId": 1}
    stop = {"price": "48900.00000000", "stopPrice": "49000.00000000", "workingTime": -1, "type": "STOP_LOSS_LIMIT"}
    orders: list[Values] = [
        {**sells, **stop, "clientOrderId": "below", "orderId": 1},
        {**sells, "type": "LIMIT_MAKER", "price": "51000.00000000", "clientOrderId": "above", "orderId": 2},
    ]
    reports = [cancelled(order, "the-cancel") for order in orders]
    expected = {
        "cancelResult": DID,
        "newOrderResult": DID,
        "cancelResponse": listed(DONE, orders, orderReports=reports),
        "newOrderResponse": placed({"orderId": 3, "clientOrderId": "new", "price": "48000.00000000"}, "FULL"),
    }
    assert (200, ordered(expected)) == (answer.status, ordered(answer.json))


async def test_the_new_order_is_paid_with_what_the_cancel_sets_free_and_may_take_its_name(lab: Lab) -> None:
    await alices(lab, "POST /v1/order", {**LIMIT, "quantity": "0.2", "newClientOrderId": "old"})
    changes = {"quantity": "0.2", "newClientOrderId": "old", "newOrderRespType": "ACK"}
    answer = await replace(lab, {**GOOD, **changes, "cancelReplaceMode": STOP, "cancelOrderId": "1"})
    assert placed({"orderId": 2, "clientOrderId": "old"}, "ACK") == answer.json["newOrderResponse"]
    expected = queried({"orderId": 2, "clientOrderId": "old", "price": "48000.00000000", "origQty": "0.20000000"})
    assert [expected] == await alices(lab, "GET /v1/openOrders", BTC)


async def test_a_new_order_that_cannot_be_paid_comes_too_late_for_the_old_one(lab: Lab) -> None:
    await alices(lab, "POST /v1/order", {**LIMIT, "newClientOrderId": "old"})
    answer = await replace(lab, {**GOOD, "quantity": "1", "cancelReplaceMode": STOP, "cancelOrderId": "1"})
    poor = {"code": -2010, "msg": "Account has insufficient balance for requested action."}
    assert (409, poor) == (answer.status, answer.json["data"]["newOrderResponse"])
    assert [] == await open_names(lab)
