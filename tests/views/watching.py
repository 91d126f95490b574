"""A market whose outside trades all the time, of which a world sees only some spans; and what counts, the slow way.

Users trade with one another meanwhile. The oracle knows nothing of spans and ids: it decides trade by trade.
"""

from random import Random

from msgspec.structs import replace

from hypersim.engine.commands import Advance, Command, OutsideUpdate
from hypersim.engine.events import Committed, Event, MarketChanged, OutsideChanged, Traded
from hypersim.views.records import TapeTrade
from tests.views.trades import DAY, HOUR, MARKET, MINUTE, SECOND, random_trades


class Watching:
    """Records of such a world, what it traded itself, and every outside trade there was, with ids 0."""

    def __init__(self, seed: int, start_us: int, *, days: int, trades: int = 400, user_trades: int = 60) -> None:
        random = self._random = Random(f"{seed}/{days}")
        self.end_us = start_us + days * DAY
        self.everywhere = random_trades(random, start_us - 2 * DAY, self.end_us, trades, first_id=-trades)
        """Every outside trade."""
        self._outside = list(self.everywhere)
        self._users = random_trades(random, start_us + HOUR, self.end_us, user_trades)
        self.missed: list[TapeTrade] = []
        """Those that were never told, with ids 0."""
        self.own: list[TapeTrade] = []
        self.records: list[Committed] = []
        self._edges: set[int] = set()
        """Seconds in which the outside was heard of: of these the world knows what it was told."""
        self._words: list[tuple[int, bool]] = []
        """When the outside was heard of, or became unknown."""
        self._record(0, Advance(), MarketChanged(MARKET))
        now_us = start_us
        while now_us < self.end_us:
            until_us = min(
                self.end_us, now_us + random.randrange(random.choice([SECOND, MINUTE, HOUR, days * DAY // 3]))
            )
            self._watch(now_us, until_us)
            silence_us = random.randrange(random.choice([2 * SECOND, MINUTE, 20 * HOUR]))
            self._leave(until_us, min(self.end_us, until_us + silence_us))
            now_us = until_us + silence_us
        self._advance_users(self.end_us)
        self._miss(self.end_us)

    def counted(self, now_us: int) -> list[TapeTrade]:
        """Every trade that counts until a time, in order: own ones always, missed ones in seconds that were not
        heard of. Within a second the world's own come first. A silence that nobody noticed yet is none.
        """
        words = [(heard_us, known) for heard_us, known in self._words if heard_us <= now_us]
        silent_s = words[-1][0] // SECOND if words and words[-1][1] else now_us // SECOND
        began_s = [heard_us // SECOND for heard_us, known in words if known][:1]  # nothing was traded here before
        first_s = began_s[0] if began_s else None
        now_s = now_us // SECOND
        found = [(trade.time_us // SECOND, 0, trade) for trade in self.own if trade.time_us <= now_us]
        for trade in self.missed:
            second = trade.time_us // SECOND
            before = second < (now_s if first_s is None else first_s)
            if before or (second < silent_s and second not in self._edges):
                found.append((second, 1, trade))
        return [trade for _, _, trade in sorted(found, key=lambda each: each[:2])]

    def come_back(self) -> None:
        """At the end the outside is heard of again, whatever was before."""
        self._hear(self.end_us, known=True, resumes_us=self.end_us)

    def _watch(self, start_us: int, until_us: int) -> None:
        """The outside is heard of: a ladder, every trade, a last ladder."""
        self._advance_users(start_us)
        if self._random.random() < 0.5:
            self._hear(start_us, known=False)  # at a start, or once more
        self._hear(start_us, known=True, resumes_us=start_us)
        seen = [trade for trade in self._outside if start_us <= trade.time_us < until_us]
        self._miss(start_us)
        self._outside = [trade for trade in self._outside if trade.time_us >= until_us]
        for trade in seen:
            self._advance_users(trade.time_us)
            self._trade(trade, heard=True)
        self._advance_users(until_us)
        self._hear(until_us, known=True)

    def _miss(self, until_us: int) -> None:
        self.missed += (replace(trade, trade_id=0) for trade in self._outside if trade.time_us < until_us)
        self._outside = [trade for trade in self._outside if trade.time_us >= until_us]

    def _leave(self, last_us: int, until_us: int) -> None:
        """Nothing is heard; the exchange notices within 30 s, or is killed before, or hears again before."""
        noticed_us = last_us + self._random.randrange(30 * SECOND)
        self._advance_users(min(noticed_us, until_us))
        if noticed_us < until_us and self._random.random() < 0.7:
            self._hear(noticed_us, known=False)
        else:
            self._users = [trade for trade in self._users if trade.time_us >= until_us]

    def _hear(self, time_us: int, *, known: bool, resumes_us: int = 0) -> None:
        if known:
            self._edges.add(time_us // SECOND)
        self._words.append((time_us, known))
        command = OutsideUpdate(symbol=MARKET.symbol, source_time_us=time_us if known else 0, resumes_us=resumes_us)
        source_time_us = time_us if known else 0
        self._record(time_us, command, OutsideChanged(symbol=MARKET.symbol, source_time_us=source_time_us, known=known))

    def _advance_users(self, time_us: int) -> None:
        while self._users and self._users[0].time_us <= time_us:
            self._trade(self._users.pop(0), heard=False)

    def _trade(self, trade: TapeTrade, *, heard: bool) -> None:
        number = len(self.own) + 1
        own = TapeTrade(number, number, trade.price, trade.quantity, trade.time_us, trade.buyer_is_maker, heard)
        self.own.append(own)
        event = Traded(
            symbol=MARKET.symbol,
            trade_id=number,
            aggregate_id=number,
            price=own.price,
            quantity=own.quantity,
            buyer_is_maker=own.buyer_is_maker,
            outside=heard,
        )
        if not heard:
            self._record(own.time_us, Advance(), event)
            return
        self._edges.add(own.time_us // SECOND)
        self._words.append((own.time_us, True))
        changed = OutsideChanged(symbol=MARKET.symbol, source_time_us=own.time_us, known=True)
        self._record(own.time_us, OutsideUpdate(symbol=MARKET.symbol, source_time_us=own.time_us), event, changed)

    def _record(self, time_us: int, command: Command, *events: Event) -> None:
        sequence = len(self.records) + 1
        self.records.append(Committed(sequence=sequence, time_us=time_us, command=command, events=events))
