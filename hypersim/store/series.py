"""Rows of one owner, by ids that rise with their times: where in them a span of time begins and ends.

Ids and times of a symbol count up together (the writer's stamps never go back), so a time is found by halving
the ids: no index by time has to be kept up to date at every commit.

Statements are built once, with named parameters: SQLAlchemy takes five times as long to build one and to find what it
compiled for it as to run it (benchmarks/endpoints.py, an order that ended long ago).
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Connection, Integer, and_, bindparam, func, select

MOST: Final = 2**63 - 1
"""No id is as large: what a client asks for may be larger, and must not be more than a database can
compare.
"""

LIMIT: Final[ColumnElement[int]] = bindparam("limit", type_=Integer)
OFFSET: Final[ColumnElement[int]] = bindparam("offset", type_=Integer)

Parameters = Mapping[str, object]
"""Of a statement, by name."""


class Series:
    """Rows of a table that belong to one `owner`, in the order of their `key`, with which another column rises."""

    def __init__(self, owner: Sequence[Column[Any]], key: Column[int], rising: Column[int]) -> None:
        self.own = and_(*(column == bindparam(column.name) for column in owner))
        """The owner's rows. Its parameters have the names of the columns."""
        self.within = and_(self.own, key.between(bindparam("least"), bindparam("most")))
        """Those of them in a span of ids, see `span`."""
        ends = (select(end(key)).where(self.own).scalar_subquery() for end in (func.min, func.max))
        self._ends = select(*ends)  # both at once: a scan
        self._next = select(key, rising).where(self.own, key >= bindparam("middle")).order_by(key).limit(1)

    def span(
        self,
        connection: Connection,
        owner: Parameters,
        from_id: int | None,
        start_us: int | None,
        end_us: int | None,
    ) -> dict[str, int]:
        """The parameters `least` and `most`: from an id or a time on, to a time; both ends inclusive."""
        least = 0 if from_id is None else min(from_id, MOST)
        if start_us is not None:
            least = max(least, self.first(connection, owner, start_us))
        most = MOST if end_us is None else self.first(connection, owner, end_us + 1) - 1
        return {"least": least, "most": most}

    def first(self, connection: Connection, owner: Parameters, value: int) -> int:
        """The smallest id whose row reaches a value in the rising column; else one past all."""
        least, most = connection.execute(self._ends, owner).one()
        low, high = (least, most + 1) if least is not None else (0, 0)
        while low < high:
            middle = (low + high) // 2
            row = connection.execute(self._next, {**owner, "middle": middle}).one_or_none()
            if row is None or row[1] >= value:
                high = middle
            else:
                low = row[0] + 1
        return low
