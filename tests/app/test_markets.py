"""config/markets.toml: what is listed, what is refused, and what a start changes in a world."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from hypersim.engine.commands import PutAsset, PutLimits, PutMarket, Stamped
from hypersim.engine.exchange import Exchange
from hypersim.engine.market import Asset, Market, MarketStatus
from hypersim.errors import SettingsError
from hypersim.feeds.binance.listing import list_markets
from hypersim.markets import Listed, MarketsFile, Remembered, Synthetic, differences
from hypersim.marketsfile import read_markets
from hypersim.resources import folder
from hypersim.settings import read_settings
from hypersim.units import parse

OF_A_MARKET = "binance, ccxt:<exchange id> or synthetic is wanted"
SHORT = """
[defaults]
maker_fee_bps = 10
taker_fee_bps = 10
max_price = "1000000"
max_quantity = "9000000"
market_max_quantity = "0"
min_notional = "5"
max_notional = "9000000"
bid_multiplier_up = "5"
bid_multiplier_down = "0.2"
ask_multiplier_up = "5"
ask_multiplier_down = "0.2"
average_price_minutes = 5
max_num_orders = 200
recovery_half_life_ms = 10000
queue_exponent = 1
[assets]
USDT = "TetherUS"
XYZ = "Something"
[[markets]]
symbol = "XYZ/USDT"
tick_size = "0.001"
step_size = "0.1"
"""


def listed() -> MarketsFile:
    return read_markets(folder("config") / "markets.toml")


def chosen(file: MarketsFile, symbols: str = "") -> Listed:
    """What a world without any upstream lists of a file."""
    settings = read_settings(folder("config"), {"symbols": symbols, "feed": "none"}, environment={})
    return list_markets(file, settings, settings.feed, None)


def test_the_markets_of_the_contract_are_listed() -> None:
    symbols = [market.symbol for market in listed().markets]

    assert ["BTCUSDT", "ETHUSDT", "ETHBTC", "BNBUSDT", "SOLUSDT", "XRPUSDT", "AAPLUSDT"] == symbols


def test_bitcoin_has_the_grid_and_bounds_that_it_has_at_binance() -> None:
    bitcoin = listed().markets[0]

    assert bitcoin == Market(
        symbol="BTCUSDT",
        base="BTC",
        quote="USDT",
        min_price=parse("0.01"),
        max_price=parse("1000000"),
        tick_size=parse("0.01"),
        min_quantity=parse("0.00001"),
        max_quantity=parse("9000"),
        step_size=parse("0.00001"),
        market_max_quantity=parse("97.09521512"),
        min_notional=parse("5"),
        max_notional=parse("9000000"),
    )


def test_every_market_can_be_moved_by_the_synthetic_feed() -> None:
    file = listed()

    assert {market.symbol for market in file.markets} == set(file.synthetic)
    for market in file.markets:
        start = file.synthetic[market.symbol].price
        assert market.min_price < start < market.max_price
        assert start % market.tick_size == 0


def test_fees_are_ten_basis_points() -> None:
    assert (parse("0.001"), parse("0.001")) == (listed().maker_rate, listed().taker_rate)


def test_three_lines_make_a_market(tmp_path: Path) -> None:
    path = tmp_path / "markets.toml"
    path.write_text(SHORT, encoding="utf-8")

    [market] = read_markets(path).markets

    assert market == Market(
        symbol="XYZUSDT",
        base="XYZ",
        quote="USDT",
        min_price=parse("0.001"),
        max_price=parse("1000000"),
        tick_size=parse("0.001"),
        min_quantity=parse("0.1"),
        max_quantity=parse("9000000"),
        step_size=parse("0.1"),
        min_notional=parse("5"),
        max_notional=parse("9000000"),
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (('tick_size = "0.001"', "tick_size = 0.001"), "Expected `str`, got `float`"),
        (('tick_size = "0.001"', 'tick_size = "1e-3"'), "Expected `str` matching regex"),
        (('tick_size = "0.001"', 'tick_size = "0"'), "XYZ/USDT: tick_size and step_size must be above 0"),
        (('tick_size = "0.001"', 'tick_size = "0.000000001"'), "XYZ/USDT: tick_size: more than 8 decimals"),
        (('tick_size = "0.001"', ""), "Object missing required field `tick_size`"),
        (('tick_size = "0.001"', 'tick_sise = "0.001"'), "tick_sise"),
        (('"XYZ/USDT"', '"XYZ/EUR"'), "XYZ/EUR: [assets] does not have EUR"),
        (('"XYZ/USDT"', '"XYZUSDT"'), "Expected `str` matching regex"),
        (("max_num_orders = 200", ""), "[defaults] lacks max_num_orders"),
        (("[[markets]]", "[[markets"), "line "),
        (("[defaults]", 'status = "OPEN"\n[defaults]'), "Object contains unknown field `status`"),
        (
            ("[[markets]]", '[[markets]]\nfeed = "auto"'),
            f"XYZ/USDT: feed: 'auto' is no feed of a market: {OF_A_MARKET}",
        ),
        (("[[markets]]", "[[markets]]\nfeed = []"), f"XYZ/USDT: feed: '' is no feed of a market: {OF_A_MARKET}"),
        (("[[markets]]", '[[markets]]\nfeed = ["binance", "binance"]'), "XYZ/USDT: feed: binance is there twice"),
        (
            ("[[markets]]", '[[markets]]\nfeed = ["synthetic", "binance"]'),
            "XYZ/USDT: feed: nothing comes after synthetic, which never fails",
        ),
        (
            ("[[markets]]", '[[markets]]\nupstream = { kraken = "XYZ/USD" }'),
            "XYZ/USDT: upstream: 'kraken' is none; binance or ccxt:<exchange id> is wanted",
        ),
        (("[[markets]]", '[[markets]]\nupstream = { binance = "" }'), "Expected `str` matching regex"),
        (("XYZ", "X" * 51), "Expected `str` matching regex"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_in_one_line(tmp_path: Path, change: tuple[str, str], said: str) -> None:
    path = tmp_path / "markets.toml"
    path.write_text(SHORT.replace(*change), encoding="utf-8")

    with pytest.raises(SettingsError) as refused:
        read_markets(path)

    assert str(path) in str(refused.value)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_market_has_its_own_sources_and_names_there_or_the_usual_ones(tmp_path: Path) -> None:
    path = tmp_path / "markets.toml"
    more = """feed = ["binance", "ccxt:kraken"]
