"""config/markets.toml -> assets, markets and fees, and the commands that bring a world in line with it.

Guarantees integers (hypersim.units) and one sentence about what is wrong with a bad file. Decides nothing
about a running world: `differences` says which commands would change it, and the writer journals them.
"""

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from hypersim import units
from hypersim.engine.commands import PutAsset, PutMarket
from hypersim.engine.market import Asset, Market, MarketStatus
from hypersim.errors import SettingsError

RATE_OF_A_BASIS_POINT = units.ONE // 10_000
NEVER_MS = -1

Text = Annotated[str, Meta(pattern=r"\A[0-9]{1,20}(\.[0-9]{1,20})?\Z")]
AssetName = Annotated[str, Meta(pattern=r"\A[A-Z0-9]{1,12}\Z")]
BasisPoints = Annotated[int, Meta(ge=0, le=10_000)]


class Synthetic(Struct, frozen=True, kw_only=True):
    """How the synthetic feed moves a market."""

    price: int
    """Where it starts, scale 8."""
    daily_volatility_bps: int
    """Standard deviation of a day's return."""
    daily_volume: int
    """Base quantity that the outside trades on an average day, scale 8."""


class MarketsFile(Struct, frozen=True, kw_only=True):
    """What config/markets.toml says, in integers."""

    assets: tuple[Asset, ...]
    markets: tuple[Market, ...]
    synthetic: dict[str, Synthetic]
    """By symbol; a market without parameters is not in it."""
    fixed_status: frozenset[str]
    """The symbols whose status the file itself names."""
    maker_rate: int
    """Fee rate of new accounts, scale 8."""
    taker_rate: int


def read_markets(path: Path) -> MarketsFile:
    """The file's contents. Raises SettingsError with one sentence when it cannot be read or is wrong."""
    try:
        written = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), _File)
        return _to_integers(written)
    except FileNotFoundError:
        raise SettingsError(f"{path} is not there") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError, ValueError) as error:
        raise SettingsError(f"{path}: {error}") from None


def choose(file: MarketsFile, symbols: tuple[str, ...]) -> MarketsFile:
    """The file cut down to some symbols, or all when none are named. SettingsError names one it lacks."""
    if not symbols:
        return file
    known = {market.symbol for market in file.markets}
    for symbol in symbols:
        if symbol not in known:
            raise SettingsError(f"symbols: {symbol} is not in markets.toml, which has {', '.join(sorted(known))}")
    return msgspec.structs.replace(file, markets=tuple(m for m in file.markets if m.symbol in symbols))


def differences(
    file: MarketsFile, assets: Iterable[Asset], markets: Mapping[str, Market]
) -> list[PutAsset | PutMarket]:
    """The commands that bring a world with these assets and markets in line with the file, in working order.

    A market that the file lacks goes BREAK; one that somebody halted stays so unless the file names a status.
    """
    present = {asset.name: asset for asset in assets}
    commands: list[PutAsset | PutMarket] = [
        PutAsset(asset) for asset in file.assets if present.get(asset.name) != asset
    ]
    for wanted in file.markets:
        found = markets.get(wanted.symbol)
        keeps_halt = found is not None and found.status is MarketStatus.HALT and wanted.symbol not in file.fixed_status
        market = msgspec.structs.replace(wanted, status=MarketStatus.HALT) if keeps_halt else wanted
        if found != market:
            commands.append(PutMarket(market))
    kept = {market.symbol for market in file.markets}
    for symbol, market in sorted(markets.items()):
        if symbol not in kept and market.status is not MarketStatus.BREAK:
            commands.append(PutMarket(msgspec.structs.replace(market, status=MarketStatus.BREAK)))
    return commands


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
    average_price_minutes: Annotated[int, Meta(ge=0)] | None = None
    max_num_orders: Annotated[int, Meta(ge=0)] | None = None
    recovery_half_life_ms: Annotated[int, Meta(ge=NEVER_MS)] | None = None
    queue_exponent: Annotated[int, Meta(ge=1, le=10)] | None = None


class _Market(_Bounds, kw_only=True, forbid_unknown_fields=True):
    symbol: Annotated[str, Meta(pattern=r"\A[A-Z0-9]{1,12}/[A-Z0-9]{1,12}\Z")]
    tick_size: Text
    step_size: Text
    min_price: Text | None = None
    min_quantity: Text | None = None
    status: MarketStatus | None = None
    synthetic: _Synthetic | None = None


class _Defaults(_Bounds, kw_only=True, forbid_unknown_fields=True):
    maker_fee_bps: BasisPoints
    taker_fee_bps: BasisPoints


class _File(Struct, forbid_unknown_fields=True):
    defaults: _Defaults
    assets: dict[AssetName, str]
    markets: list[_Market]


def _to_integers(written: _File) -> MarketsFile:
    markets = tuple(_market(market, written.defaults, written.assets) for market in written.markets)
    symbols = [market.symbol for market in markets]
    for symbol in symbols:
        if symbols.count(symbol) > 1:
            raise ValueError(f"{symbol} is there twice")
    return MarketsFile(
        assets=tuple(Asset(name, full_name) for name, full_name in written.assets.items()),
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
        maker_rate=written.defaults.maker_fee_bps * RATE_OF_A_BASIS_POINT,
        taker_rate=written.defaults.taker_fee_bps * RATE_OF_A_BASIS_POINT,
    )


def _symbol(pair: str) -> str:
    return pair.replace("/", "")


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
