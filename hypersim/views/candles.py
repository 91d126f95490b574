"""Candles from trades, larger candles from smaller ones. The one rule for views and for what is stored.

Pure functions over `Candle` values. A bucket is half open: its start belongs to it, its end does not.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from hypersim.views.records import BASE_SECONDS, Candle

SECOND_US: Final = 1_000_000


def bucket(time_us: int, seconds: int) -> int:
    """Start of the bucket of that length, counted from the epoch, in which a time lies."""
    return time_us - time_us % (seconds * SECOND_US)


def bucket_after(time_us: int, seconds: int) -> int:
    """The first start of a bucket of that length that is not before a time."""
    return time_us + -time_us % (seconds * SECOND_US)


def with_trade(
    candle: Candle | None, open_us: int, price: int, quantity: int, trade_id: int, *, buyer_is_maker: bool
) -> Candle:
    """The candle that opens at open_us after one more trade; None where this trade is its first."""
    quote = price * quantity
    taker_base, taker_quote = (0, 0) if buyer_is_maker else (quantity, quote)
    if candle is None:
        return Candle(
            open_us,
            price,
            price,
            price,
            price,
            quantity,
            quote,
            1,
            taker_base,
            taker_quote,
            trade_id,
            trade_id,
        )
    return Candle(
        open_us,
        candle.open,
        price if price > candle.high else candle.high,
        price if price < candle.low else candle.low,
        price,
        candle.volume + quantity,
        candle.quote_volume + quote,
        candle.trades + 1,
        candle.taker_base + taker_base,
        candle.taker_quote + taker_quote,
        candle.first_id,
        trade_id,
    )


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
