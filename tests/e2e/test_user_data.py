"""User data by listen key over a real network, as clients of the retired way get it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect

from hypersim.testing import Account, ServerProcess, running_server
from tests.e2e.trader import Trader

QUIET_S = 0.3


@pytest.fixture(scope="module")
def server() -> Any:
    """A market that stands still."""
    with running_server("--memory", "--fresh", "--feed", "manual", "--seed", "7") as server:
        server.move_market("BTCUSDT", bids=[["49990", "1"]], asks=[["50010", "0.2"], ["50020", "0.3"]])
        yield server


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False) as client:
        yield client


@pytest.fixture
def trader(server: ServerProcess, http: httpx.AsyncClient) -> Trader:
    return Trader(server.open_account({"USDT": "100000"}), http)


async def key(http: httpx.AsyncClient, account: Account, method: str = "POST", **arguments: str) -> Any:
    """A call about listen keys, for which the API key is enough."""
    answer = await http.request(
        method,
        f"{account.server.url}/api/v3/userDataStream",
        params=arguments,
        headers={"X-MBX-APIKEY": account.api_key},
    )
    assert 200 == answer.status_code, answer.text
    return answer.json().get("listenKey")


def listening(account: Account, path: str) -> Any:
    return connect(f"ws://{account.server.hostname}{path}", proxy=None)


async def until(connection: ClientConnection, last: str) -> list[Any]:
    """The messages up to the first event of that name."""
    messages: list[Any] = []
    async with asyncio.timeout(10):
        while not messages or last not in (messages[-1].get("e"), messages[-1].get("data", {}).get("e")):
            messages.append(json.loads(await connection.recv()))
    return messages


async def silent(connection: ClientConnection) -> bool:
    """Whether nothing comes for a while."""
    try:
        await asyncio.wait_for(connection.recv(), QUIET_S)
    except TimeoutError:
        return True
    return False


async def test_a_market_order_is_new_filled_twice_expired_and_one_position(
    trader: Trader, http: httpx.AsyncClient
) -> None:
    async with listening(trader.account, f"/ws/{await key(http, trader.account)}") as connection:
        order = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.6"}
        placed = await trader.done("POST", "/order", **order, newClientOrderId="mine")
        told = await until(connection, "outboundAccountPosition")
        reports, position = told[:-1], told[-1]

        assert [
            ("NEW", "NEW"),
            ("TRADE", "PARTIALLY_FILLED"),
            ("TRADE", "PARTIALLY_FILLED"),
            ("EXPIRED", "EXPIRED"),
        ] == [(each["x"], each["X"]) for each in reports]
        assert {(placed["orderId"], "mine", placed["transactTime"])} == {
            (each["i"], each["c"], each["T"]) for each in reports
        }
        assert [(fill["tradeId"], fill["price"], fill["qty"], fill["commission"]) for fill in placed["fills"]] == [
            (each["t"], each["L"], each["l"], each["n"]) for each in reports if each["x"] == "TRADE"
        ]
        assert await trader.balances() == {
            each["a"]: (each["f"], each["l"]) for each in position["B"] if float(each["f"]) or float(each["l"])
        }
        assert await silent(connection)


async def test_one_connection_listens_to_two_accounts_and_a_market(
    server: ServerProcess, trader: Trader, http: httpx.AsyncClient
) -> None:
    other = Trader(server.open_account({"USDT": "7"}), http)
    keys = [await key(http, each.account) for each in (trader, other)]
    async with listening(trader.account, f"/stream?streams={keys[0]}/btcusdt@trade") as connection:
        await connection.send(json.dumps({"method": "SUBSCRIBE", "params": [keys[1], "z" * 64], "id": 1}))
        subscribed = json.loads(await connection.recv())
        for each, amount in ((other, "1"), (trader, "2")):
            headers = {"X-MBX-APIKEY": each.account.api_key}
            body = {"asset": "USDT", "amount": amount}
            await http.post(f"{server.url}/sim/v1/faucet", json=body, headers=headers)
        told = [
            *await until(connection, "outboundAccountPosition"),
            *await until(connection, "outboundAccountPosition"),
        ]
        server.move_market("BTCUSDT", print={"side": "BUY", "price": "50000", "quantity": "0.1"})
        traded = await until(connection, "trade")

    assert {"result": None, "id": 1} == subscribed
    assert [
        (keys[1], "balanceUpdate", "1.00000000"),
        (keys[1], "outboundAccountPosition", "8.00000000"),
        (keys[0], "balanceUpdate", "2.00000000"),
        (keys[0], "outboundAccountPosition", "100002.00000000"),
    ] == [(each["stream"], each["data"]["e"], each["data"].get("d") or each["data"]["B"][0]["f"]) for each in told]
    assert ["btcusdt@trade"] == [each["stream"] for each in traded]


async def test_a_closed_key_tells_no_more(trader: Trader, http: httpx.AsyncClient) -> None:
    listen_key = await key(http, trader.account)
    async with listening(trader.account, f"/ws/{listen_key}") as connection:
        await trader.limit("BUY", "0.1", "40000")
        assert ["executionReport", "outboundAccountPosition"] == [
            each["e"] for each in await until(connection, "outboundAccountPosition")
        ]
        await key(http, trader.account, "DELETE", listenKey=listen_key)
        await trader.limit("BUY", "0.1", "40000")
        assert await silent(connection)
