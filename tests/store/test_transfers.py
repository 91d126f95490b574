"""Deposits and withdrawals as they are stored: all of them, found as a plain filter finds them, by their indexes."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from itertools import product
from random import Random
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.dialects import postgresql, sqlite

from hypersim.engine.events import BalanceChanged, EntryKind, WithdrawalChanged
from hypersim.engine.withdrawal import Withdrawal, WithdrawalStatus
from hypersim.store import tables
from hypersim.store.database import Database
from hypersim.store.history import History
from hypersim.store.journal import SqlJournal
from hypersim.views.records import AccountDeposit
from tests.store.lives import BEGIN_US, Scribe, life

ALL = 10**6


@dataclass
class Told:
    """Everything that came and went, and what is stored of it."""

    history: History
    deposits: list[tuple[int, AccountDeposit]]
    withdrawals: list[Withdrawal]
    spans: list[tuple[int, int]]


@pytest.fixture
async def told(database: Database) -> AsyncIterator[Told]:
    scribe = Scribe(SqlJournal(database), seed=5)
    scribe.live(life(5), 1500)
    deposits: list[tuple[int, AccountDeposit]] = []
    withdrawals: dict[str, Withdrawal] = {}
    for record in scribe.records:
        entries = [event for event in record.events if isinstance(event, BalanceChanged)]
        for number, entry in enumerate(entries):
            if entry.kind in (EntryKind.OPENING, EntryKind.DEPOSIT) and entry.account_id > 0:
                deposit = AccountDeposit(
                    sequence=record.sequence,
                    number=number,
                    asset=entry.asset,
                    amount=entry.free_change,
                    time_us=record.time_us,
                )
                deposits.append((entry.account_id, deposit))
        for event in record.events:
            if isinstance(event, WithdrawalChanged):
                withdrawals[event.withdrawal.withdrawal_id] = event.withdrawal
    history = History(database, scribe.projected, scribe.missed)
    yield Told(history, deposits, list(withdrawals.values()), list(spans(scribe.time_us)))
    history.close()


def spans(end_us: int) -> Iterator[tuple[int, int]]:
    """Spans of time: everything, nothing, and some."""
    chance = Random(3)
    yield from ((0, 2**62), (0, 2**80), (2**70, 2**80), (end_us + 1, 2**62), (0, BEGIN_US - 1))
    for _ in range(3):
        yield chance.randrange(BEGIN_US, end_us), chance.randrange(BEGIN_US, end_us)


async def test_deposits_are_found_newest_first(told: Told) -> None:
    assert len(told.deposits) > 20
    for account_id, asset, (start_us, end_us) in product((1, 3, 99), (None, "USDT", "GOLD"), told.spans):
        found = [
            deposit
            for owner, deposit in reversed(told.deposits)
            if owner == account_id and asset in (None, deposit.asset) and start_us <= deposit.time_us <= end_us
        ]
        for limit, offset in ((ALL, 0), (3, 0), (3, 2), (1, ALL)):
            assert found[offset:][:limit] == await told.history.deposits(
                account_id, asset=asset, start_us=start_us, end_us=end_us, limit=limit, offset=offset
            )


async def test_withdrawals_are_found_newest_first_by_any_of_their_marks(told: Told) -> None:
    assert set(WithdrawalStatus) == {withdrawal.status for withdrawal in told.withdrawals}
    newest = sorted(told.withdrawals, key=lambda each: (each.applied_us, each.withdrawal_id), reverse=True)
    named = next(each for each in newest if each.client_id and each.account_id == 1)
    two = tuple(each.withdrawal_id for each in newest if each.account_id == 1)[1:3]
    marks: tuple[dict[str, Any], ...] = (
        {},
        {"asset": "USDT"},
        {"client_id": named.client_id},
        {"client_id": "nobody"},
        {"status": WithdrawalStatus.FAILED},
        {"status": WithdrawalStatus.PROCESSING, "asset": "BTC"},
        {"withdrawal_ids": two},
        {"withdrawal_ids": ()},
    )
    for account_id, mark, (start_us, end_us) in product((1, 3, 99), marks, told.spans):
        found = [
            each
            for each in newest
            if each.account_id == account_id
            and start_us <= each.applied_us <= end_us
            and all(getattr(each, name) == value for name, value in mark.items() if name != "withdrawal_ids")
            and each.withdrawal_id in mark.get("withdrawal_ids", (each.withdrawal_id,))
        ]
        for limit, offset in ((ALL, 0), (3, 1)):
            assert found[offset:][:limit] == await told.history.withdrawals(
                account_id,
                start_us=start_us,
                end_us=end_us,
                limit=limit,
                offset=offset,
                **mark,
            )


def test_deposits_are_found_by_their_key(database: Database) -> None:
    """Otherwise a look at them would read all that was ever traded."""
    Scribe(SqlJournal(database)).live(life(6), 100)
    own = tables.deposits.c
    query = select(own.asset).where(own.account_id == 1)
    query = query.order_by(own.sequence.desc(), own.number.desc()).limit(5)
    written = str(
        query.compile(
            dialect=sqlite.dialect() if database.dialect == "sqlite" else postgresql.dialect(),  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it untyped
            compile_kwargs={"literal_binds": True},
        )
    )
    with database.readers.connect() as connection:
        if database.dialect == "sqlite":
            plan = connection.execute(text(f"EXPLAIN QUERY PLAN {written}")).all()
        else:
            connection.execute(text("SET enable_seqscan = off"))
            plan = connection.execute(text(f"EXPLAIN {written}")).all()
    said = " ".join(str(row) for row in plan)
    assert "deposits" in said, said
    assert "TEMP B-TREE" not in said, said
