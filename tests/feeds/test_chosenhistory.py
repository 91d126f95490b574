"""A market's past of one kind and its gaps of another, chosen and changed while the world runs."""

from random import Random

from hypersim.feeds.past.backfill import UpstreamHistory
from hypersim.feeds.past.chosen import ChosenHistory
from hypersim.feeds.synthetic.history import Origin, SyntheticHistory
from hypersim.views.candles import merge_all
from hypersim.views.records import Candle, Span
from tests.feeds.desk import START_US, VirtualClock
from tests.feeds.kline_upstream import KlineUpstream
from tests.feeds.markets import MARKETS, SYNTHETIC
from tests.feeds.test_backfill import bars_of
from tests.feeds.test_days import NoUpstream
from tests.views.trades import DAY, HOUR, SECOND, random_trades

SYMBOL = "BTCUSDT"
BEGAN_US = START_US - 10 * HOUR + 7
BEGAN_S = BEGAN_US // SECOND
HOURS = (BEGAN_US // HOUR - 5) * HOUR, BEGAN_US // HOUR * HOUR
MISSED = (BEGAN_US // HOUR + 1) * HOUR, (BEGAN_US // HOUR + 5) * HOUR


async def test_the_past_stays_of_its_kind_while_gaps_are_what_the_upstream_says() -> None:
    trades = random_trades(Random(1), START_US - 2 * DAY, START_US, 900)
    clock = VirtualClock()
    server = KlineUpstream(trades, clock)
    made_up = SyntheticHistory([MARKETS[SYMBOL]], SYNTHETIC, 1, lambda _: Origin(BEGAN_US, SYNTHETIC[SYMBOL].price))
    async with server.serving() as client:
        upstream = UpstreamHistory(clock, client, {SYMBOL: SYMBOL})
        chosen = ChosenHistory(lambda _: BEGAN_US)
        versions = [chosen.version(SYMBOL)]
        chosen.choose(SYMBOL, past=made_up, gaps=None)
        versions.append(chosen.version(SYMBOL))
        alone = chosen.candles(SYMBOL, 3600, *HOURS), chosen.candles(SYMBOL, 3600, *MISSED)
        chosen.choose(SYMBOL, past=made_up, gaps=upstream)
        versions.append(chosen.version(SYMBOL))
        await chosen.reach(SYMBOL, [(3600, *HOURS), (3600, *MISSED)])
        versions.append(chosen.version(SYMBOL))
        both = chosen.candles(SYMBOL, 3600, *HOURS), chosen.candles(SYMBOL, 3600, *MISSED)
        asked = len(server.asked)
        chosen.choose(SYMBOL, past=upstream, gaps=upstream)
        real = chosen.candles(SYMBOL, 3600, *MISSED)
        chosen.choose(SYMBOL, past=None, gaps=None)

    past, gaps = made_up.candles(SYMBOL, 3600, *HOURS), bars_of(trades, (3600, *MISSED))
    assert (past, []) == alone
    assert (past, gaps) == both
    assert (gaps, 1) == (real, asked)
    assert 0 == versions[0]
    assert 4 == len(set(versions))
    assert (0, []) == (chosen.version(SYMBOL), chosen.candles(SYMBOL, 3600, *HOURS))


async def test_a_span_around_the_first_trade_has_both() -> None:
    clock = VirtualClock()
    made_up = SyntheticHistory([MARKETS[SYMBOL]], SYNTHETIC, 1, lambda _: Origin(BEGAN_US, SYNTHETIC[SYMBOL].price))
    upstream_trades = random_trades(Random(1), START_US - 2 * DAY, START_US, 90_000)
    server = KlineUpstream(upstream_trades, clock)
    span = (BEGAN_S - 60) * SECOND, (BEGAN_S + 60) * SECOND
    async with server.serving() as client:
        upstream = UpstreamHistory(clock, client, {SYMBOL: SYMBOL})
        chosen = ChosenHistory(lambda _: BEGAN_US)
        chosen.choose(SYMBOL, past=made_up, gaps=upstream)
        await chosen.reach(SYMBOL, [(1, *span)])
        found = chosen.candles(SYMBOL, 1, *span)

    before = made_up.candles(SYMBOL, 1, *span)
    after = bars_of(upstream_trades, (1, BEGAN_S * SECOND, span[1]))
    assert merge_all(before) is not None
    assert [*before, *after] == found


def test_figures_of_the_day_are_of_whoever_tells_of_what_is_missing() -> None:
    clock = VirtualClock()
    figures = Candle(START_US - DAY, 100, 120, 90, 110, 5000, 550_000, 77, 0, 0, 0, 0)
    made_up = SyntheticHistory([MARKETS[SYMBOL]], SYNTHETIC, 1, lambda _: Origin(BEGAN_US, SYNTHETIC[SYMBOL].price))
    upstream = UpstreamHistory(clock, NoUpstream(), {SYMBOL: SYMBOL})
    upstream.learn_day(SYMBOL, figures)
    chosen = ChosenHistory(lambda _: BEGAN_US)
    chosen.choose(SYMBOL, past=made_up, gaps=upstream)

    assert chosen.day(SYMBOL, [Span(START_US - DAY, BEGAN_S * SECOND, 0)]) is None
    assert figures == chosen.day(SYMBOL, [Span(START_US - DAY, BEGAN_S * SECOND, 0), Span(*MISSED, 9)])
