"""exchangeInfo, of now and of years ago, as markets of ours; and what a world lists of them."""

import gzip
import json
import os
import random
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from hypersim.engine.commands import PutAsset, PutMarket
from hypersim.engine.market import Asset, Market, MarketStatus
from hypersim.engine.orders import OrderType, SelfTradePrevention
from hypersim.feeds.base import FeedFailed
from hypersim.feeds.binance.answers import ExchangeInfo
from hypersim.feeds.binance.listing import read_listing
from hypersim.units import ONE, parse, show
from tests.api.lab import Lab, open_lab
from tests.feeds.listings import BITCOIN, FILTERS_OF_2021, Filters, answer, changed, symbol, without
from tests.feeds.markets import FILE

RECORDED = os.environ.get("HYPERSIM_RECORDED_DATA")
TAKER, MAKER, BOTH = (
    SelfTradePrevention.EXPIRE_TAKER,
    SelfTradePrevention.EXPIRE_MAKER,
    SelfTradePrevention.EXPIRE_BOTH,
)
NEVER = SelfTradePrevention.NONE


def only(symbol: dict[str, Any]) -> Market:
    [market] = read_listing(answer([symbol])).markets.values()
    return market


def test_a_symbol_of_today_keeps_its_grid_its_bounds_and_what_of_its_order_kinds_there_is() -> None:
    assert BITCOIN == only(symbol())


def test_a_symbol_of_2021_is_read_by_the_filters_of_its_time() -> None:
    old = symbol(
        filters=FILTERS_OF_2021,
        permissions=["SPOT", "MARGIN"],
        permissionSets=None,
        defaultSelfTradePreventionMode=None,
        allowedSelfTradePreventionModes=None,
    )

    assert only(old) == replace(
        BITCOIN,
        market_max_quantity=0,
        min_notional=parse("10"),
        max_notional=0,
        average_price_minutes=3,
        ask_multiplier_up=parse("5"),
        ask_multiplier_down=parse("0.2"),
        percent_by_side=False,
        notional_range=False,
        max_num_algo_orders=0,
        max_num_order_lists=0,
        max_num_order_amends=0,
        iceberg_parts=0,
        trailing_above=(0, 0),
        trailing_below=(0, 0),
        max_position=parse("43"),
        allowed_self_trade_prevention=tuple(SelfTradePrevention),
    )


@pytest.mark.parametrize(
    ("status", "here"),
    [
        ("TRADING", MarketStatus.TRADING),
        ("BREAK", MarketStatus.BREAK),
        ("HALT", MarketStatus.HALT),
        ("END_OF_DAY", MarketStatus.HALT),
        ("PRE_TRADING", MarketStatus.HALT),
        ("POST_TRADING", MarketStatus.HALT),
        ("AUCTION_MATCH", MarketStatus.HALT),
        ("CANCEL_ONLY", MarketStatus.CANCEL_ONLY),
        ("SOMETHING_NEW", MarketStatus.HALT),
    ],
)
def test_a_market_that_does_not_trade_as_usual_is_halted_here(status: str, here: MarketStatus) -> None:
    assert replace(BITCOIN, status=here) == only(symbol(status=status))


@pytest.mark.parametrize(
    ("changes", "is_spot"),
    [
        ({"permissionSets": [["SPOT", "MARGIN"]]}, True),
        ({"permissionSets": [["SPOT", "TRD_GRP_002"], ["SPOT", "LEVERAGED"]]}, True),
        ({"permissionSets": [["MARGIN", "TRD_GRP_002"]]}, False),
        ({"permissionSets": [["SPOT"], ["TRD_GRP_002"]]}, False),
        ({"permissionSets": [], "permissions": []}, True),
        ({"permissionSets": [], "permissions": [], "isSpotTradingAllowed": False}, False),
        ({"permissionSets": None, "permissions": ["SPOT", "MARGIN"]}, True),
        ({"permissionSets": None, "permissions": ["LEVERAGED"]}, False),
        ({"permissionSets": None, "permissions": ["SPOT"], "isSpotTradingAllowed": False}, False),
    ],
)
def test_only_what_a_spot_account_may_trade_is_listed(changes: dict[str, Any], is_spot: bool) -> None:
    found = read_listing(answer([symbol("ETH"), symbol(**changes)]))

    assert (["ETHUSDT", "BTCUSDT"] if is_spot else ["ETHUSDT"], {}) == (list(found.markets), found.left_out)


