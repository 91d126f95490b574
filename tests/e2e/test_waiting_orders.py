"""Orders that wait outlive the exchange: stops, trailing stops, icebergs and lists, after kill -9 and after a stop."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx

from hypersim.store.verify import verify
from hypersim.testing import ServerProcess
from tests.e2e.trader import Trader

BTC = {"symbol": "BTCUSDT"}
ORDER = {**BTC, "quantity": "0.01", "newOrderRespType": "RESULT"}


async def states(trader: Trader) -> dict[str, tuple[Any, ...]]:
    """Status, executed quantity and whether it works, of every order by its name."""
    return {
        order["clientOrderId"]: (order["status"], order["executedQty"], order["isWorking"])
        for order in await trader.done("GET", "/allOrders", **BTC)
    }


async def place_all(trader: Trader) -> None:
    """A trailing stop, a plain one, an iceberg and an OTOCO."""
    sell = {**ORDER, "side": "SELL"}
    trailing = {**sell, "type": "STOP_LOSS", "trailingDelta": "500", "newClientOrderId": "trailing"}
    await trader.done("POST", "/order", **trailing)
    await trader.done("POST", "/order", **sell, type="STOP_LOSS", stopPrice="40000", newClientOrderId="plain")
    iceberg = {"type": "LIMIT_MAKER", "price": "60000", "icebergQty": "0.004", "newClientOrderId": "iceberg"}
    await trader.done("POST", "/order", **sell, **iceberg)
    await trader.done(
        "POST",
        "/orderList/otoco",
        **BTC,
        listClientOrderId="list",
        workingType="LIMIT",
        workingTimeInForce="GTC",
        workingSide="BUY",
        workingQuantity="0.01",
        workingPrice="49000",
        workingClientOrderId="working",
        pendingSide="SELL",
        pendingQuantity="0.01",
        pendingAboveType="LIMIT_MAKER",
        pendingAbovePrice="58000",
        pendingAboveClientOrderId="above",
        pendingBelowType="STOP_LOSS",
        pendingBelowStopPrice="45000",
        pendingBelowClientOrderId="below",
    )


def move(server: ServerProcess, price: int) -> None:
    """The outside market goes to a price, with a book around it."""
    server.move_market("BTCUSDT", print={"side": "BUY", "price": str(price), "quantity": "0.00001"})
    server.move_market("BTCUSDT", bids=[[str(price - 10), "1"]], asks=[[str(price + 10), "1"]])


async def test_what_waits_goes_on_waiting_after_a_restart(tmp_path: Path) -> None:
    url = f"sqlite:///{(tmp_path / 'world.db').as_posix()}"
    environment = {"HYPERSIM_DATABASE_URL": url}
    manual = ("--feed", "manual")
    with ServerProcess(*manual, environment=environment, folder=str(tmp_path)) as server:
        server.start()
        move(server, 50_000)
        trader_of = server.open_account({"USDT": "10000", "BTC": "1"})
        async with httpx.AsyncClient(timeout=30) as http:
            trader = Trader(trader_of, http)
            await place_all(trader)
            move(server, 52_000)  # the trailing stop will turn at 49400
            server.kill()
            server.start()
            waiting = ("NEW", "0.00000000", False)
            resting = ("NEW", "0.00000000", True)
            pending = ("PENDING_NEW", "0.00000000", False)
            filled = ("FILLED", "0.01000000", True)
            assert {
                "trailing": waiting,
                "plain": waiting,
                "iceberg": resting,
                "working": resting,
                "above": pending,
                "below": pending,
            } == await states(trader)
            move(server, 49_401)
            assert waiting == (await states(trader))["trailing"]
            move(server, 49_400)
            assert filled == (await states(trader))["trailing"]
            move(server, 48_900)
            after = await states(trader)
            assert (filled, resting, waiting) == tuple(after[name] for name in ("working", "above", "below"))
            server.restart()
            move(server, 58_100)
            depth = await trader.public("/depth", **BTC)
            assert ["60000.00000000", "0.00400000"] in depth["asks"]
            assert {
                "trailing": filled,
                "plain": waiting,
                "iceberg": resting,
                "working": filled,
                "above": filled,
                "below": ("EXPIRED", "0.00000000", False),
            } == await states(trader)
            whole = await trader.done("GET", "/orderList", origClientOrderId="list")
            assert "ALL_DONE" == whole["listOrderStatus"]
            assert {"USDT", "BTC"} == set(await trader.balances())
        assert 0 == server.stop()
    verify(url)
