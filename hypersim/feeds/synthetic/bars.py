"""A bar of the past, and the arithmetic by which the parts of one add up to it.

Guarantees that parts of a bar have exactly its volume, quote volume, trades and taker volumes, in integers,
and mean prices within their ranges. Prices are in ticks, volumes in steps, quote volumes in ticks x steps.
Which prices the parts have is not decided here (hypersim/feeds/synthetic/paths.py).
"""

from collections.abc import Sequence

from msgspec import Struct

Prices = tuple[int, int, int, int]
"""Open, high, low, close."""


class Bar(Struct, frozen=True, gc=False):
    """What was traded in a span of time. `taker` and `taker_quote` are of takers who bought."""

    open: int
    high: int
    low: int
    close: int
    volume: int
    quote: int
    trades: int
    taker: int
    taker_quote: int
    last_id: int


def shares_of(weights: Sequence[float]) -> list[float]:
    total = sum(weights)
    return [weight / total for weight in weights]


def split(total: int, shares: Sequence[float]) -> list[int]:
    """Whole parts of a whole, each within 1 of its share."""
    parts, passed, before = [], 0.0, 0
    for share in shares[:-1]:
        passed += share
        until = int(total * passed)
        parts.append(until - before)
        before = until
    parts.append(total - before)
    return parts


def inner_tenths(bar: Prices) -> tuple[int, int]:
    """The lowest and the highest mean price of a bar, times 10: as it traded at both ends, it is
    at neither.
    """
    _, high, low, _ = bar
    return 9 * low + high, 9 * high + low


def fit_quotes(
    parent: Bar,
    prices: Sequence[Prices],
    typical: Sequence[float],
    trades: Sequence[int],
    busy: Sequence[float],
) -> tuple[list[int], list[int]]:
    """(volumes, quote volumes) of the parts: they add up to the parent's, each part's mean price is in its
    range.
    """
    mean = sum(share * price for share, price in zip(busy, typical, strict=True))
    variance = sum(share * (price - mean) ** 2 for share, price in zip(busy, typical, strict=True))
    tilted = busy
    farthest = max(mean - min(typical), max(typical) - mean)
    if farthest > 0.01:
        most = 0.8 / farthest
        tilt = min(most, max(-most, (parent.quote / parent.volume - mean) / variance))
        tilted = [share * (1 + tilt * (price - mean)) for share, price in zip(busy, typical, strict=True)]
    spare = split(parent.volume - sum(trades), tilted)
    volumes = [least + part for least, part in zip(trades, spare, strict=True)]
    quotes = [int(volume * price) for volume, price in zip(volumes, typical, strict=True)]
    inner = [inner_tenths(bar) for bar in prices]
    missing = _settle_quotes(quotes, volumes, inner, parent.quote)
    if missing:
        _shift(volumes, quotes, trades, inner, missing)
        missing = _settle_quotes(quotes, volumes, inner, parent.quote)
        # at one price per part, in whole steps, the sum may be out of reach by less than a step's worth
        quotes[max(range(len(volumes)), key=volumes.__getitem__)] += missing
    return volumes, quotes


def _settle_quotes(quotes: list[int], volumes: Sequence[int], inner: Sequence[tuple[int, int]], total: int) -> int:
    """Brings quote volumes to a total as far as the prices allow it; returns what is missing then."""
    return settle(
        quotes,
        [-(-volume * low // 10) for volume, (low, _) in zip(volumes, inner, strict=True)],
        [volume * high // 10 for volume, (_, high) in zip(volumes, inner, strict=True)],
        total,
    )


def _shift(
    volumes: list[int],
    quotes: list[int],
    trades: Sequence[int],
    inner: Sequence[tuple[int, int]],
    missing: int,
) -> None:
    """Moves volume between the parts until quote volume that is missing (or too much) can be made up for.

    Every part's quote volume is as large (as small) as its prices allow: only where things are traded can
    still change the sum.
    """
    end, sign = (1, 1) if missing > 0 else (0, -1)
    order = sorted(range(len(inner)), key=lambda at: sign * inner[at][end])
    best = order[-1]
    for at in order:
        gain = sign * (inner[best][end] - inner[at][end])
        if gain <= 0 or sign * missing <= 0:
            break
        moved = min(volumes[at] - trades[at], -(-abs(missing) * 10 // gain))
        volumes[at] -= moved
        volumes[best] += moved
        quotes[at] -= moved * inner[at][end] // 10
        quotes[best] += moved * inner[best][end] // 10
        missing -= sign * moved * gain // 10


def settle(parts: list[int], least: Sequence[int], most: Sequence[int], total: int) -> int:
    """Changes parts within their bounds until they add up to a total; returns what the bounds
    leave missing.
    """
    missing = total - sum(parts)
    if not missing:
        return 0
    rooms = [bound - part for bound, part in zip(most if missing > 0 else least, parts, strict=True)]
    room = sum(rooms)
    if not room or missing / room >= 1:
        for at, here in enumerate(rooms):
            parts[at] += here
        return missing - room
    passed = given = 0
    for at, here in enumerate(rooms):
        passed += here
        until = missing * passed // room
        parts[at] += until - given
        given = until
    return 0


def assemble(
    parent: Bar,
    prices: Sequence[Prices],
    trades: Sequence[int],
    volumes: Sequence[int],
    quotes: Sequence[int],
    normals: Sequence[float],
) -> list[Bar]:
    """The parts as bars, with the takers' share of each and ids that count up to the parent's last."""
    share = parent.taker / parent.volume
    takers = [int(volume * min(0.95, max(0.05, share + 0.06 * z))) for volume, z in zip(volumes, normals, strict=True)]
    settle(takers, [0] * len(takers), volumes, parent.taker)
    taker_quotes = [taker * quote // volume for taker, quote, volume in zip(takers, quotes, volumes, strict=True)]
    missing = settle(
        taker_quotes,
        [
            max(taker * low, quote - (volume - taker) * high)
            for taker, volume, quote, (_, high, low, _) in zip(takers, volumes, quotes, prices, strict=True)
        ],
        [
            min(taker * high, quote - (volume - taker) * low)
            for taker, volume, quote, (_, high, low, _) in zip(takers, volumes, quotes, prices, strict=True)
        ],
        parent.taker_quote,
    )
    taker_quotes[max(range(len(takers)), key=takers.__getitem__)] += missing
    bars = []
    last_id = parent.last_id - parent.trades
    for at, (opened, high, low, close) in enumerate(prices):
        last_id += trades[at]
        bars.append(
            Bar(
                opened,
                high,
                low,
                close,
                volumes[at],
                quotes[at],
                trades[at],
                takers[at],
                taker_quotes[at],
                last_id,
            )
        )
    return bars