@pytest.mark.parametrize(
    ("filters", "changes"),
    [
        (changed("MARKET_LOT_SIZE", maxQty="9000"), {"market_max_quantity": 0}),
        (
            changed("MARKET_LOT_SIZE", minQty="0.1", stepSize="0.01"),
            {"market_min_quantity": parse("0.1"), "market_step_size": parse("0.01")},
        ),
        (without("MARKET_LOT_SIZE"), {"market_max_quantity": 0}),
        (changed("NOTIONAL", maxNotional="92233720368.54775807"), {"max_notional": 0}),
        (
            changed("NOTIONAL", applyMinToMarket=False, applyMaxToMarket=True),
            {"apply_min_to_market": False, "apply_max_to_market": True},
        ),
        (without("NOTIONAL"), {"min_notional": 0, "max_notional": 0}),
        (changed("MAX_NUM_ORDERS", maxNumOrders=2**31 - 1), {"max_num_orders": 0}),
        (without("MAX_NUM_ORDERS"), {"max_num_orders": 0}),
        (changed("PERCENT_PRICE_BY_SIDE", avgPriceMins=0), {"average_price_minutes": 0}),
        (
            without("PERCENT_PRICE_BY_SIDE"),
            {
                "bid_multiplier_up": 0,
                "bid_multiplier_down": 0,
                "ask_multiplier_up": 0,
                "ask_multiplier_down": 0,
            },
        ),
        (changed("PRICE_FILTER", minPrice="0.00000000", maxPrice="0"), {"min_price": 0, "max_price": 0}),
        (
            without("ICEBERG_PARTS", "TRAILING_DELTA", "MAX_NUM_ALGO_ORDERS"),
            {"iceberg_parts": 0, "trailing_above": (0, 0), "trailing_below": (0, 0), "max_num_algo_orders": 0},
        ),
        (
            without("MAX_NUM_ORDER_LISTS", "MAX_NUM_ORDER_AMENDS"),
            {"max_num_order_lists": 0, "max_num_order_amends": 0},
        ),
        (
            changed("TRAILING_DELTA", minTrailingAboveDelta=5, maxTrailingBelowDelta=900),
            {"trailing_above": (5, 2000), "trailing_below": (10, 900)},
        ),
    ],
)
def test_a_bound_that_is_not_there_binds_nobody(filters: Filters, changes: dict[str, Any]) -> None:
    assert replace(BITCOIN, **changes) == only(symbol(filters=filters))


@pytest.mark.parametrize(
    ("changes", "here"),
    [
        ({"orderTypes": ["MARKET", "SOMETHING_NEW", "LIMIT"]}, {"order_types": (OrderType.MARKET, OrderType.LIMIT)}),
        (
            {"defaultSelfTradePreventionMode": "NONE", "allowedSelfTradePreventionModes": ["NONE", "SOMETHING_NEW"]},
            {"default_self_trade_prevention": NEVER, "allowed_self_trade_prevention": (NEVER,)},
        ),
        (
            {"defaultSelfTradePreventionMode": "SOMETHING_NEW"},
            {"default_self_trade_prevention": MAKER},
        ),
        (
            {"defaultSelfTradePreventionMode": "SOMETHING_NEW", "allowedSelfTradePreventionModes": ["EXPIRE_TAKER"]},
            {"default_self_trade_prevention": TAKER, "allowed_self_trade_prevention": (TAKER,)},
        ),
        (
            {"icebergAllowed": False, "allowTrailingStop": False, "amendAllowed": False},
            {"iceberg_allowed": False, "trailing_allowed": False, "amend_allowed": False},
        ),
        (
            {"ocoAllowed": False, "otoAllowed": False, "opoAllowed": False, "pegInstructionsAllowed": False},
            {"oco_allowed": False, "oto_allowed": False, "opo_allowed": False, "peg_allowed": False},
        ),
        (
            {"cancelReplaceAllowed": False, "quoteOrderQtyMarketAllowed": False},
            {"replace_allowed": False, "quote_quantity_allowed": False},
        ),
        ({"baseAssetPrecision": 2, "quoteAssetPrecision": 10}, {"base_precision": 2, "quote_precision": 8}),
    ],
)
def test_what_the_engine_lacks_is_not_listed(changes: dict[str, Any], here: dict[str, Any]) -> None:
    assert replace(BITCOIN, **here) == only(symbol(**changes))


