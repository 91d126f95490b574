"""Accounts through the API: balances, fees, trades, unfilled order counts."""

import pytest

from hypersim.engine.commands import SetFees
from tests.api.lab import Lab

BUY = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.01"}
ZEROS = {"maker": "0.00000000", "taker": "0.00000000", "buyer": "0.00000000", "seller": "0.00000000"}


async def test_an_account_is_shown_with_all_assets_or_with_those_it_has(lab: Lab) -> None:
    answer = await lab.bob.signed("GET", "/v1/account", time=lab.now_ms)
    expected = {
        "makerCommission": 10,
        "takerCommission": 10,
        "buyerCommission": 0,
        "sellerCommission": 0,
        "commissionRates": {
            "maker": "0.00100000",
            "taker": "0.00100000",
            "buyer": "0.00000000",
            "seller": "0.00000000",
        },
        "canTrade": True,
        "canWithdraw": True,
        "canDeposit": True,
        "brokered": False,
        "requireSelfTradePrevention": False,
        "preventSor": False,
        "updateTime": lab.now_ms,
        "accountType": "SPOT",
        "balances": [
            {"asset": asset, "free": free, "locked": "0.00000000"}
            for asset, free in (
                ("AAPL", "0.00000000"),
                ("BNB", "0.00000000"),
                ("BTC", "1.00000000"),
                ("ETH", "0.00000000"),
                ("SOL", "0.00000000"),
                ("USDT", "10000.00000000"),
                ("XRP", "0.00000000"),
            )
        ],
        "permissions": ["SPOT"],
        "uid": 2,
    }
    assert expected == answer.json
    short = await lab.bob.signed("GET", "/v1/account", {"omitZeroBalances": "true"}, time=lab.now_ms)
    assert ["BTC", "USDT"] == [row["asset"] for row in short.json["balances"]]


async def test_fees_are_those_of_the_account(lab: Lab) -> None:
    await lab.world.ask(SetFees(1, 20_000, 75_000))
    account = await lab.alice.signed("GET", "/v1/account", time=lab.now_ms)
    assert (2, 7, "0.00020000", "0.00075000") == (
        account.json["makerCommission"],
        account.json["takerCommission"],
        account.json["commissionRates"]["maker"],
        account.json["commissionRates"]["taker"],
    )
    commission = await lab.alice.signed("GET", "/v1/account/commission", {"symbol": "BTCUSDT"}, time=lab.now_ms)
    assert {
        "symbol": "BTCUSDT",
        "standardCommission": {**ZEROS, "maker": "0.00020000", "taker": "0.00075000"},
        "specialCommission": ZEROS,
        "taxCommission": ZEROS,
        "discount": {
            "enabledForAccount": False,
            "enabledForSymbol": False,  # nothing here says what BNB is worth
            "discountAsset": "BNB",
            "discount": "0.75000000",
        },
    } == commission.json
    fees = await lab.alice.signed("GET", "/sapi/v1/asset/tradeFee", {"symbol": "BTCUSDT"}, time=lab.now_ms)
    assert [{"symbol": "BTCUSDT", "makerCommission": "0.00020000", "takerCommission": "0.00075000"}] == fees.json


async def test_a_trade_is_shown_to_whom_it_belongs(lab: Lab) -> None:
    await lab.alice.signed("POST", "/v1/order", BUY, time=lab.now_ms)
    answer = await lab.alice.signed("GET", "/v1/myTrades", {"symbol": "BTCUSDT"}, time=lab.now_ms)
    assert [
        {
            "symbol": "BTCUSDT",
            "id": 2,
            "orderId": 1,
            "orderListId": -1,
            "price": "50010.00000000",
            "qty": "0.01000000",
            "quoteQty": "500.10000000",
            "commission": "0.00001000",
            "commissionAsset": "BTC",
            "time": lab.now_ms,
            "isBuyer": True,
            "isMaker": False,
            "isBestMatch": True,
        }
    ] == answer.json
    bobs = await lab.bob.signed("GET", "/v1/myTrades", {"symbol": "BTCUSDT"}, time=lab.now_ms)
    assert [] == bobs.json


