"""The scenarios of faqs/stp_faq.md, answer by answer: its prices times 100, on BNBUSDT, where nobody else is.

Alice places the makers, to buy, in mode NONE unless another is said, then the taker, to sell.
"""

from types import MappingProxyType
from typing import Any, NamedTuple

import pytest

from tests.api.conformance.answers import NOW, ZERO, Values, alices, ordered, placed, queried
from tests.api.lab import Lab

BNB = {"symbol": "BNBUSDT"}
IN_MATCH = "EXPIRED_IN_MATCH"


class Maker(NamedTuple):
    """An order on the book, and what is shown of it afterwards."""

    quantity: str
    price: str
    shown: Values = MappingProxyType({})
    mode: str = "NONE"


class Scenario(NamedTuple):
    """Makers and a taker, what the taker's placement tells, what queries show of it, and the matches."""

    makers: tuple[Maker, ...]
    taker: dict[str, str]
    told: Values
    asked: Values
    matches: list[dict[str, Any]]


def match(number: int, maker: int, price: str, *, taker: str = "", of_maker: str = "") -> dict[str, Any]:
    """A prevented match as the taker's placement tells it; what it took out of either order."""
    quantities = {"takerPreventedQuantity": taker, "makerPreventedQuantity": of_maker}
    return {
        "preventedMatchId": number,
        "makerSymbol": "BNBUSDT",
        "makerOrderId": maker,
        "price": price,
        **{name: quantity for name, quantity in quantities.items() if quantity},
    }


def ended(number: int, quantity: str) -> Values:
    return {"status": IN_MATCH, "preventedMatchId": number, "preventedQuantity": quantity}


def lowered(number: int, quantity: str) -> Values:
    return {**ended(number, quantity), "status": "NEW"}


def sell(mode: str, quantity: str, price: str = "100") -> dict[str, str]:
    return {
        **BNB,
        "side": "SELL",
        "type": "LIMIT",
        "timeInForce": "GTC",
        "quantity": quantity,
        "price": price,
        "selfTradePreventionMode": mode,
    }


def market(mode: str, quantity: str) -> dict[str, str]:
    return {**BNB, "side": "SELL", "type": "MARKET", "quantity": quantity, "selfTradePreventionMode": mode}


THREE = (Maker("1.2", "120"), Maker("1.3", "110"), Maker("8.1", "100"))
TRADED = {"status": "FILLED", "executedQty": "1.00000000", "cummulativeQuoteQty": "100.00000000"}

SCENARIOS = {
    "A": Scenario((Maker("1", "100", TRADED),), sell("NONE", "1"), TRADED, TRADED, []),
    "B": Scenario(
        (
            THREE[0]._replace(shown=ended(0, "1.20000000")),
            THREE[1]._replace(shown=ended(1, "1.30000000")),
            THREE[2]._replace(shown=ended(2, "8.10000000")),
        ),
        sell("EXPIRE_MAKER", "3"),
        {},
        {},
        [
            match(0, 1, "120.00000000", of_maker="1.20000000"),
            match(1, 2, "110.00000000", of_maker="1.30000000"),
            match(2, 3, "100.00000000", of_maker="8.10000000"),
        ],
    ),
    "C": Scenario(
        THREE,
        sell("EXPIRE_TAKER", "3"),
        {"status": IN_MATCH, "preventedQuantity": "3.00000000"},
        ended(0, "3.00000000"),
        [match(0, 1, "120.00000000", taker="3.00000000")],
    ),
    "D": Scenario(
        (Maker("1", "100", ended(0, "1.00000000")),),
        sell("EXPIRE_BOTH", "3"),
        {"status": IN_MATCH, "preventedQuantity": "3.00000000"},
        ended(0, "3.00000000"),
        [match(0, 1, "100.00000000", taker="3.00000000", of_maker="1.00000000")],
    ),
    "E": Scenario(
        (Maker("1", "100", mode="EXPIRE_MAKER"),),
        sell("EXPIRE_TAKER", "1"),
        {"status": IN_MATCH, "preventedQuantity": "1.00000000"},
        ended(0, "1.00000000"),
        [match(0, 1, "100.00000000", taker="1.00000000")],
    ),
    "F": Scenario(
        (Maker("1", "100", ended(0, "1.00000000")),),
        market("EXPIRE_MAKER", "1"),
        {"status": "EXPIRED", "expiryReason": "INSUFFICIENT_LIQUIDITY"},
        {"status": "EXPIRED", "expiryReason": "INSUFFICIENT_LIQUIDITY"},
        [match(0, 1, "100.00000000", of_maker="1.00000000")],
    ),
    "G": Scenario(
        (Maker("6", "200", lowered(0, "2.00000000")),),
        sell("DECREMENT", "2", "200"),
        {"status": IN_MATCH, "preventedQuantity": "2.00000000"},
        ended(0, "2.00000000"),
        [match(0, 1, "200.00000000", taker="2.00000000", of_maker="2.00000000")],
    ),
    "G, the other way round": Scenario(
        (Maker("2", "200", ended(0, "2.00000000")),),
        sell("DECREMENT", "6", "200"),
        {"preventedQuantity": "2.00000000"},
        lowered(0, "2.00000000"),
        [match(0, 1, "200.00000000", taker="2.00000000", of_maker="2.00000000")],
    ),
    "H, within one account": Scenario(
        (Maker("0.6", "20", lowered(0, "0.30000000"), "TRANSFER"),),
        sell("TRANSFER", "0.3", "20"),
        {"status": IN_MATCH, "preventedQuantity": "0.30000000"},
        ended(0, "0.30000000"),
        [match(0, 1, "20.00000000", taker="0.30000000", of_maker="0.30000000")],
    ),
}


