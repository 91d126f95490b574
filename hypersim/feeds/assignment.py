"""Which feeds a market has: its own or the world's, as far as they know it, else prices that are made up.

Pure. Guarantees that a market never changes silently from real prices to made-up ones: what stands by for a
real source is another real source, and each market whose feeds are not the world's has a note that says so.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence

from msgspec import Struct

from hypersim.engine.market import Market
from hypersim.settings import MANUAL, NO_OUTSIDE, SYNTHETIC


class Wishes(Struct, frozen=True, kw_only=True):
    """What somebody wants, and what there is."""

    world: tuple[str, ...]
    """Names of feeds, the preferred one first."""
    own: Mapping[str, tuple[str, ...]] = {}
    """By symbol: the feeds of markets that do not follow the world."""
    listed: Mapping[str, Collection[str]] = {}
    """By feed: which of our symbols its source has. A feed that is not in it did not say: it may have any."""
    can_be_made_up: Collection[str] = ()
    """Symbols of markets that have parameters for synthetic prices."""


class Assignment(Struct, frozen=True):
    """Symbol -> names of its feeds, the preferred one first; markets without any are not in it."""

    feeds: dict[str, tuple[str, ...]]
    notes: dict[str, str]
    """By symbol: why its feeds are not the world's, or why it has none."""


def assign(markets: Iterable[Market], wishes: Wishes) -> Assignment:
    """Each market's feeds."""
    found = Assignment({}, {})
    for market in markets:
        wanted = wishes.own.get(market.symbol, wishes.world)
        if NO_OUTSIDE in wishes.world or wanted == (MANUAL,):
            continue
        order = tuple(name for name in wanted if _has(name, market.symbol, wishes))
        if order:
            found.feeds[market.symbol] = order
            if order != wishes.world:
                found.notes[market.symbol] = _why_others(order, wanted, market.symbol, wishes)
        elif market.symbol in wishes.can_be_made_up:
            found.feeds[market.symbol] = (SYNTHETIC,)
            found.notes[market.symbol] = f"{_lacking(wanted, market.symbol)}, so its prices are made up"
        else:
            found.notes[market.symbol] = (
                f"{_lacking(wanted, market.symbol)}, and config/markets.toml does not say how to make its prices up"
            )
    return found


def _has(name: str, symbol: str, wishes: Wishes) -> bool:
    if name == SYNTHETIC:
        return symbol in wishes.can_be_made_up
    return name not in wishes.listed or symbol in wishes.listed[name]


def _why_others(order: Sequence[str], wanted: Sequence[str], symbol: str, wishes: Wishes) -> str:
    if symbol in wishes.own:
        note = f"config/markets.toml says {', '.join(wanted)}"
        return note if order == wanted else f"{note}; {_lacking([n for n in wanted if n not in order], symbol)}"
    return _lacking([name for name in wanted if name not in order], symbol)


def _lacking(names: Sequence[str], symbol: str) -> str:
    sources = [name for name in names if name != SYNTHETIC]
    return f"{' and '.join(sources) or SYNTHETIC} has no {symbol}"
