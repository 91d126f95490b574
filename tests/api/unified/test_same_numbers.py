"""Both dialects say the same of one world: Binance's answers, read by ccxt, are the unified answers.

ccxt is the oracle: it was written by others, and knows nothing of this dialect.
"""

import random
from typing import Any

import ccxt
import pytest

from hypersim.engine.orders import Side
from tests.api.lab import Lab
from tests.api.unified.client import UnifiedClient

SYMBOLS = ("BTC/USDT", "ETH/USDT")
BEYOND_SPOT = ("reduceOnly", "takeProfitPrice", "stopPrice", "stopLossPrice", "markPrice", "indexPrice")
"""What ccxt has a key for and this dialect has not: a stop price it calls triggerPrice alone."""


@pytest.fixture
async def oracle(lab: Lab) -> Any:
    """A ccxt client that never sends anything; its markets are those of the Binance dialect."""
    exchange = ccxt.binance()
    exchange.options |= {"crossMarginPairsData": [], "isolatedMarginPairsData": []}
    listed = (await lab.alice.public("/v1/exchangeInfo")).json["symbols"]
    exchange.set_markets([exchange.parse_market(row) for row in listed])
    return exchange


def known(structure: dict[str, Any]) -> dict[str, Any]:
    """What this dialect says of a structure of ccxt's."""
    kept = {key: value for key, value in structure.items() if key != "info" and key not in BEYOND_SPOT}
    if "order" in kept and kept["order"] is not None:
        kept["order"] = f"{structure['info']['symbol']}-{kept['order']}"
    return kept


def known_order(structure: dict[str, Any]) -> dict[str, Any]:
    kept = known(structure) | {"id": f"{structure['info']['symbol']}-{structure['id']}"}
    if kept["postOnly"]:
        kept["timeInForce"] = "PO"  # as CCXT's manual has it; from Binance it takes Binance's word
    return kept


def close(value: Any) -> Any:
    """Numbers as ccxt has them, which are floats."""
    if isinstance(value, dict):
        return {key: close(each) for key, each in value.items()}
    if isinstance(value, list):
        return [close(each) for each in value]
    return value if value is None or isinstance(value, (str, bool)) else float(value)


def close_order(order: dict[str, Any]) -> dict[str, Any]:
    """The same; what an order paid on average is a quotient, which ccxt rounds later than this dialect."""
    shown: dict[str, Any] = close(order)
    return {
        key: pytest.approx(each, abs=5e-9) if key in ("average", "price") and each else each
        for key, each in shown.items()
    }


async def trade_at_random(lab: Lab, clients: tuple[UnifiedClient, ...], chance: random.Random) -> None:
    """Orders, cancels and outside trades of two accounts on two markets."""
    lab.clock.time_us += chance.randrange(1, 40_000_000)
    symbol, middle = chance.choice((("BTC/USDT", 50000), ("ETH/USDT", 2500)))
    price = round(middle * chance.uniform(0.998, 1.002), 2)
    client = chance.choice(clients)
    side = chance.choice(("buy", "sell"))
    amount = round(chance.uniform(0.01, 0.05), 4)
    match chance.randrange(6):
        case 0 | 1:
            more = chance.choice(({}, {"timeInForce": "IOC"}, {"timeInForce": "FOK"}, {"postOnly": True}))
            await client.order(symbol=symbol, type="limit", side=side, amount=amount, price=price, **more)
        case 2:
            await client.order(symbol=symbol, type="market", side=side, amount=amount)
        case 3:
            await client.order(symbol=symbol, type="market", side=side, cost=round(chance.uniform(10, 400), 2))
        case 4:
            await client.cancel(f"{symbol.replace('/', '')}-{chance.randrange(1, 20)}")
        case 5:
            aggressor = chance.choice(list(Side))
            await lab.trade(symbol.replace("/", ""), f"{price:.2f}", f"{amount:.4f}", aggressor)


