"""Has the last day of every market at hand that trades here, where part of it is an upstream's.

Until a market's minutes are known its day is the upstream's own figures; then it is that of its tape, with what the
upstream traded while nobody watched here. Markets in demand come first, the others slowly, one by one. Decides
nothing about what counts (hypersim/views/marketdata.py).
"""

from typing import Final

from hypersim.clock import Clock
from hypersim.feeds.demand import Demand
from hypersim.feeds.past.backfill import UpstreamHistory
from hypersim.views.candles import bucket, pieces
from hypersim.views.marketdata import DAY_US, MarketData, MarketView

ROUND_S: Final = 5
"""How often is looked, and how often one market that is not in demand has its turn."""


async def keep_days(history: UpstreamHistory, data: MarketData, demand: Demand, clock: Clock) -> None:
    """Works until it is cancelled. Never fails for an upstream's sake."""
    turn = 0
    while True:
        wanted = demand.active()
        for symbol in [symbol for symbol in data.markets if symbol in wanted]:
            await _load(history, data.markets[symbol], clock.now_us(), to_the_end=not history.knows_day(symbol))
        symbols = list(data.markets) if history.roomy else []
        for at in range(turn, turn + len(symbols)):
            turn = at + 1
            if await _load(history, data.markets[symbols[at % len(symbols)]], clock.now_us(), to_the_end=False):
                break
            await clock.sleep(0)
        await clock.sleep(ROUND_S)


async def _load(history: UpstreamHistory, view: MarketView, now_us: int, *, to_the_end: bool) -> bool:
    """Asks for what is missing of a market's day; whether something was. `to_the_end`: also in a span that goes on."""
    symbol = view.market.symbol
    if not history.version(symbol):
        return False
    spans = [
        span
        for span in view.source_spans(bucket(now_us - DAY_US, 60), now_us)
        if (to_the_end or span.end_us < bucket(now_us, 1)) and not history.covers(symbol, span)
    ]
    # in minutes: of larger bars only their edges would be missing, every hour others
    await history.reach(symbol, [run for span in spans for run in pieces(span.start_us, span.end_us, (1, 60))])
    return bool(spans)
