"""Made-up trades, and what can be known of them worked out the slow way: the oracle of these tests."""

from collections.abc import Callable, Sequence
from random import Random

from hypersim.engine.commands import Advance
from hypersim.engine.events import Committed, Event, MarketChanged, OutsideChanged, Traded
from hypersim.engine.market import Market
from hypersim.units import ONE
from hypersim.views.records import BASE_SECONDS, PAST_SECONDS, AggregateTrade, Candle, Run, Span, TapeTrade

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

MARKET = Market(
    symbol="BTCUSDT",
    base="BTC",
    quote="USDT",
    min_price=10**6,
    max_price=10**14,
    tick_size=10**6,
    min_quantity=1000,
    max_quantity=9000 * ONE,
    step_size=1000,
    min_notional=5 * ONE,
)


def random_trades(random: Random, start_us: int, end_us: int, count: int, *, first_id: int = 1) -> list[TapeTrade]:
    """Trades at random times of a span, in bursts and with pauses, some of them sharing an aggregate."""
    centres = [random.randrange(start_us, end_us) for _ in range(max(1, count // 4))]
    spread = [1, SECOND, MINUTE, HOUR]
    times = sorted(
        min(end_us - 1, max(start_us, random.choice(centres) + random.randrange(random.choice(spread))))
        for _ in range(count)
    )
    trades: list[TapeTrade] = []
    price, aggregate_id, maker = 50_000 * ONE, first_id, False
    for trade_id, time_us in enumerate(times, first_id):
        last = trades[-1] if trades else None
        if last is None or last.time_us != time_us or random.random() < 0.5:
            price = max(10**6, price + random.randrange(-5000, 5001) * 10**6)
            aggregate_id, maker = aggregate_id + 1, random.random() < 0.5
        quantity = random.randrange(1, 10**6) * 1000
        trades.append(TapeTrade(trade_id, aggregate_id, price, quantity, time_us, maker, True))
    return trades


def candle_of(open_us: int, trades: Sequence[TapeTrade]) -> Candle:
    """The candle of some trades, by definition."""
    prices = [trade.price for trade in trades]
    bought = [trade for trade in trades if not trade.buyer_is_maker]
    return Candle(
        open_us,
        prices[0],
        max(prices),
        min(prices),
        prices[-1],
        sum(trade.quantity for trade in trades),
        sum(trade.price * trade.quantity for trade in trades),
        len(trades),
        sum(trade.quantity for trade in bought),
        sum(trade.price * trade.quantity for trade in bought),
        trades[0].trade_id,
        trades[-1].trade_id,
    )


def candles_of(trades: Sequence[TapeTrade], open_of: Callable[[int], int]) -> list[Candle]:
    """The candles of some trades: those with the same bucket together."""
    buckets: dict[int, list[TapeTrade]] = {}
    for trade in trades:
        buckets.setdefault(open_of(trade.time_us), []).append(trade)
    return [candle_of(open_us, buckets[open_us]) for open_us in sorted(buckets)]


def base_candles(trades: Sequence[TapeTrade], seconds: int, start_us: int, end_us: int) -> list[Candle]:
    """Candles of a base with start_us <= open_us < end_us."""
    length = seconds * SECOND
    candles = candles_of(trades, lambda time_us: time_us // length * length)
    return [candle for candle in candles if start_us <= candle.open_us < end_us]


def aggregates_of(trades: Sequence[TapeTrade]) -> list[AggregateTrade]:
    """The aggregates of some trades."""
    whole: dict[int, list[TapeTrade]] = {}
    for trade in trades:
        whole.setdefault(trade.aggregate_id, []).append(trade)
    return [
        AggregateTrade(
            aggregate_id,
            parts[0].price,
            sum(trade.quantity for trade in parts),
            parts[0].trade_id,
            parts[-1].trade_id,
            parts[0].time_us,
            parts[0].buyer_is_maker,
        )
        for aggregate_id, parts in sorted(whole.items())
    ]


class TradesBefore:
    """A history source that knows these trades."""

    def __init__(self, trades: Sequence[TapeTrade]) -> None:
        self._candles = {seconds: base_candles(trades, seconds, 0, 2**63) for seconds in PAST_SECONDS}

    def version(self, symbol: str) -> int:
        return 1

    def candles(self, symbol: str, base_seconds: int, start_us: int, end_us: int) -> list[Candle]:
        assert symbol == MARKET.symbol
        return [candle for candle in self._candles[base_seconds] if start_us <= candle.open_us < end_us]

    async def reach(self, symbol: str, runs: Sequence[Run]) -> None:
        assert all(start_us < end_us for _, start_us, end_us in runs)

    def day(self, symbol: str, spans: Sequence[Span]) -> Candle | None:
        return None


class StoredTrades:
    """A store that holds these trades, the newest of them on its tape, and counts how often it was read."""

    def __init__(self, trades: Sequence[TapeTrade], on_tape: int | None = None) -> None:
        self._candles = {seconds: base_candles(trades, seconds, 0, 2**63) for seconds in BASE_SECONDS}
        self._aggregates = aggregates_of(trades[-(on_tape or len(trades)) :])
        self.reads = 0

    async def candles(self, symbol: str, base_seconds: int, start_us: int, end_us: int) -> list[Candle]:
        assert symbol == MARKET.symbol
        assert base_seconds in (60, 3600, 86400)
        assert start_us < end_us
        self.reads += 1
        return [candle for candle in self._candles[base_seconds] if start_us <= candle.open_us < end_us]

    async def aggregates(
        self,
        symbol: str,
        *,
        from_id: int | None = None,
        start_us: int | None = None,
        end_us: int | None = None,
        limit: int,
    ) -> list[AggregateTrade]:
        assert symbol == MARKET.symbol
        self.reads += 1
        return [
            whole
            for whole in self._aggregates
            if (from_id is None or whole.aggregate_id >= from_id)
            and (start_us is None or whole.time_us >= start_us)
            and (end_us is None or whole.time_us <= end_us)
        ][:limit]


class FixedClock:
    """Time that stands still, and lets others have a turn."""

    def __init__(self, time_us: int) -> None:
        self.time_us = time_us
        self.turns = 0

    def now_us(self) -> int:
        return self.time_us

    async def sleep(self, seconds: float) -> None:
        assert seconds == 0
        self.turns += 1


def record(sequence: int, time_us: int, *events: Event) -> Committed:
    """A committed record of these events."""
    return Committed(sequence=sequence, time_us=time_us, command=Advance(), events=events)


def listed() -> Committed:
    """The record that lists the market, whose outside is heard of from then on."""
    return record(1, 0, MarketChanged(MARKET), OutsideChanged(symbol=MARKET.symbol, source_time_us=0, known=True))


def traded(trade: TapeTrade, sequence: int = 2) -> Committed:
    """The record of a trade."""
    event = Traded(
        symbol=MARKET.symbol,
        trade_id=trade.trade_id,
        aggregate_id=trade.aggregate_id,
        price=trade.price,
        quantity=trade.quantity,
        buyer_is_maker=trade.buyer_is_maker,
        outside=trade.outside,
    )
    return record(sequence, trade.time_us, event)