@pytest.mark.parametrize("seed", range(3))
async def test_both_dialects_say_the_same(
    lab: Lab, oracle: Any, alice: UnifiedClient, bob: UnifiedClient, seed: int
) -> None:
    chance = random.Random(seed)
    await lab.ladder("ETHUSDT", {"2499.5": "2", "2499": "5"}, {"2500.5": "2", "2501": "5"})
    for _ in range(150):
        await trade_at_random(lab, (alice, bob), chance)
    for client, account in ((alice, lab.alice), (bob, lab.bob)):
        for symbol in SYMBOLS:
            market = oracle.market(symbol)
            named = {"symbol": market["id"]}
            theirs = (await account.signed("GET", "/v1/allOrders", named, time=lab.now_ms)).json
            ours = (await client.get(f"/orders?symbol={symbol}")).json
            assert len(theirs) > 5
            assert [known_order(oracle.parse_order(row, market)) for row in theirs] == [
                close_order(row) for row in ours
            ]
            assert [row for row in ours if row["status"] != "open"] == (
                await client.get(f"/orders/closed?symbol={symbol}")
            ).json
            theirs = (await account.signed("GET", "/v1/openOrders", named, time=lab.now_ms)).json
            ours = (await client.get(f"/orders/open?symbol={symbol}")).json
            assert [known_order(oracle.parse_order(row, market)) for row in theirs] == [
                close_order(row) for row in ours
            ]
            theirs = (await account.signed("GET", "/v1/myTrades", named, time=lab.now_ms)).json
            ours = (await client.get(f"/myTrades?symbol={symbol}")).json
            assert [known(oracle.parse_trade(row, market)) for row in theirs] == close(ours)
        theirs = (await account.signed("GET", "/v1/account", time=lab.now_ms)).json
        assert known(oracle.parse_balance_custom(theirs, "spot")) == close((await client.get("/balance")).json)


@pytest.mark.parametrize("seed", range(3, 5))
async def test_both_dialects_say_the_same_of_markets(
    lab: Lab, oracle: Any, alice: UnifiedClient, bob: UnifiedClient, seed: int
) -> None:
    chance = random.Random(seed)
    await lab.ladder("ETHUSDT", {"2499.5": "2", "2499": "5"}, {"2500.5": "2", "2501": "5"})
    for _ in range(100):
        await trade_at_random(lab, (alice, bob), chance)
    markets = {market["symbol"]: market for market in (await alice.public("/markets")).json}
    for symbol in SYMBOLS:
        market = oracle.market(symbol)
        named = {"symbol": market["id"]}
        shown = markets[symbol]
        ours = shown | {"limits": {key: each for key, each in shown["limits"].items() if key != "market"}}
        theirs = {key: market[key] for key in shown} | {
            "limits": {key: market["limits"][key] for key in ("amount", "price", "cost")},
            "taker": 0.001,  # ccxt has it from a table of its own
            "maker": 0.001,
        }
        assert theirs == close(ours)
        ticker = oracle.parse_ticker((await lab.alice.public("/v1/ticker/24hr", named)).json, market)
        ours = (await alice.public(f"/ticker/{symbol}")).json
        average = pytest.approx((ticker["open"] + ticker["close"]) / 2)  # ccxt cuts it to the tick
        nothing = ("previousClose", "bidVolume", "askVolume")  # 0 where there is none, at Binance
        theirs = known(ticker) | {"average": average} | {key: ticker[key] or None for key in nothing}
        assert theirs == close(ours)
        trades = [oracle.parse_trade(row, market) for row in (await lab.alice.public("/v1/trades", named)).json]
        ours = (await alice.public(f"/trades/{symbol}")).json
        assert len(ours) > 5
        assert [known(row) | {"fee": None} for row in trades] == close(ours)
        rows = (await lab.alice.public("/v1/klines", named | {"interval": "1m", "limit": 20})).json
        ours = (await alice.public(f"/ohlcv/{symbol}?timeframe=1m&limit=20")).json
        assert [oracle.parse_ohlcv(row) for row in rows] == close(ours)
        book = oracle.parse_order_book((await lab.alice.public("/v1/depth", named)).json, symbol)
        ours = (await alice.public(f"/orderbook/{symbol}")).json
        assert (book["bids"], book["asks"]) == (close(ours["bids"]), close(ours["asks"]))
