"""What is stored, for those who must not wait: queries run in a few threads of their own, never on the
event loop.

Reads only what is durable; an answer that was given is already there: a query waits until what is durable when it is
asked can be read. A database that is away, or has crashed and lost what was written behind, is a refusal, OVERLOADED:
try again.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Final, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import InterfaceError, OperationalError

from hypersim.engine.lists import OrderList
from hypersim.engine.orders import Order
from hypersim.engine.withdrawal import Withdrawal, WithdrawalStatus
from hypersim.errors import Reason, Refused
from hypersim.store import queries
from hypersim.store.database import Database, explained
from hypersim.store.rows import newest_projected
from hypersim.views.records import (
    AccountDeposit,
    AccountTrade,
    AggregateTrade,
    Amended,
    Candle,
    PreventedMatch,
    TapeTrade,
)

logger = logging.getLogger(__name__)

THREADS: Final = 4

T = TypeVar("T")
Query = Callable[[Connection], T]
Asked = tuple[Query[Any], int, "asyncio.Future[Any]"]
"""A question, the mark that the projections have, and who waits for the answer."""

LOOKED: Final = "hypersim.store.history"
"""What a connection knows once it was looked whether what is to be read is there."""


class Missed(Refused):
    """The database has lost what it had."""


class History:
    """Closed orders, trades, deposits, withdrawals, the tape and candles. Times are microseconds UTC, both ends
    inclusive but for candles.

    Where there is a choice, a `limit` cuts off the newest when an id or a time to start from is given, and
    the oldest otherwise; answers ascend. `projected` returns once what is durable can be read, and `missed` is told
    when it cannot: see `Writer`.
    """

    def __init__(self, database: Database, projected: Callable[[], Awaitable[int]], missed: Callable[[], None]) -> None:
        self._database = database
        self._projected = projected
        self._missed = missed
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="history")
        self._idle = THREADS
        self._waiting: deque[Asked] = deque()

    async def order(
        self, symbol: str, *, order_id: int | None = None, client_order_id: str | None = None, account_id: int
    ) -> Order | None:
        """An account's order, open or closed, by either id or both; of several the newest."""
        return await self._run(
            partial(
                queries.find_order,
                account_id=account_id,
                symbol=symbol,
                order_id=order_id,
                client_order_id=client_order_id,
            )
        )

    async def orders(
        self,
        account_id: int,
        symbol: str,
        *,
        from_id: int | None = None,
        start_us: int | None = None,
        end_us: int | None = None,
        limit: int,
        closed: bool = False,
    ) -> list[Order]:
        """An account's orders by the time of their creation, open and closed, or `closed` ones alone."""
        return await self._run(
            partial(
                queries.find_orders,
                account_id=account_id,
                symbol=symbol,
                from_id=from_id,
                start_us=start_us,
                end_us=end_us,
                limit=limit,
                closed=closed,
            )
        )

    async def orders_everywhere(
        self,
        account_id: int,
        *,
        start_us: int | None = None,
        end_us: int | None = None,
        limit: int,
        closed: bool = False,
    ) -> list[Order]:
        """An account's orders of all symbols, by the time of their creation; `closed` as in `orders`."""
        return await self._run(
            partial(
                queries.find_orders_everywhere,
                account_id=account_id,
                start_us=start_us,
                end_us=end_us,
                limit=limit,
                closed=closed,
            )
        )

    async def order_list(
        self, account_id: int, *, list_id: int | None = None, client_list_id: str | None = None
    ) -> OrderList | None:
        """An account's order list, open or done, by either id or both; of several the newest."""
        return await self._run(
            partial(queries.find_order_list, account_id=account_id, list_id=list_id, client_list_id=client_list_id)
        )

    async def order_lists(
        self,
        account_id: int,
        *,
        from_id: int | None = None,
        start_us: int | None = None,
        end_us: int | None = None,
        limit: int,
    ) -> list[OrderList]:
        """An account's order lists, open and done, by the time of their creation."""
        return await self._run(
            partial(
                queries.find_order_lists,
                account_id=account_id,
                from_id=from_id,
                start_us=start_us,
                end_us=end_us,
                limit=limit,
            )
        )

    async def prevented_matches(
        self,
        account_id: int,
        symbol: str,
        *,
        prevented_match_id: int | None = None,
        order_id: int | None = None,
        from_id: int | None = None,
        limit: int,
    ) -> list[PreventedMatch]:
        """An account's prevented matches: one, or those of an order."""
        return await self._run(
            partial(
                queries.find_prevented_matches,
                account_id=account_id,
                symbol=symbol,
                prevented_match_id=prevented_match_id,
                order_id=order_id,
                from_id=from_id,
                limit=limit,
            )
        )

    async def amendments(
        self, account_id: int, symbol: str, order_id: int, *, from_id: int | None = None, limit: int
    ) -> list[Amended]:
        """How an account's order was amended."""
        return await self._run(
            partial(
                queries.find_amendments,
                account_id=account_id,
                symbol=symbol,
                order_id=order_id,
                from_id=from_id,
                limit=limit,
            )
        )

    async def trades(
        self,
        account_id: int,
        symbol: str,
        *,
        order_id: int | None = None,
        from_id: int | None = None,
        start_us: int | None = None,
        end_us: int | None = None,
        limit: int,
    ) -> list[AccountTrade]:
        """An account's side of its trades; who traded with himself has both sides."""
        return await self._run(
            partial(
                queries.find_trades,
                account_id=account_id,
                symbol=symbol,
                order_id=order_id,
                from_id=from_id,
                start_us=start_us,
                end_us=end_us,
                limit=limit,
            )
        )

    async def trades_everywhere(
        self, account_id: int, *, start_us: int | None = None, end_us: int | None = None, limit: int
    ) -> list[AccountTrade]:
        """An account's side of its trades of all symbols, by their time."""
        return await self._run(
            partial(
                queries.find_trades_everywhere,
                account_id=account_id,
                start_us=start_us,
                end_us=end_us,
                limit=limit,
            )
        )

    async def deposits(
        self, account_id: int, *, asset: str | None = None, start_us: int, end_us: int, limit: int, offset: int = 0
    ) -> list[AccountDeposit]:
        """What an account was given from outside, newest first."""
        return await self._run(
            partial(
                queries.find_deposits,
                account_id=account_id,
                asset=asset,
                start_us=start_us,
                end_us=end_us,
                limit=limit,
                offset=offset,
            )
        )

    async def withdrawals(
        self,
        account_id: int,
        *,
        asset: str | None = None,
        client_id: str | None = None,
        withdrawal_ids: Sequence[str] | None = None,
        status: WithdrawalStatus | None = None,
        start_us: int,
        end_us: int,
        limit: int,
        offset: int = 0,
    ) -> list[Withdrawal]:
        """An account's withdrawals, on their way and ended, by the time of their application, newest first."""
        return await self._run(
            partial(
                queries.find_withdrawals,
                account_id=account_id,
                asset=asset,
                client_id=client_id,
                withdrawal_ids=withdrawal_ids,
                status=status,
                start_us=start_us,
                end_us=end_us,
                limit=limit,
                offset=offset,
            )
        )

    async def tape(self, symbol: str, *, from_id: int | None = None, limit: int) -> list[TapeTrade]:
        """A market's trades."""
        return await self._run(partial(queries.find_tape, symbol=symbol, from_id=from_id, limit=limit))

    async def aggregates(
        self,
        symbol: str,
        *,
        from_id: int | None = None,
        start_us: int | None = None,
        end_us: int | None = None,
        limit: int,
    ) -> list[AggregateTrade]:
        """A market's trades, those of one taker at one price and time as one. Made of the tape."""
        return await self._run(
            partial(
                queries.find_aggregates,
                symbol=symbol,
                from_id=from_id,
                start_us=start_us,
                end_us=end_us,
                limit=limit,
            )
        )

    async def candles(self, symbol: str, base_seconds: int, start_us: int, end_us: int) -> list[Candle]:
        """Candles with start_us <= open_us < end_us; base_seconds is 60, 3600 or 86400."""
        return await self._run(
            partial(queries.find_candles, symbol=symbol, seconds=base_seconds, start_us=start_us, end_us=end_us)
        )

    def close(self) -> None:
        """Returns once no query runs any more; what still waits is refused."""
        self._threads.shutdown()
        for _, _, waiting in self._waiting:
            if not waiting.done():
                waiting.set_exception(Refused(Reason.SHUTTING_DOWN))
        self._waiting.clear()

    async def _run(self, query: Query[T]) -> T:
        mark = await self._projected()
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T] = loop.create_future()
        self._waiting.append((query, mark, answer))
        if self._idle:
            self._idle -= 1
            self._threads.submit(self._ask, self._share(), loop)
        return await answer

    def _share(self) -> list[Asked]:
        """Takes what one thread asks at once of what waits: many questions cost a change of threads less often."""
        count = -(-len(self._waiting) // THREADS)
        return [self._waiting.popleft() for _ in range(count)]

    def _ask(self, asked: list[Asked], loop: asyncio.AbstractEventLoop) -> None:
        """Asks the database, in a thread."""
        answers: list[Any] = []
        while len(answers) < len(asked):
            answers += self._answers(asked[len(answers) :], loop)
        loop.call_soon_threadsafe(self._tell, asked, answers, loop)

    def _answers(self, asked: list[Asked], loop: asyncio.AbstractEventLoop) -> list[Any]:
        """What the database answers, on one connection, up to the first question that fails: the exception for it."""
        answers: list[Any] = []
        try:
            with self._database.readers.connect() as connection:
                for query, mark, _ in asked:
                    _look_for(mark, connection)
                    answers.append(query(connection))
        except Missed as missed:
            loop.call_soon_threadsafe(self._missed)  # at once: once it is recovered it is news no more
            answers.append(missed)
        except (OperationalError, InterfaceError) as error:
            logger.warning("the database cannot be read: %s", explained(error))
            answers.append(Refused(Reason.OVERLOADED))
        except Exception as error:  # for whoever asks
            answers.append(error)
        return answers[: len(asked)]  # to let go of the connection may fail, too

    def _tell(self, asked: list[Asked], answers: list[Any], loop: asyncio.AbstractEventLoop) -> None:
        """Tells whoever still waits, and lets the thread go on."""
        for (_, _, waiting), answer in zip(asked, answers, strict=True):
            if waiting.done():
                continue
            if isinstance(answer, Exception):
                waiting.set_exception(answer)
            else:
                waiting.set_result(answer)
        if self._waiting:
            self._threads.submit(self._ask, self._share(), loop)
        else:
            self._idle += 1


def _look_for(mark: int, connection: Connection) -> None:
    """Raises Missed when a connection that was made by now does not find what is projected: the database crashed. On
    the connections from before, a crash is an error.
    """
    if LOOKED not in connection.info:
        if newest_projected(connection) < mark:
            raise Missed(Reason.OVERLOADED)
        connection.info[LOOKED] = True