@pytest.mark.parametrize(
    ("left_out", "why"),
    [
        (symbol(filters=changed("PRICE_FILTER", tickSize="0.0000000001")), "more than 8 decimals: '0.0000000001'"),
        (symbol(filters=changed("LOT_SIZE", stepSize="1e-5")), "not a decimal: '1e-5'"),
        (symbol(filters=changed("LOT_SIZE", stepSize="0.00000000")), "it has no tick or no step"),
        (symbol(filters=without("PRICE_FILTER")), "it has no PRICE_FILTER or no LOT_SIZE"),
        (symbol(orderTypes=["SOMETHING_NEW"]), "it has no order type that there is here"),
        (symbol("btc"), "its name is none that there can be here"),
        (symbol("B/C"), "its name is none that there can be here"),
        (symbol("A" * 40, "B" * 11), "its name is none that there can be here"),
        (symbol(symbol="BTC-USDT"), "it is not called BTCUSDT"),
    ],
)
def test_what_cannot_be_had_here_is_left_out_with_the_reason(left_out: dict[str, Any], why: str) -> None:
    found = read_listing(answer([symbol("ETH"), left_out]))

    assert (["ETHUSDT"], {left_out["symbol"]: why}) == (list(found.markets), found.left_out)


def test_how_many_are_left_out_is_said_with_the_first_few() -> None:
    small = [symbol(f"COIN{number}", orderTypes=[]) for number in range(4)]
    why = "it has no order type that there is here"

    assert read_listing(answer([symbol(), *small])).left_out_in_words == (
        "spot symbols of the upstream that cannot be traded here: 4 "
        f"(COIN0USDT: {why}; COIN1USDT: {why}; COIN2USDT: {why})"
    )


@pytest.mark.parametrize("name", ["1000SATS", "1MBABYDOGE", "1000CHEEMS", "币安人生", "这是测试币", "BTÇ", "4"])
def test_long_names_and_those_of_other_scripts_are_names(name: str) -> None:
    assert replace(BITCOIN, symbol=f"{name}USDT", base=name) == only(symbol(name))


def test_an_answer_without_a_spot_market_is_no_listing() -> None:
    with pytest.raises(FeedFailed, match="the upstream lists no spot market"):
        read_listing(answer([]))


