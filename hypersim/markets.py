"""What a world is to list, and the commands that bring it in line with that.

Decides nothing about a running world: `differences` says which commands would change it, and the writer journals
them. Who reads config/markets.toml is hypersim.marketsfile.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from hypersim.engine.commands import PutAsset, PutLimits, PutMarket
from hypersim.engine.market import UNLIMITED, Asset, ExchangeLimits, Market, MarketStatus
from hypersim.settings import CCXT_FEED

logger = logging.getLogger(__name__)


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
