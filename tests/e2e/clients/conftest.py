"""Exchanges for the tests of clients: one whose market stands still, and each ccxt class connected to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from hypersim.testing import Account, ServerProcess, running_server
from tests.adapter.guard import Guard
from tests.e2e.clients.desk import Desk
from tests.e2e.clients.exchanges import CLASSES, Awaited, connected
from tests.e2e.clients.libraries import Library, environment, relayed


@pytest.fixture(scope="session")
def hypersim_server() -> Iterator[ServerProcess]:
    """The plugin's exchange, but that it limits nobody: together these tests ask for more weight than a minute has."""
    with running_server("--memory", "--fresh", "--feed", "synthetic", "--seed", "7", "--rate-limits", "off") as server:
        yield server


@pytest.fixture(scope="session")
def manual_server() -> Iterator[ServerProcess]:
    """An exchange whose outside market is only what a test says, and that limits nobody."""
    with running_server("--memory", "--fresh", "--feed", "manual", "--rate-limits", "off") as server:
        yield server


@pytest.fixture
def desk(manual_server: ServerProcess) -> Desk:
    """The book of desk.py, freshly laid."""
    desk = Desk(manual_server)
    desk.lay()
    return desk


@pytest.fixture
def account(desk: Desk) -> Account:
    """A fresh account at the desk."""
    return desk.open_account()


@pytest.fixture(scope="session")
def session_guard() -> Guard:
    """One: the interpreter never forgets an audit hook."""
    return Guard()


@pytest.fixture
def guard(session_guard: Guard, manual_server: ServerProcess) -> Iterator[Guard]:
    """Lets this process reach the exchange of the desk alone; at the end nobody else must have been tried."""
    host, _, port = manual_server.hostname.rpartition(":")
    session_guard.allowed = {(host, int(port))}
    session_guard.foreign.clear()
    session_guard.on = True
    yield session_guard
    session_guard.on = False
    assert [] == session_guard.foreign


@pytest.fixture(params=CLASSES)
def kind(request: pytest.FixtureRequest) -> str:
    """Each class in turn."""
    return str(request.param)


@pytest.fixture
async def exchange(kind: str, account: Account) -> AsyncIterator[Awaited]:
    """Each class in turn, for the fresh account, its markets loaded."""
    async with connected(kind, account) as exchange:
        await exchange.load_markets()
        yield exchange


@pytest.fixture(scope="session")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """The process that has Binance's own libraries, made once."""
    with relayed(environment(tmp_path_factory.mktemp("libraries"), "clients")) as library:
        yield library