def anyhow(chance: random.Random, number: int) -> Market:
    """A market with any rules that can be shown."""

    def some(most: int, least: int = 1) -> int:
        return chance.choice((0, chance.randint(least, most)))

    modes = chance.sample(list(SelfTradePrevention), chance.randint(1, 4))
    most = chance.randint(10, 10**18)
    by_side, in_range = chance.random() < 0.5, chance.random() < 0.5
    bids = some(10 * ONE), some(ONE)
    return Market(
        symbol=f"COIN{number}USDT",
        base=f"COIN{number}",
        quote="USDT",
        status=chance.choice(list(MarketStatus)),
        min_price=some(10**12),
        max_price=some(10**18),
        tick_size=chance.randint(1, 10**10),
        min_quantity=some(10**12),
        max_quantity=most,
        step_size=chance.randint(1, 10**10),
        market_min_quantity=some(10**12),
        market_max_quantity=some(most - 1),
        market_step_size=some(10**10),
        min_notional=some(10**12),
        max_notional=some(10**18) if in_range else 0,
        apply_min_to_market=chance.random() < 0.5,
        apply_max_to_market=in_range and chance.random() < 0.5,
        average_price_minutes=some(60),
        bid_multiplier_up=bids[0],
        bid_multiplier_down=bids[1],
        ask_multiplier_up=some(10 * ONE) if by_side else bids[0],
        ask_multiplier_down=some(ONE) if by_side else bids[1],
        max_num_orders=some(1000),
        max_num_algo_orders=some(100),
        max_num_iceberg_orders=some(100),
        max_num_order_lists=some(100),
        max_num_order_amends=some(100),
        iceberg_parts=some(100),
        max_position=some(10**18),
        trailing_above=(some(100), some(2000)),
        trailing_below=(some(100), some(2000)),
        percent_by_side=by_side,
        notional_range=in_range,
        iceberg_allowed=chance.random() < 0.5,
        oco_allowed=chance.random() < 0.5,
        oto_allowed=chance.random() < 0.5,
        opo_allowed=chance.random() < 0.5,
        quote_quantity_allowed=chance.random() < 0.5,
        trailing_allowed=chance.random() < 0.5,
        replace_allowed=chance.random() < 0.5,
        amend_allowed=chance.random() < 0.5,
        peg_allowed=chance.random() < 0.5,
        base_precision=chance.randint(0, 8),
        quote_precision=chance.randint(0, 8),
        order_types=tuple(chance.sample(list(OrderType), chance.randint(1, 3))),
        default_self_trade_prevention=modes[0],
        allowed_self_trade_prevention=tuple(chance.sample(modes, len(modes))),
    )


async def listed_by(lab: Lab, query: str = "") -> dict[str, Market]:
    """The markets of another exchange of this kind, by what it answers."""
    shown = (await lab.alice.public(f"/api/v3/exchangeInfo{query}")).json
    return read_listing(msgspec.convert(shown, ExchangeInfo)).markets


async def test_another_exchange_of_this_kind_lists_what_it_has() -> None:
    chance = random.Random(3)
    markets = [anyhow(chance, number) for number in range(100)]
    async with open_lab() as lab:
        for market in markets:
            await lab.world.ask(PutAsset(Asset(market.base)))
            await lab.world.ask(PutMarket(market))

        assert {market.symbol: market for market in (*FILE.markets, *markets)} == await listed_by(lab)


@pytest.mark.skipif(not RECORDED, reason="HYPERSIM_RECORDED_DATA names no folder with recorded data")
def test_recorded_symbols_keep_every_bound_as_it_was_written() -> None:
    with gzip.open(Path(RECORDED or "") / "gocryptotrader" / "http.json.gz") as file:
        [recorded] = json.load(file)["routes"]["/api/v3/exchangeInfo"]["GET"]
    found = read_listing(msgspec.convert(recorded["data"], ExchangeInfo))

    assert (25, {}) == (len(found.markets), found.left_out)
    for written in recorded["data"]["symbols"]:
        market = found.markets[written["symbol"]]
        filters = {each.pop("filterType"): each for each in written["filters"]}
        assert written["status"] == market.status.value
        assert filters["PRICE_FILTER"] == {
            "minPrice": show(market.min_price),
            "maxPrice": show(market.max_price),
            "tickSize": show(market.tick_size),
        }
        assert filters["LOT_SIZE"] == {
            "minQty": show(market.min_quantity),
            "maxQty": show(market.max_quantity),
            "stepSize": show(market.step_size),
        }
        assert filters.get("MARKET_LOT_SIZE", {}).get("maxQty", show(0)) == show(market.market_max_quantity)
        assert filters["NOTIONAL"]["minNotional"] == show(market.min_notional)
        assert filters["NOTIONAL"]["maxNotional"] == show(market.max_notional)
