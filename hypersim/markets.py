"""config/markets.toml -> assets, markets and fees, and the commands that bring a world in line with it.

Guarantees integers (hypersim.units) and one sentence about what is wrong with a bad file. Decides nothing
about a running world: `differences` says which commands would change it, and the writer journals them.
"""

import logging
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct, field
from msgspec.structs import replace

from hypersim import units
from hypersim.engine.commands import PutAsset, PutLimits, PutMarket
from hypersim.engine.market import (
    ASSET_NAME,
    LONGEST_SYMBOL,
    UNLIMITED,
    Asset,
    ExchangeLimits,
    Market,
    MarketStatus,
)
from hypersim.errors import SettingsError
from hypersim.settings import BINANCE, CCXT_FEED, SYNTHETIC, check_sources

logger = logging.getLogger(__name__)

RATE_OF_A_BASIS_POINT = units.ONE // 10_000
NEVER_MS = -1
OF_A_MARKET: Final = (BINANCE, SYNTHETIC)
OF_A_MARKET_IN_WORDS: Final = "binance, ccxt:<exchange id> or synthetic"

Text = Annotated[str, Meta(pattern=r"\A[0-9]{1,20}(\.[0-9]{1,20})?\Z")]
AssetName = Annotated[str, Meta(pattern=rf"\A{ASSET_NAME}\Z")]
Count = Annotated[int, Meta(ge=0)]
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
    feeds: dict[str, tuple[str, ...]]
    """By symbol, the sources of a market that does not have the world's."""
    names: dict[str, dict[str, str]]
    """By symbol and source, what a market is called there."""
    recovery_half_life_ms: int | None
    """Of markets that the file does not list, as the queue's exponent."""
    queue_exponent: int
    maker_rate: int
    """Fee rate of new accounts, scale 8."""
    taker_rate: int
    limits: ExchangeLimits = UNLIMITED
    """What an account may have open over all symbols."""

    def sources(self, symbol: str, world: Sequence[str]) -> tuple[str, ...]:
        """Where a market's prices come from, in order: its own sources, or else the world's."""
        return self.feeds.get(symbol) or tuple(world)

    def symbol_at(self, market: Market, source: str) -> str:
        """What a market is called at a source: our symbol there, or ccxt's unified one, unless the file says more."""
        usual = market.symbol if CCXT_FEED.fullmatch(source) is None else f"{market.base}/{market.quote}"
        return self.names.get(market.symbol, {}).get(source, usual)


class Remembered(Struct, frozen=True):
    """What a world keeps of the last upstream that it heard."""

    ruled: frozenset[str] = frozenset()
    """The symbols whose rules came from there."""
    halted: frozenset[str] = frozenset()
    """Those that were halted there, rather than here by a person."""

    def __or__(self, other: "Remembered") -> "Remembered":
        """What either keeps."""
        return Remembered(self.ruled | other.ruled, self.halted | other.halted)


class Listed(MarketsFile, frozen=True, kw_only=True):
    """What a world is to list: the file's markets, with the rules that an upstream has for them, and perhaps others
    of the upstream.
    """

    named: frozenset[str]
    """The symbols that are asked for by name."""
    unknown: dict[str, str]
    """Those of them that nobody has, and the sentence about each."""
    all_symbols: bool
    silent: bool
    """Whether there is an upstream that has a say and was not heard."""
    upstream: Remembered = Remembered()
    """What there is to keep of it, where it was heard."""
    lacking: frozenset[str] = frozenset()
    """The symbols that it is to feed, and does not have."""

    def stays(self, symbol: str) -> bool:
        """Whether a market that the world has and that is not listed may be the upstream's, and stays for now."""
        return self.silent and (self.all_symbols or symbol in self.named)

    def assets_alone(self) -> "Listed":
        """For whoever opens a world without knowing which markets it is to have: they stay as they are."""
        return replace(self, markets=(), unknown={}, all_symbols=True, silent=True)

    def remember(self, remembered: Remembered, markets: Mapping[str, Market]) -> Remembered:
        """What is to be kept from now on, in a world with these markets. What a person had halted before the
        upstream did stays the person's.
        """
        if self.silent:
            return remembered
        here = {symbol for symbol, market in markets.items() if market.status is MarketStatus.HALT}
        return Remembered(
            self.upstream.ruled | self.dropped(remembered), self.upstream.halted - (here - remembered.halted)
        )

    def dropped(self, remembered: Remembered) -> frozenset[str]:
        """The symbols that the upstream had once and has no longer."""
        return self.lacking & remembered.ruled


def read_markets(path: Path) -> MarketsFile:
    """The file's contents. Raises SettingsError with one sentence when it cannot be read or is wrong."""
    try:
        written = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), _File)
        return _to_integers(written)
    except FileNotFoundError:
        raise SettingsError(f"{path} is not there") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError, ValueError) as error:
        raise SettingsError(f"{path}: {error}") from None


def differences(
    listed: Listed,
    assets: Iterable[Asset],
    markets: Mapping[str, Market],
    remembered: Remembered,
    limits: ExchangeLimits,
) -> list[PutAsset | PutMarket | PutLimits]:
    """The commands that bring a world with these assets, markets and limits in line with what is listed, in order.

    A market that is not listed, or that the upstream dropped, goes BREAK; one that somebody halted stays so unless
    the file names a status. What the upstream halted is resumed when it is there. While the upstream is silent, the
    rules and the status that it gave stay, and so do the markets that only it has: an answer that is missing changes
    nothing, and the next one changes what has changed.
    """
    present = {asset.name: asset for asset in assets}
    commands: list[PutAsset | PutMarket | PutLimits] = [
        PutAsset(asset) for asset in listed.assets if present.get(asset.name) != asset
    ]
    if listed.limits != limits:
        commands.append(PutLimits(listed.limits))
    for wanted in listed.markets:
        found = markets.get(wanted.symbol)
        market = wanted if found is None else _beside(found, wanted, listed, remembered)
        if found != market:
            commands.append(PutMarket(market))
    kept = {market.symbol for market in listed.markets}
    for symbol, market in sorted(markets.items()):
        if symbol not in kept and market.status is not MarketStatus.BREAK and not listed.stays(symbol):
            commands.append(PutMarket(replace(market, status=MarketStatus.BREAK)))
    return commands


def _beside(found: Market, wanted: Market, listed: Listed, remembered: Remembered) -> Market:
    """What becomes of a market that the world has."""
    symbol, fixed = wanted.symbol, wanted.symbol in listed.fixed_status
    if (found.base, found.quote) != (wanted.base, wanted.quote):
        logger.warning("%s is %s/%s in this world and stays so", symbol, found.base, found.quote)
        return found
    by_hand = found.status is MarketStatus.HALT and not fixed and symbol not in remembered.halted
    if symbol in listed.dropped(remembered):
        return found if by_hand else replace(found, status=MarketStatus.BREAK)
    if listed.silent and symbol in remembered.ruled:
        return replace(
            found,
            status=wanted.status if fixed else found.status,
            recovery_half_life_ms=wanted.recovery_half_life_ms,
            queue_exponent=wanted.queue_exponent,
        )
    return replace(wanted, status=MarketStatus.HALT) if by_hand else wanted


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
