"""Which history source tells what of a market: one of its past, perhaps another of its gaps.

A world's past stays of the kind that it began with, however its prices are made later; what it missed since is
told by the upstream that it has now. Chosen symbol by symbol, and changeable while the world runs.
"""

import asyncio
from collections.abc import Callable, Sequence

from hypersim.views.candles import bucket
from hypersim.views.records import Candle, HistorySource, Run, Span

CHOSEN = 2**32
"""How much a choice adds to a version: more than any source counts to."""


class ChosenHistory:
    """A HistorySource made of others. `began_us` tells when the world's first trade of a symbol was, None before it:
    then all is past.
    """

    def __init__(self, began_us: Callable[[str], int | None]) -> None:
        self._began_us = began_us
        self._past: dict[str, HistorySource] = {}
        self._gaps: dict[str, HistorySource] = {}
        self._choices = 0

    def choose(self, symbol: str, *, past: HistorySource | None, gaps: HistorySource | None) -> None:
        """From now on these tell of a symbol; None: nobody does."""
        self._choices += 1
        for chosen, source in ((self._past, past), (self._gaps, gaps)):
            if source is None:
                chosen.pop(symbol, None)
            else:
                chosen[symbol] = source

    def version(self, symbol: str) -> int:
        known = sum(source.version(symbol) for source in self._sources(symbol))
        return known and known + self._choices * CHOSEN

    def candles(self, symbol: str, base_seconds: int, start_us: int, end_us: int) -> list[Candle]:
        found: list[Candle] = []
        for source, (seconds, from_us, until_us) in self._divided(symbol, (base_seconds, start_us, end_us)):
            found += source.candles(symbol, seconds, from_us, until_us)
        return found

    async def reach(self, symbol: str, runs: Sequence[Run]) -> None:
        parts: dict[int, tuple[HistorySource, list[Run]]] = {}
        for run in runs:
            for source, part in self._divided(symbol, run):
                parts.setdefault(id(source), (source, []))[1].append(part)
        await asyncio.gather(*(source.reach(symbol, part) for source, part in parts.values()))

    def day(self, symbol: str, spans: Sequence[Span]) -> Candle | None:
        for source in self._sources(symbol):
            theirs = [span for span in spans if (self._gaps if span.after_id else self._past).get(symbol) is source]
            if theirs and (day := source.day(symbol, theirs)) is not None:
                return day
        return None

    def _sources(self, symbol: str) -> list[HistorySource]:
        past, gaps = self._past.get(symbol), self._gaps.get(symbol)
        found = [past] if past is not None else []
        return found if gaps is None or gaps is past else [*found, gaps]

    def _divided(self, symbol: str, run: Run) -> list[tuple[HistorySource, Run]]:
        """The parts of a run that each source tells of."""
        seconds, start_us, end_us = run
        if len(sources := self._sources(symbol)) == 1 and symbol in self._past and symbol in self._gaps:
            return [(sources[0], run)]
        began_us = self._began_us(symbol)
        turn_us = end_us if began_us is None else min(end_us, max(start_us, bucket(began_us, 1)))
        parts = ((self._past, start_us, turn_us), (self._gaps, turn_us, end_us))
        return [
            (chosen[symbol], (seconds, from_us, until_us))
            for chosen, from_us, until_us in parts
            if symbol in chosen and from_us < until_us
        ]