[markets.upstream]
binance = "XYZUSDC"
"ccxt:kraken" = "XYZ/USD"
[[markets]]
symbol = "USDT/XYZ"
tick_size = "1"
step_size = "1"
feed = "synthetic"
"""
    path.write_text(SHORT + more, encoding="utf-8")

    file = read_markets(path)
    one, other = file.markets

    assert ("binance", "ccxt:kraken") == file.sources("XYZUSDT", ("ccxt:okx",))
    assert ("synthetic",) == file.sources("USDTXYZ", ("ccxt:okx",))
    assert ("ccxt:okx",) == file.sources("ANOTHER", ("ccxt:okx",))
    assert ("XYZUSDC", "XYZ/USD", "XYZ/USDT") == tuple(
        file.symbol_at(one, source) for source in ("binance", "ccxt:kraken", "ccxt:okx")
    )
    assert ("USDTXYZ", "USDT/XYZ") == tuple(file.symbol_at(other, source) for source in ("binance", "ccxt:kraken"))


def test_only_listed_symbols_can_be_chosen() -> None:
    assert ["ETHBTC"] == [market.symbol for market in chosen(listed(), "ETHBTC").markets]
    with pytest.raises(SettingsError, match=r"symbols: DOGEUSDT is not in markets\.toml, which has AAPLUSDT, "):
        chosen(listed(), "DOGEUSDT")


def world(*commands: PutAsset | PutMarket | PutLimits) -> Exchange:
    exchange = Exchange()
    for at, command in enumerate(commands):
        exchange.apply(Stamped(at, command))
    return exchange


def changes(file: MarketsFile, exchange: Exchange, symbols: str = "") -> list[PutAsset | PutMarket | PutLimits]:
    markets = {symbol: venue.market for symbol, venue in exchange.venues.items()}
    return differences(chosen(file, symbols), exchange.assets.values(), markets, Remembered(), exchange.limits)


def test_an_empty_world_gets_every_asset_and_market_and_then_nothing_is_left_to_change() -> None:
    file = listed()
    first = changes(file, Exchange())

    exchange = world(*first)

    assert first == [*map(PutAsset, file.assets), *map(PutMarket, file.markets)]
    assert [] == changes(file, exchange)


def test_a_market_that_left_the_file_stops_trading_once_and_comes_back_when_it_does() -> None:
    file = listed()
    exchange = world(*changes(file, Exchange()))
    others = ",".join(market.symbol for market in file.markets[1:])
    bitcoin = file.markets[0]

    [leaves] = changes(file, exchange, others)
    exchange.apply(Stamped(100, leaves))

    assert leaves == PutMarket(replace(bitcoin, status=MarketStatus.BREAK))
    assert [] == changes(file, exchange, others)
    assert [PutMarket(bitcoin)] == changes(file, exchange)


def test_a_market_that_somebody_halted_stays_halted_unless_the_file_names_its_status() -> None:
    file = listed()
    bitcoin = file.markets[0]
    exchange = world(*changes(file, Exchange()), PutMarket(replace(bitcoin, status=MarketStatus.HALT)))

    assert [] == changes(file, exchange)
    assert [PutMarket(bitcoin)] == changes(replace(file, fixed_status=frozenset({"BTCUSDT"})), exchange)


def test_a_renamed_asset_and_a_new_tick_are_changes() -> None:
    file = listed()
    exchange = world(*changes(file, Exchange()))
    renamed, finer = Asset("USDT", "Tether"), replace(file.markets[0], tick_size=parse("0.1"))
    changed = replace(file, assets=(renamed, *file.assets[1:]), markets=(finer, *file.markets[1:]))

    assert [PutAsset(renamed), PutMarket(finer)] == changes(changed, exchange)


def test_synthetic_parameters_are_integers() -> None:
    assert listed().synthetic["BTCUSDT"] == Synthetic(
        price=parse("68000"), daily_volatility_bps=250, daily_volume=parse("22000")
    )