def eight(text: str) -> str:
    whole, _, fraction = text.partition(".")
    return f"{whole}.{fraction.ljust(8, '0')}"


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
async def test_a_match_of_an_account_with_itself_is_told_as_in_the_faq(lab: Lab, scenario: Scenario) -> None:
    await lab.deposit("BNB", "20")
    for nth, maker in enumerate(scenario.makers, 1):
        arguments = sell(maker.mode, maker.quantity, maker.price) | {"side": "BUY", "newClientOrderId": f"maker{nth}"}
        await alices(lab, "POST /v1/order", arguments)
    taker_id = len(scenario.makers) + 1
    taken = scenario.taker
    taker: Values = {
        **BNB,
        "orderId": taker_id,
        "clientOrderId": "taker",
        "side": "SELL",
        "type": taken["type"],
        "price": eight(taken["price"]) if "price" in taken else ZERO,
        "origQty": eight(taken["quantity"]),
        "selfTradePreventionMode": taken["selfTradePreventionMode"],
    }
    answer = await alices(lab, "POST /v1/order", {**taken, "newClientOrderId": "taker"})
    fills = answer["fills"]
    matches = {"preventedMatches": scenario.matches} if scenario.matches else {}
    expected = placed({**taker, "fills": fills, **matches, **scenario.told}, "FULL")
    assert ordered(expected) == ordered(answer)
    assert (scenario.told.get("executedQty", "0.0") == "0.0") is (fills == [])
    shown = queried({**taker, **scenario.asked})
    assert ordered(shown) == ordered(await alices(lab, "GET /v1/order", {**BNB, "orderId": taker_id}))
    for nth, maker in enumerate(scenario.makers, 1):
        order: Values = {
            **BNB,
            "orderId": nth,
            "clientOrderId": f"maker{nth}",
            "price": eight(maker.price),
            "origQty": eight(maker.quantity),
            "selfTradePreventionMode": maker.mode,
            **maker.shown,
        }
        assert ordered(queried(order)) == ordered(await alices(lab, "GET /v1/order", {**BNB, "orderId": nth}))


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
async def test_prevented_matches_are_found_by_themselves_and_by_either_order(lab: Lab, scenario: Scenario) -> None:
    await lab.deposit("BNB", "20")
    for maker in scenario.makers:
        await alices(lab, "POST /v1/order", sell(maker.mode, maker.quantity, maker.price) | {"side": "BUY"})
    await alices(lab, "POST /v1/order", scenario.taker)
    taker_id = len(scenario.makers) + 1
    rows = [
        {
            **BNB,
            "preventedMatchId": each["preventedMatchId"],
            "takerOrderId": taker_id,
            "makerSymbol": "BNBUSDT",
            "makerOrderId": each["makerOrderId"],
            "tradeGroupId": -1,
            "selfTradePreventionMode": scenario.taker["selfTradePreventionMode"],
            "price": each["price"],
            **{name: value for name, value in each.items() if name.endswith("PreventedQuantity")},
            "transactTime": NOW,
        }
        for each in scenario.matches
    ]
    query = "GET /v1/myPreventedMatches"
    assert ordered(rows) == ordered(await alices(lab, query, {**BNB, "orderId": taker_id}))
    for row in rows:
        assert [row] == await alices(lab, query, {**BNB, "preventedMatchId": row["preventedMatchId"]})
        assert [row] == await alices(lab, query, {**BNB, "orderId": row["makerOrderId"]})
    later = {**BNB, "orderId": taker_id, "fromPreventedMatchId": 1}
    assert rows[1:] == await alices(lab, query, later)
    assert rows[1:2] == await alices(lab, query, {**later, "limit": 1})
    foreign = await lab.bob.signed("GET", "/v1/myPreventedMatches", {**BNB, "orderId": taker_id}, time=lab.now_ms)
    assert [] == foreign.json


async def test_what_is_only_reported_names_the_match(lab: Lab) -> None:
    """Conditional fields: preventedMatchId, where newOrderRespType is RESULT and the matches are not shown."""
    await lab.deposit("BNB", "20")
    await alices(lab, "POST /v1/order", sell("NONE", "1") | {"side": "BUY"})
    answer = await alices(lab, "POST /v1/order", sell("EXPIRE_TAKER", "1") | {"newOrderRespType": "RESULT"})
    assert (0, "1.00000000") == (answer["preventedMatchId"], answer["preventedQuantity"])
    assert "preventedMatches" not in answer


async def test_the_market_gives_the_mode_that_nobody_asked_for(lab: Lab) -> None:
    order = {name: value for name, value in sell("", "1").items() if name != "selfTradePreventionMode"}
    await lab.deposit("BNB", "20")
    answer = await alices(lab, "POST /v1/order", order)
    info = await lab.alice.public("/v1/exchangeInfo", BNB)
    [symbol] = info.json["symbols"]
    assert symbol["defaultSelfTradePreventionMode"] == answer["selfTradePreventionMode"]
