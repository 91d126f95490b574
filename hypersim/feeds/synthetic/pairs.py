"""Which markets' prices follow from those of others: ETH/BTC is ETH/USDT over BTC/USDT."""

from collections.abc import Iterable, Mapping

from hypersim.engine.market import Market

Legs = tuple[str, str]
"""The symbols of the markets of a pair's base and of its quote, both in one third asset."""


def with_legs(markets: Iterable[Market]) -> list[tuple[Market, Legs | None]]:
    """The markets with their legs, each after its legs; None for a market that stands for itself."""
    listed = list(markets)
    symbols = {(market.base, market.quote): market.symbol for market in listed}
    waiting = [(market, _legs(market, symbols)) for market in listed]
    ordered: list[tuple[Market, Legs | None]] = []
    done: set[str] = set()
    while waiting:
        ready = [(market, legs) for market, legs in waiting if legs is None or done.issuperset(legs)]
        # markets that are one another's legs have nothing to follow: the first one stands for itself
        chosen = ready or [(waiting[0][0], None)]
        ordered.extend(chosen)
        done.update(market.symbol for market, _ in chosen)
        waiting = [(market, legs) for market, legs in waiting if market.symbol not in done]
    return ordered


def _legs(market: Market, symbols: Mapping[tuple[str, str], str]) -> Legs | None:
    for base, third in symbols:
        if base == market.base and third != market.quote and (market.quote, third) in symbols:
            return symbols[base, third], symbols[market.quote, third]
    return None
