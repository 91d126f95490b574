"""No question takes longer because there is a longer past: the steps that SQLite takes for each are counted."""

from collections.abc import Callable
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Table, insert

from hypersim.store import queries
from hypersim.store.database import open_database
from hypersim.store.tables import order_lists, orders, prevented_matches, tape, trades

SHORT, LONG = 500, 8000
MOST_TIMES = 2.0
"""Longer: to halve sixteen times as many ids takes four steps more."""
PAST: dict[Table, Callable[[int], dict[str, object]]] = {
    orders: lambda n: {
        "order_id": n,
        "client_order_id": f"order-{n}",
        "side": "BUY",
        "type": "LIMIT",
        "time_in_force": "GTC",
        **dict.fromkeys(("price", "quantity", "quote_quantity", "executed", "executed_quote", "prevented"), n),
        "status": "FILLED",
        "self_trade_prevention": "NONE",
        "created_us": n,
        "updated_us": n,
        "working_us": n,
    },
    trades: lambda n: {
        "trade_id": n,
        "order_id": n,
        **dict.fromkeys(("price", "quantity", "quote", "fee"), n),
        "fee_asset": "BTC",
        "time_us": n,
        "is_buyer": True,
        "is_maker": True,
        "list_id": 0,
    },
    order_lists: lambda n: {
        "list_id": n,
        "client_list_id": f"list-{n}",
        "kind": "OCO",
        "phase": "DONE",
        "orders": "[]",
        "created_us": n,
        "updated_us": n,
    },
    prevented_matches: lambda n: {
        "prevented_match_id": n,
        "taker_order_id": n,
        "maker_order_id": n + 1,
        "prevention": "EXPIRE_MAKER",
        **dict.fromkeys(("price", "taker_prevented", "maker_prevented"), n),
        "time_us": n,
    },
    tape: lambda n: {
        "trade_id": n,
        "aggregate_id": n,
        "price": n,
        "quantity": n,
        "time_us": n,
        "buyer_is_maker": True,
        "outside": True,
    },
}
EDGES: dict[str, Any] = {"from_id": None, "start_us": None, "end_us": None, "limit": 5}
TIMES: dict[str, Any] = EDGES | {"start_us": 200, "end_us": 210}


def steps(url: str, question: Callable[[Connection], object]) -> int:
    """How many steps of its virtual machine SQLite takes."""
    database, counted = open_database(url), count()
    with database.readers.connect() as connection:
        driver: Any = connection.connection.dbapi_connection
        driver.set_progress_handler(lambda: next(counted) < 0, 1)
        question(connection)
        driver.set_progress_handler(None, 0)
    database.close()
    return next(counted)


@pytest.fixture(scope="module")
def pasts(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Two databases, whose one account has a short past and a long one."""
    return [write(tmp_path_factory.mktemp("past"), length) for length in (SHORT, LONG)]


def write(folder: Path, length: int) -> str:
    url = f"sqlite:///{folder / 'past.db'}"
    database = open_database(url)
    with database.transaction() as connection:
        for table, row in PAST.items():
            whose = {"account_id": 1} if table is not tape else {}
            rows = [whose | {"symbol": "BTCUSDT"} | row(number) for number in range(1, length + 1)]
            connection.execute(insert(table), rows)
    database.close()
    return url


order = partial(queries.find_order, account_id=1, symbol="BTCUSDT")
some_orders = partial(queries.find_orders, account_id=1, symbol="BTCUSDT")
some_trades = partial(queries.find_trades, account_id=1, symbol="BTCUSDT")
order_list = partial(queries.find_order_list, account_id=1)
some_lists = partial(queries.find_order_lists, account_id=1)
prevented = partial(queries.find_prevented_matches, account_id=1, symbol="BTCUSDT", from_id=None, limit=5)
aggregates = partial(queries.find_aggregates, symbol="BTCUSDT")


@pytest.mark.parametrize(
    "question",
    [
        pytest.param(partial(order, order_id=300, client_order_id=None), id="order by id"),
        pytest.param(partial(order, order_id=None, client_order_id="order-300"), id="order by client id"),
        pytest.param(partial(order, order_id=None, client_order_id="none"), id="no order by client id"),
        pytest.param(partial(some_orders, **EDGES), id="newest orders"),
        pytest.param(partial(some_orders, **EDGES | {"from_id": 300}), id="orders from an id"),
        pytest.param(partial(some_orders, **TIMES), id="orders of a time"),
        pytest.param(partial(some_trades, order_id=None, **EDGES), id="newest trades"),
        pytest.param(partial(some_trades, order_id=300, **EDGES), id="trades of an order"),
        pytest.param(partial(some_trades, order_id=300, **EDGES | {"from_id": 1}), id="trades of an order from an id"),
        pytest.param(partial(some_trades, order_id=None, **EDGES | {"from_id": 300}), id="trades from an id"),
        pytest.param(partial(some_trades, order_id=None, **TIMES), id="trades of a time"),
        pytest.param(partial(order_list, list_id=None, client_list_id="list-300"), id="list by client id"),
        pytest.param(partial(some_lists, **TIMES), id="lists of a time"),
        pytest.param(partial(prevented, prevented_match_id=None, order_id=300), id="prevented matches of an order"),
        pytest.param(partial(prevented, prevented_match_id=300, order_id=None), id="prevented match by id"),
        pytest.param(partial(queries.find_tape, symbol="BTCUSDT", from_id=300, limit=5), id="tape from an id"),
        pytest.param(partial(aggregates, **EDGES | {"from_id": 300}), id="aggregates from an id"),
        pytest.param(partial(aggregates, **TIMES), id="aggregates of a time"),
    ],
)
def test_a_long_past_makes_no_question_longer(pasts: list[str], question: Callable[[Connection], object]) -> None:
    short, long = (steps(url, question) for url in pasts)
    assert long < MOST_TIMES * short
