"""What is stored of order lists, prevented matches and amendments, against what the records said."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field

import pytest
from msgspec.structs import replace

from hypersim.engine.commands import AmendOrder, Command
from hypersim.engine.events import Change, ListChanged, MatchPrevented, OrderChanged
from hypersim.engine.lists import OrderList
from hypersim.engine.orders import SelfTradePrevention, Side
from hypersim.store.database import Database
from hypersim.store.history import History
from hypersim.store.journal import SqlJournal
from hypersim.units import ONE
from hypersim.views.records import Amended, PreventedMatch
from tests.store.lives import ACCOUNTS, SET_UP, SYMBOLS, Scribe, life, order
from tests.store.test_history import chosen, spans


@dataclass
class Told:
    """What the records of a life said, in their order, and where to ask for it."""

    history: History
    end_us: int = 0
    lists: dict[int, OrderList] = field(default_factory=dict)
    prevented: list[tuple[int, PreventedMatch]] = field(default_factory=list)
    amended: list[tuple[int, Amended]] = field(default_factory=list)


@pytest.fixture
async def told(database: Database) -> AsyncIterator[Told]:
    scribe = Scribe(SqlJournal(database), seed=5)
    commands = life(5)
    scribe.live(commands, len(SET_UP))
    for symbol in SYMBOLS:
        for command in encounters(symbol):
            scribe.write(command)
    scribe.live(commands, 1200)
    told = Told(History(database, scribe.projected, scribe.missed), scribe.time_us)
    for record in scribe.records:
        for event in record.events:
            if isinstance(event, ListChanged):
                told.lists[event.order_list.list_id] = replace(event.order_list, saved=0)
            elif isinstance(event, MatchPrevented):
                told.prevented.append((event.account_id, _match(event, record.time_us)))
            elif isinstance(event, OrderChanged) and event.change is Change.REPLACED:
                told.amended.append((event.order.account_id, _amended(event, record.time_us)))
    assert len(told.lists) > 30
    assert len(told.prevented) > 5
    assert len(told.amended) > 5
    yield told
    told.history.close()


def encounters(symbol: str) -> Iterator[Command]:
    """On an empty book an account meets itself, and another lowers what it has there, twice."""
    for mode in SelfTradePrevention:
        yield order(1, Side.SELL, 5, 60, f"own-{mode}", symbol)
        yield replace(order(1, Side.BUY, 3, 60, f"meets-{mode}", symbol), self_trade_prevention=mode)
        yield order(2, Side.BUY, 9, 50, f"lowered-{mode}", symbol)
        for left in (7, 4):
            yield AmendOrder(
                account_id=2,
                symbol=symbol,
                client_order_id=f"lowered-{mode}",
                new_client_order_id=f"lowered-{mode}",
                quantity=left * ONE,
            )


def _match(event: MatchPrevented, time_us: int) -> PreventedMatch:
    return PreventedMatch(
        symbol=event.symbol,
        prevented_match_id=event.prevented_match_id,
        taker_order_id=event.taker_order_id,
        maker_order_id=event.maker_order_id,
        prevention=event.prevention,
        price=event.price,
        taker_prevented=event.taker_prevented,
        maker_prevented=event.maker_prevented,
        time_us=time_us,
    )


def _amended(event: OrderChanged, time_us: int) -> Amended:
    order, amendment = event.order, event.amendment
    assert amendment is not None
    return Amended(
        symbol=order.symbol,
        order_id=order.order_id,
        execution_id=amendment.execution_id,
        client_order_id=amendment.client_order_id,
        new_client_order_id=order.client_order_id,
        quantity=amendment.before,
        new_quantity=order.quantity,
        time_us=time_us,
    )


async def test_order_lists_are_found_by_time_and_id(told: Told) -> None:
    for account_id in (*ACCOUNTS, 99):
        own = [each for each in told.lists.values() if each.account_id == account_id]
        for start_us, end_us in spans(told.end_us):
            for from_id, limit in ((None, 5), (None, 1000), (20, 7), (2**70, 7)):
                assert chosen(
                    own, lambda each: (each.list_id, each.created_us), from_id, start_us, end_us, limit
                ) == await told.history.order_lists(
                    account_id, from_id=from_id, start_us=start_us, end_us=end_us, limit=limit
                )


async def test_an_order_list_is_found_by_either_id_and_only_by_its_account(told: Told) -> None:
    for each in told.lists.values():
        account_id, number, name = each.account_id, each.list_id, each.client_list_id
        assert each == await told.history.order_list(account_id, list_id=number)
        assert each == await told.history.order_list(account_id, client_list_id=name)
        assert each == await told.history.order_list(account_id, list_id=number, client_list_id=name)
        assert await told.history.order_list(account_id, list_id=number + 1, client_list_id=name) is None
        assert await told.history.order_list(99, list_id=number) is None


async def test_prevented_matches_are_found_by_id_and_by_either_order(told: Told) -> None:
    for account_id in (*ACCOUNTS, 99):
        for symbol in SYMBOLS:
            own = [match for account, match in told.prevented if (account, match.symbol) == (account_id, symbol)]
            for match in own:
                number = match.prevented_match_id
                one = await told.history.prevented_matches(account_id, symbol, prevented_match_id=number, limit=5)
                assert [match] == one
                for order_id in (match.taker_order_id, match.maker_order_id):
                    of_order = [each for each in own if order_id in (each.taker_order_id, each.maker_order_id)]
                    later = [each for each in of_order if each.prevented_match_id >= number]
                    assert of_order[:3] == await told.history.prevented_matches(
                        account_id, symbol, order_id=order_id, limit=3
                    )
                    assert later == await told.history.prevented_matches(
                        account_id, symbol, order_id=order_id, from_id=number, limit=1000
                    )


async def test_amendments_are_found_by_their_order(told: Told) -> None:
    for account_id, amended in told.amended:
        of_order = [each for account, each in told.amended if account == account_id and _same_order(each, amended)]
        later = [each for each in of_order if each.execution_id >= amended.execution_id]
        asked = account_id, amended.symbol, amended.order_id
        assert of_order == await told.history.amendments(*asked, limit=1000)
        assert later[:1] == await told.history.amendments(*asked, from_id=amended.execution_id, limit=1)
        assert [] == await told.history.amendments(99, amended.symbol, amended.order_id, limit=5)


def _same_order(one: Amended, other: Amended) -> bool:
    return (one.symbol, one.order_id) == (other.symbol, other.order_id)