HOUR_MS = 3_600_000

# arguments beside the symbol (times relative to the first trade), then the trade ids or the refusal
SELECTIONS: tuple[tuple[dict[str, int], list[int] | tuple[int, str]], ...] = (
    ({}, [2, 3, 4, 5]),
    ({"limit": 2}, [4, 5]),
    ({"orderId": 2}, [3]),
    ({"fromId": 4}, [4, 5]),
    ({"fromId": 3, "limit": 1}, [3]),
    ({"orderId": 3, "fromId": 1}, [4]),
    ({"orderId": 3, "fromId": 5}, []),
    ({"startTime": 1000}, [3, 4, 5]),
    ({"startTime": 1000, "limit": 1}, [3]),
    ({"endTime": 1000}, [2, 3]),
    ({"endTime": 1000, "limit": 1}, [3]),
    ({"startTime": 1000, "endTime": 2000}, [3, 4]),
    ({"startTime": 1000, "endTime": 1000 + 24 * HOUR_MS}, [3, 4, 5]),
    (
        {"startTime": 1000, "endTime": 1001 + 24 * HOUR_MS},
        (-1127, "More than 24 hours between startTime and endTime."),
    ),
    *(
        (arguments, (-1128, "Combination of optional parameters invalid."))
        for arguments in (
            {"orderId": 1, "startTime": 0},
            {"orderId": 1, "endTime": 0},
            {"fromId": 1, "startTime": 0},
            {"fromId": 1, "endTime": 0},
            {"orderId": 1, "fromId": 1, "startTime": 0},
            {"fromId": 1, "startTime": 0, "endTime": 1000},
        )
    ),
)


@pytest.mark.parametrize(("arguments", "expected"), SELECTIONS)
async def test_trades_are_selected_as_documented(
    lab: Lab, arguments: dict[str, int], expected: list[int] | tuple[int, str]
) -> None:
    """rest-api.md, 'Account trade list'."""
    first_ms = lab.now_ms
    for _ in range(4):
        await lab.alice.signed("POST", "/v1/order", BUY, time=lab.now_ms)
        lab.clock.time_us += 1_000_000
    absolute = {name: value + first_ms if name.endswith("Time") else value for name, value in arguments.items()}
    answer = await lab.alice.signed("GET", "/v1/myTrades", {"symbol": "BTCUSDT", **absolute}, time=lab.now_ms)
    if isinstance(expected, tuple):
        assert (400, {"code": expected[0], "msg": expected[1]}) == (answer.status, answer.json)
    else:
        assert expected == [row["id"] for row in answer.json]


async def test_the_unfilled_order_count_is_shown_with_orders_and_on_request(lab: Lab) -> None:
    resting = {**BUY, "type": "LIMIT", "timeInForce": "GTC", "price": "40000"}
    headers = [
        (await lab.alice.signed("POST", "/v1/order", order, time=lab.now_ms)).headers
        for order in (resting, resting, BUY)
    ]
    assert [("1", "1"), ("2", "2"), ("2", "2")] == [
        (each["X-MBX-ORDER-COUNT-10S"], each["X-MBX-ORDER-COUNT-1D"]) for each in headers
    ]
    lab.clock.time_us += 10_000_000
    counts = await lab.alice.signed("GET", "/v1/rateLimit/order", time=lab.now_ms)
    assert [
        {"rateLimitType": "ORDERS", "interval": "SECOND", "intervalNum": 10, "limit": 100, "count": 0},
        {"rateLimitType": "ORDERS", "interval": "DAY", "intervalNum": 1, "limit": 200_000, "count": 2},
    ] == counts.json


async def test_a_refused_order_is_not_counted(lab: Lab) -> None:
    refused = await lab.alice.signed("POST", "/v1/order", {**BUY, "quantity": "0.5"}, time=lab.now_ms)
    assert -2010 == refused.json["code"]
    assert "X-MBX-ORDER-COUNT-10S" not in refused.headers
    assert (0, 0) == lab.world.limits.orders.counts(1, lab.clock.time_us)
