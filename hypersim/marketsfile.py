"""config/markets.toml -> assets, markets and fees, in integers (hypersim.units).

Guarantees one sentence about what is wrong with a bad file.
"""

import tomllib
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct, field

from hypersim import units
from hypersim.engine.market import ASSET_NAME, LONGEST_SYMBOL, Asset, ExchangeLimits, Market, MarketStatus
from hypersim.errors import SettingsError
from hypersim.markets import MarketsFile, Synthetic
from hypersim.settings import BINANCE, CCXT_FEED, SYNTHETIC, check_sources

RATE_OF_A_BASIS_POINT = units.ONE // 10_000
NEVER_MS = -1
OF_A_MARKET: Final = (BINANCE, SYNTHETIC)
OF_A_MARKET_IN_WORDS: Final = "binance, ccxt:<exchange id> or synthetic"

Text = Annotated[str, Meta(pattern=r"\A[0-9]{1,20}(\.[0-9]{1,20})?\Z")]
AssetName = Annotated[str, Meta(pattern=rf"\A{ASSET_NAME}\Z")]
Count = Annotated[int, Meta(ge=0)]
BasisPoints = Annotated[int, Meta(ge=0, le=10_000)]


def read_markets(path: Path) -> MarketsFile:
    """The file's contents. Raises SettingsError with one sentence when it cannot be read or is wrong."""
    try:
        written = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), _File)
        return _to_integers(written)
    except FileNotFoundError:
        raise SettingsError(f"{path} is not there") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError, ValueError) as error:
        raise SettingsError(f"{path}: {error}") from None


class _Synthetic(Struct, forbid_unknown_fields=True):
    price: Text
    daily_volatility_bps: Annotated[int, Meta(ge=0, le=10_000)]
    daily_volume: Text


class _Bounds(Struct, kw_only=True, forbid_unknown_fields=True):
    """What a market may leave to [defaults]."""

    max_price: Text | None = None
    max_quantity: Text | None = None
    market_max_quantity: Text | None = None
    min_notional: Text | None = None
    max_notional: Text | None = None
    bid_multiplier_up: Text | None = None
    bid_multiplier_down: Text | None = None
    ask_multiplier_up: Text | None = None
    ask_multiplier_down: Text | None = None
    average_price_minutes: Count | None = None
    max_num_orders: Count | None = None
    max_num_algo_orders: Count | None = None
    max_num_iceberg_orders: Count | None = None
    max_num_order_lists: Count | None = None
    max_num_order_amends: Count | None = None
    iceberg_parts: Count | None = None
    max_position: Text | None = None
    min_trailing_bps: Count | None = None
    max_trailing_bps: Count | None = None
    recovery_half_life_ms: Annotated[int, Meta(ge=NEVER_MS)] | None = None
    queue_exponent: Annotated[int, Meta(ge=1, le=10)] | None = None


class _Market(_Bounds, kw_only=True, forbid_unknown_fields=True):
    symbol: Annotated[str, Meta(pattern=rf"\A{ASSET_NAME}/{ASSET_NAME}\Z", max_length=LONGEST_SYMBOL + 1)]
    tick_size: Text
    step_size: Text
    min_price: Text | None = None
    min_quantity: Text | None = None
    status: MarketStatus | None = None
    feed: str | list[str] | None = None
    upstream: dict[str, Annotated[str, Meta(pattern=r"\A\S{1,100}\Z")]] = {}
    synthetic: _Synthetic | None = None


class _Defaults(_Bounds, kw_only=True, forbid_unknown_fields=True):
    maker_fee_bps: BasisPoints
    taker_fee_bps: BasisPoints
    # Binance's usual ones, for files from before they were bounded
    max_num_algo_orders: Count | None = 5
    max_num_iceberg_orders: Count | None = 0
    max_num_order_lists: Count | None = 20
    max_num_order_amends: Count | None = 10
    iceberg_parts: Count | None = 100
    max_position: Text | None = "0"
    min_trailing_bps: Count | None = 10
    max_trailing_bps: Count | None = 2000


class _Exchange(Struct, kw_only=True, forbid_unknown_fields=True):
    """What an account may do over all symbols."""

    max_num_orders: Count = 0
    max_num_algo_orders: Count = 0
    max_num_iceberg_orders: Count = 0
    max_num_order_lists: Count = 0
    max_order: dict[AssetName, Text] = {}


class _File(Struct, kw_only=True, forbid_unknown_fields=True):
    defaults: _Defaults
    exchange: _Exchange = field(default_factory=_Exchange)
    assets: dict[AssetName, str]
    markets: list[_Market]


