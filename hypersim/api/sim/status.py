"""GET /sim/v1/status: what the world is made of right now, and how real it is."""

from collections.abc import Mapping

from msgspec import Struct, structs

from hypersim import __version__, units
from hypersim.api.sim.filled import FilledOrder, filled_orders
from hypersim.api.sim.paths import PathReport, path_report
from hypersim.api.sim.world import Simulation
from hypersim.feeds.base import FeedStatus
from hypersim.feeds.levers.levers import PathStatus
from hypersim.views.marketdata import MarketView

Quote = tuple[str, str]


class Realism(Struct, frozen=True, rename="camel"):
    """How closely a market's outside behaves like a real one."""

    recovery_half_life_ms: int | None
    """How fast outside size that users took comes back: 0 at once, null never."""
    queue_exponent: int
    """Where outside cancels happen in a queue: 1 evenly, more: further behind."""


class SymbolReport(Struct, frozen=True, rename="camel"):
    """One market. Times are milliseconds; `bid`, `ask` are price and quantity of the best level."""

    status: str
    feed: str | None
    """Who speaks of it; null where nobody but a hand moves it."""
    note: str | None
    """Why that is not the world's feed, or why there is none."""
    real: bool
    """Whether the quotes in the book are those of a real market, as it was `quote_age_ms` ago."""
    quoted: bool
    quote_age_ms: int | None
    source_time: int | None
    """When the source says that the quote held."""
    updates: int
    prints: int
    gaps: int
    bid: Quote | None
    ask: Quote | None
    last_price: str
    sight: str | None
    """`stream`: it sees every quote and trade. `book`: book and trades, now and then. `tickers`: best quotes; the depth
    behind them is a guess. Null where it makes prices up.
    """
    path: PathReport | None
    """What bends its prices."""
    realism: Realism


class MarketReport(SymbolReport, frozen=True, rename="camel", kw_only=True):
    """One market by itself."""

    filled: list[FilledOrder]
    """The newest orders that its path filled."""


class SourceReport(Struct, frozen=True, rename="camel"):
    """One feed. Null where a question has no meaning for it."""

    wanted: bool
    """Whether it runs, or would if it could; a backup does so while what it stands in for fails."""
    speaking: bool
    failure: str | None
    host: str | None
    transport: str | None
    """`websocket`: it is told of every change. `polling`: it asks."""
    weight_per_minute: int | None
    """Request weight that it may spend, and what it spent within the last minute."""
    weight_spent: int | None
    streamed: int | None
    """Symbols whose every quote and trade it sees."""


class FeedReport(Struct, frozen=True, rename="camel"):
    """Where prices come from, and why from there."""

    name: str
    why: str
    failure: str | None
    quote_age_ms: int | None
    """Of the symbol that was confirmed longest ago."""
    gaps: int
    """How often something that happened outside was missed, over all symbols."""
    sources: dict[str, SourceReport]


class Fees(Struct, frozen=True, rename="camel"):
    """Rates of a new account."""

    maker: str
    taker: str


class StatusReport(Struct, frozen=True, rename="camel"):
    """The world."""

    version: str
    state: str
    time: int
    open: bool
    seed: int
    durable_sequence: int
    journal: str
    rate_limits: bool
    fees: Fees
    feed: FeedReport
    symbols: dict[str, SymbolReport]


def status(sim: Simulation) -> StatusReport:
    """The report, as of now."""
    feed, paths, now_us = sim.feed(), sim.paths.status(), sim.world.clock.now_us()
    return StatusReport(
        version=__version__,
        state=sim.state(),
        time=now_us // 1000,
        open=sim.open,
        seed=sim.seed,
        durable_sequence=sim.durable_sequence(),
        journal=sim.journal,
        rate_limits=sim.rate_limits,
        fees=Fees(units.show(sim.maker_rate), units.show(sim.taker_rate)),
        feed=_feed(feed),
        symbols={
            symbol: _symbol(view, feed, paths, now_us) for symbol, view in sorted(sim.world.markets.markets.items())
        },
    )


def market_status(sim: Simulation, symbol: str) -> MarketReport:
    """The report of one market. Raises Refused BAD_SYMBOL."""
    view, paths = sim.world.market(symbol), sim.paths.status()
    report = _symbol(view, sim.feed(), paths, sim.world.clock.now_us())
    path = paths.get(view.market.symbol)
    return MarketReport(**structs.asdict(report), filled=filled_orders(path.filled) if path is not None else [])


def _feed(feed: FeedStatus) -> FeedReport:
    ages = [symbol.age_ms for symbol in feed.symbols.values() if symbol.age_ms is not None]
    return FeedReport(
        name=feed.name,
        why=feed.why,
        failure=feed.failure,
        quote_age_ms=max(ages, default=None),
        gaps=sum(symbol.gaps for symbol in feed.symbols.values()),
        sources={
            name: SourceReport(
                source.wanted,
                source.speaking,
                source.failure,
                source.report.host,
                source.report.transport,
                source.report.weight_per_minute,
                source.report.weight_spent,
                source.report.streamed,
            )
            for name, source in feed.sources.items()
        },
    )


def _symbol(view: MarketView, feed: FeedStatus, paths: Mapping[str, PathStatus], now_us: int) -> SymbolReport:
    market = view.market
    path = paths.get(market.symbol)
    fed = feed.symbols.get(market.symbol)
    return SymbolReport(
        status=market.status.value,
        feed=fed.feed if fed else None,
        note=feed.notes.get(market.symbol),
        real=fed.real if fed else False,
        quoted=fed.quoted if fed else False,
        quote_age_ms=fed.age_ms if fed else None,
        source_time=fed.source_time_us // 1000 if fed and fed.source_time_us else None,
        updates=fed.updates if fed else 0,
        prints=fed.prints if fed else 0,
        gaps=fed.gaps if fed else 0,
        bid=_quote(view.best_bid),
        ask=_quote(view.best_ask),
        last_price=units.show(view.last_price(now_us)),
        sight=fed.sight if fed else None,
        path=path_report(path) if path is not None else None,
        realism=Realism(market.recovery_half_life_ms, market.queue_exponent),
    )


def _quote(level: tuple[int, int] | None) -> Quote | None:
    return None if level is None else (units.show(level[0]), units.show(level[1]))
