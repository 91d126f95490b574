"""Candles from trades, larger candles from smaller ones. The one rule for views and for what is stored.

Pure functions over `Candle` values. A bucket is half open: its start belongs to it, its end does not.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from msgspec.structs import replace

from hypersim.engine.events import Traded
from hypersim.views.records import BASE_SECONDS, Candle, TapeTrade

SECOND_US: Final = 1_000_000


def bucket(time_us: int, seconds: int) -> int:
    """Start of the bucket of that length, counted from the epoch, in which a time lies."""
    return time_us - time_us % (seconds * SECOND_US)


def bucket_after(time_us: int, seconds: int) -> int:
    """The first start of a bucket of that length that is not before a time."""
    return time_us + -time_us % (seconds * SECOND_US)


def with_trades(candle: Candle | None, open_us: int, trades: Sequence[TapeTrade | Traded]) -> Candle:
    """The candle that opens at open_us after one or more trades, ascending; None where they are its first."""
    first, last = trades[0], trades[-1]
    high = low = first.price
    volume = quote_volume = taker_base = taker_quote = 0
    for trade in trades:
        price, quantity = trade.price, trade.quantity
        if price > high:
            high = price
        elif price < low:
            low = price
        quote = price * quantity
        volume += quantity
        quote_volume += quote
        if not trade.buyer_is_maker:
            taker_base += quantity
            taker_quote += quote
    added = Candle(
        open_us,
        first.price,
        high,
        low,
        last.price,
        volume,
        quote_volume,
        len(trades),
        taker_base,
        taker_quote,
        first.trade_id,
        last.trade_id,
    )
    return added if candle is None else merge(candle, added)


def merge(earlier: Candle, later: Candle) -> Candle:
    """Two spans of time as one, which opens when the earlier one does."""
    return Candle(
        earlier.open_us,
        earlier.open,
        later.high if later.high > earlier.high else earlier.high,
        later.low if later.low < earlier.low else earlier.low,
        later.close,
        earlier.volume + later.volume,
        earlier.quote_volume + later.quote_volume,
        earlier.trades + later.trades,
        earlier.taker_base + later.taker_base,
        earlier.taker_quote + later.taker_quote,
        earlier.first_id,
        later.last_id,
    )


def merge_all(candles: Iterable[Candle]) -> Candle | None:
    """Candles in time order as one; None when there are none."""
    result: Candle | None = None
    for candle in candles:
        result = candle if result is None else merge(result, candle)
    return result


def opening_at(candle: Candle, open_us: int) -> Candle:
    """The same trades, in a bucket that opens at another time."""
    if candle.open_us == open_us:
        return candle
    return Candle(
        open_us,
        candle.open,
        candle.high,
        candle.low,
        candle.close,
        candle.volume,
        candle.quote_volume,
        candle.trades,
        candle.taker_base,
        candle.taker_quote,
        candle.first_id,
        candle.last_id,
    )


def aggregate(
    candles: Iterable[Candle], open_of: Callable[[int], int], into: list[Candle] | None = None
) -> list[Candle]:
    """Larger candles: `open_of` says the bucket of a time. Ascending in, ascending out, none empty.

    `into` holds the larger candles of what came before; it is continued and returned.
    """
    result = [] if into is None else into
    for candle in candles:
        open_us = open_of(candle.open_us)
        if result and result[-1].open_us == open_us:
            result[-1] = merge(result[-1], candle)
        else:
            result.append(opening_at(candle, open_us))
    return result


def join(earlier: list[Candle], later: list[Candle]) -> list[Candle]:
    """Two ascending runs as one: a bucket that both have is one candle, `earlier` first in it."""
    if earlier and later and earlier[-1].open_us == later[0].open_us:
        return [*earlier[:-1], merge(earlier[-1], later[0]), *later[1:]]
    return [*earlier, *later]


def woven(source: Candle, own: Candle) -> Candle:
    """What a source and this world say of one span of time, as one. The ids tell which came first: those of a source's
    candle are below all own ones, or an empty range right after the own trade that it comes after.
    """
    return Candle(
        source.open_us,
        source.open if source.first_id <= own.first_id else own.open,
        max(source.high, own.high),
        min(source.low, own.low),
        source.close if source.last_id >= own.last_id else own.close,
        source.volume + own.volume,
        source.quote_volume + own.quote_volume,
        source.trades + own.trades,
        source.taker_base + own.taker_base,
        source.taker_quote + own.taker_quote,
        min(source.first_id, own.first_id),
        max(source.last_id, own.last_id),
    )


def weave(source: list[Candle], own: list[Candle]) -> list[Candle]:
    """Two ascending runs of a source and of this world as one."""
    if not source or not own:
        return source or own
    buckets = {candle.open_us: candle for candle in source}
    for candle in own:
        before = buckets.get(candle.open_us)
        buckets[candle.open_us] = candle if before is None else woven(before, candle)
    return [buckets[open_us] for open_us in sorted(buckets)]


def placed(candle: Candle, after_id: int) -> Candle:
    """A source's candle that comes after an own trade (0: before all of them): with ids that say so."""
    if not after_id:
        return candle
    return replace(candle, first_id=after_id + 1, last_id=after_id)


def pieces(start_us: int, end_us: int, bases: tuple[int, ...] = BASE_SECONDS) -> Iterator[tuple[int, int, int]]:
    """A span of time as the fewest kept buckets: ascending runs (base seconds, start, end) that touch.

    What is finer than the smallest base is rounded outwards, so that nothing within the span is missed.
    """
    *finer, base = bases
    inner_start, inner_end = bucket_after(start_us, base), bucket(end_us, base)
    if not finer:
        inner_start, inner_end = bucket(start_us, base), bucket_after(end_us, base)
        if inner_start < inner_end:
            yield base, inner_start, inner_end
    elif inner_start >= inner_end:
        yield from pieces(start_us, end_us, tuple(finer))
    else:
        yield from pieces(start_us, inner_start, tuple(finer))
        yield base, inner_start, inner_end
        yield from pieces(inner_end, end_us, tuple(finer))