def _to_integers(written: _File) -> MarketsFile:
    markets = tuple(_market(market, written.defaults, written.assets) for market in written.markets)
    for symbol, times in Counter(market.symbol for market in markets).items():
        if times > 1:
            raise ValueError(f"{symbol} is there twice")
    half_life_ms = int(_default(written.defaults, "recovery_half_life_ms"))
    bounds = written.exchange
    if strangers := bounds.max_order.keys() - written.assets.keys():
        raise ValueError(f"[exchange.max_order]: [assets] does not have {', '.join(sorted(strangers))}")
    return MarketsFile(
        assets=tuple(
            Asset(name, full_name, _largest(name, bounds.max_order.get(name, "0")))
            for name, full_name in written.assets.items()
        ),
        limits=ExchangeLimits(
            max_num_orders=bounds.max_num_orders,
            max_num_algo_orders=bounds.max_num_algo_orders,
            max_num_iceberg_orders=bounds.max_num_iceberg_orders,
            max_num_order_lists=bounds.max_num_order_lists,
        ),
        markets=markets,
        synthetic={
            _symbol(market.symbol): Synthetic(
                price=_integer(market, "synthetic.price", market.synthetic.price),
                daily_volatility_bps=market.synthetic.daily_volatility_bps,
                daily_volume=_integer(market, "synthetic.daily_volume", market.synthetic.daily_volume),
            )
            for market in written.markets
            if market.synthetic is not None
        },
        fixed_status=frozenset(_symbol(market.symbol) for market in written.markets if market.status is not None),
        feeds={_symbol(market.symbol): _sources(market) for market in written.markets if market.feed is not None},
        names={_symbol(market.symbol): _names(market) for market in written.markets if market.upstream},
        recovery_half_life_ms=None if half_life_ms == NEVER_MS else half_life_ms,
        queue_exponent=int(_default(written.defaults, "queue_exponent")),
        maker_rate=written.defaults.maker_fee_bps * RATE_OF_A_BASIS_POINT,
        taker_rate=written.defaults.taker_fee_bps * RATE_OF_A_BASIS_POINT,
    )


def _largest(asset: str, text: str) -> int:
    try:
        return units.parse(text)
    except ValueError as error:
        raise ValueError(f"[exchange.max_order]: {asset}: {error}") from None


def _symbol(pair: str) -> str:
    return pair.replace("/", "")


def _sources(market: _Market) -> tuple[str, ...]:
    names = [market.feed] if isinstance(market.feed, str) else market.feed or [""]
    for name in names:
        if name not in OF_A_MARKET and CCXT_FEED.fullmatch(name) is None:
            raise ValueError(
                f"{market.symbol}: feed: {name!r} is no feed of a market: {OF_A_MARKET_IN_WORDS} is wanted"
            )
    try:
        return check_sources(names)
    except ValueError as error:
        raise ValueError(f"{market.symbol}: feed: {error}") from None


def _names(market: _Market) -> dict[str, str]:
    for source in market.upstream:
        if source != BINANCE and CCXT_FEED.fullmatch(source) is None:
            raise ValueError(f"{market.symbol}: upstream: {source!r} is none; binance or ccxt:<exchange id> is wanted")
    return market.upstream


def _market(written: _Market, defaults: _Defaults, assets: Mapping[str, str]) -> Market:
    base, _, quote = written.symbol.partition("/")
    for asset in (base, quote):
        if asset not in assets:
            raise ValueError(f"{written.symbol}: [assets] does not have {asset}")

    def number(field: str) -> int:
        value = getattr(written, field)
        return _integer(written, field, _default(defaults, field) if value is None else value)

    def count(field: str) -> int:
        value = getattr(written, field)
        return int(_default(defaults, field) if value is None else value)

    tick = _integer(written, "tick_size", written.tick_size)
    step = _integer(written, "step_size", written.step_size)
    if tick == 0 or step == 0:
        raise ValueError(f"{written.symbol}: tick_size and step_size must be above 0")
    half_life_ms = count("recovery_half_life_ms")
    return Market(
        symbol=_symbol(written.symbol),
        base=base,
        quote=quote,
        status=written.status or MarketStatus.TRADING,
        min_price=tick if written.min_price is None else number("min_price"),
        max_price=number("max_price"),
        tick_size=tick,
        min_quantity=step if written.min_quantity is None else number("min_quantity"),
        max_quantity=number("max_quantity"),
        step_size=step,
        market_max_quantity=number("market_max_quantity"),
        min_notional=number("min_notional"),
        max_notional=number("max_notional"),
        average_price_minutes=count("average_price_minutes"),
        bid_multiplier_up=number("bid_multiplier_up"),
        bid_multiplier_down=number("bid_multiplier_down"),
        ask_multiplier_up=number("ask_multiplier_up"),
        ask_multiplier_down=number("ask_multiplier_down"),
        max_num_orders=count("max_num_orders"),
        max_num_algo_orders=count("max_num_algo_orders"),
        max_num_iceberg_orders=count("max_num_iceberg_orders"),
        max_num_order_lists=count("max_num_order_lists"),
        max_num_order_amends=count("max_num_order_amends"),
        iceberg_parts=count("iceberg_parts"),
        max_position=number("max_position"),
        trailing_above=(count("min_trailing_bps"), count("max_trailing_bps")),
        trailing_below=(count("min_trailing_bps"), count("max_trailing_bps")),
        recovery_half_life_ms=None if half_life_ms == NEVER_MS else half_life_ms,
        queue_exponent=count("queue_exponent"),
    )


def _default(defaults: _Defaults, field: str) -> str:
    value: str | None = getattr(defaults, field)
    if value is None:
        raise ValueError(f"[defaults] lacks {field}")
    return value


def _integer(market: _Market, field: str, text: str) -> int:
    try:
        return units.parse(text)
    except ValueError as error:
        raise ValueError(f"{market.symbol}: {field}: {error}") from None
