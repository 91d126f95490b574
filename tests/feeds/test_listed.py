"""What a world lists: the file's markets and the upstream's, by the settings."""

from typing import Any

import pytest
from msgspec.structs import asdict, replace

from hypersim.engine.market import Asset, MarketStatus
from hypersim.errors import SettingsError
from hypersim.feeds.binance.listing import has_say, list_markets, read_listing
from hypersim.markets import Listed, MarketsFile, Remembered
from hypersim.resources import folder
from hypersim.settings import read_settings
from tests.feeds.listings import BITCOIN, answer, changed, many, symbol
from tests.feeds.markets import FILE


def listed(
    *symbols: dict[str, Any], wanted: str = "", file: MarketsFile = FILE, sources: tuple[str, ...] = ("binance",)
) -> Listed:
    """What a world lists whose upstream answered with these symbols."""
    settings = read_settings(folder("config"), {"symbols": wanted}, environment={})
    return list_markets(file, settings, sources, read_listing(answer(symbols)))


def silent(wanted: str = "") -> Listed:
    settings = read_settings(folder("config"), {"symbols": wanted}, environment={})
    return list_markets(FILE, settings, ("binance",), None, silent=True)


def slower(symbol: str) -> MarketsFile:
    """The file, with other realism of one market."""
    markets = tuple(
        replace(each, recovery_half_life_ms=None, queue_exponent=3) if each.symbol == symbol else each
        for each in FILE.markets
    )
    return replace(FILE, markets=markets)


def test_a_listed_market_has_the_upstreams_rules_and_the_files_realism() -> None:
    found = listed(symbol(), file=slower("BTCUSDT"))

    assert (replace(BITCOIN, recovery_half_life_ms=None, queue_exponent=3), *FILE.markets[1:]) == found.markets
    assert (FILE.assets, Remembered(frozenset({"BTCUSDT"}))) == (found.assets, found.upstream)


def test_a_market_with_another_name_upstream_has_that_ones_rules_under_its_own() -> None:
    named = replace(FILE, names={"ETHUSDT": {"binance": "BTCUSDT"}})

    assert replace(BITCOIN, symbol="ETHUSDT", base="ETH") == listed(symbol(), file=named).markets[1]


@pytest.mark.parametrize(
    ("feeds", "sources", "is_ruled"),
    [
        ({}, ("binance",), True),
        ({}, ("ccxt:kraken", "binance"), True),
        ({}, ("ccxt:kraken",), False),
        ({}, ("synthetic",), False),
        ({"BTCUSDT": ("synthetic",)}, ("binance",), False),
        ({"BTCUSDT": ("binance",)}, ("synthetic",), True),
    ],
)
def test_the_upstream_rules_only_the_markets_that_it_feeds(
    feeds: dict[str, tuple[str, ...]], sources: tuple[str, ...], is_ruled: bool
) -> None:
    found = listed(symbol(), file=replace(FILE, feeds=feeds), sources=sources)

    assert (BITCOIN if is_ruled else FILE.markets[0]) == found.markets[0]


def test_a_status_that_the_file_names_is_in_force_whatever_the_upstream_says() -> None:
    fixed = replace(FILE, fixed_status=frozenset({"BTCUSDT"}))

    assert (MarketStatus.TRADING, MarketStatus.HALT) == tuple(
        listed(symbol(status="HALT"), file=file).markets[0].status for file in (fixed, FILE)
    )


def test_all_are_those_of_the_file_and_all_that_trade_upstream_with_the_assets_they_need() -> None:
    theirs = [symbol(), symbol("DOGE"), symbol("OLD", status="BREAK"), symbol("PEPE", "币", status="HALT")]
    found = listed(*theirs, wanted="all")

    assert [*(market.symbol for market in FILE.markets), "DOGEUSDT", "PEPE币"] == [m.symbol for m in found.markets]
    assert (*FILE.assets, Asset("DOGE"), Asset("PEPE"), Asset("币")) == found.assets
    assert frozenset({"PEPE币"}) == found.upstream.halted


def test_a_symbol_that_only_the_upstream_has_may_be_asked_for_by_name() -> None:
    found = listed(symbol("DOGE"), symbol("OLD", status="BREAK"), wanted="DOGEUSDT,OLDUSDT,ETHBTC")

    assert ["DOGEUSDT", "OLDUSDT", "ETHBTC"] == [market.symbol for market in found.markets]


def test_a_symbol_that_nobody_has_is_named_with_the_reason() -> None:
    small = symbol("SMALL", filters=changed("PRICE_FILTER", tickSize="0.0000000001"))
    found = listed(symbol(), small, wanted="BTCUSDT,SMALLUSDT,NOSUCH")

    assert found.unknown == {
        "SMALLUSDT": "symbols: SMALLUSDT cannot be traded here: more than 8 decimals: '0.0000000001'",
        "NOSUCH": "symbols: NOSUCH is neither in markets.toml nor a spot market of the upstream",
    }
    with pytest.raises(SettingsError, match=r"symbols: NOSUCH is not in markets\.toml, which has AAPLUSDT, "):
        list_markets(FILE, read_settings(folder("config"), {"symbols": "NOSUCH"}, environment={}), ("none",), None)


def test_a_silent_upstream_leaves_the_file() -> None:
    found = silent("all")

    assert (FILE.markets, FILE.assets, True) == (found.markets, found.assets, found.silent)


@pytest.mark.parametrize(
    ("sources", "feeds", "answer"),
    [
        (("auto",), {}, True),
        (("ccxt:kraken", "binance"), {}, True),
        (("synthetic",), {}, False),
        (("synthetic",), {"BTCUSDT": ("binance",)}, True),
    ],
)
def test_an_upstream_has_a_say_where_it_may_feed_a_market(
    sources: tuple[str, ...], feeds: dict[str, tuple[str, ...]], answer: bool
) -> None:
    assert answer == has_say(replace(FILE, feeds=feeds), sources)


def test_fourteen_hundred_symbols_are_listed_in_the_upstreams_order() -> None:
    found = listed(*many(1400), wanted="all")

    assert [each["symbol"] for each in many(1400)] == [market.symbol for market in found.markets[len(FILE.markets) :]]
    assert asdict(FILE)["synthetic"] == found.synthetic
