"""Who folds what he is told knows what he could ask for: after every step, of an exchange with everything in it."""

import random
from typing import Any

import pytest

from hypersim.api.binance.streams.user import UserForm, UserStreams
from hypersim.bus import Bus
from hypersim.engine.commands import Deposit, Reset
from hypersim.errors import Refused
from hypersim.units import AMOUNT_ONE
from tests.api.client import Client
from tests.api.lab import Lab, open_lab
from tests.api.streams.told import MILLISECOND, Inbox
from tests.store.lives import life

STEPS = 1000
CONDITIONAL = {
    "gP": "pegPriceType",
    "gOT": "pegOffsetType",
    "gOV": "pegOffsetValue",
    "gp": "peggedPrice",
    "d": "trailingDelta",
    "j": "strategyId",
    "J": "strategyType",
    "v": "preventedMatchId",
    "A": "preventedQuantity",
}
OPEN = ("NEW", "PARTIALLY_FILLED", "PENDING_NEW")


class Notes:
    """A client's own idea of its account, from user data alone."""

    def __init__(self) -> None:
        self.balances: dict[str, Any] = {}
        self.update_time = 0
        self.orders: dict[tuple[str, int], dict[str, Any]] = {}
        self.lists: dict[int, list[Any]] = {}
        self._fills: dict[tuple[str, int], float] = {}

    def take(self, event: dict[str, Any]) -> None:
        match event["e"]:
            case "outboundAccountPosition":
                self.update_time = event["u"]
                for each in event["B"]:
                    self.balances[each["a"]] = {"asset": each["a"], "free": each["f"], "locked": each["l"]}
                    if float(each["f"]) == float(each["l"]) == 0:
                        del self.balances[each["a"]]
            case "balanceUpdate":
                assert float(event["d"])
            case "listStatus":
                self.lists[event["g"]] = [(each["s"], each["i"]) for each in event["O"]]
                if event["L"] == "ALL_DONE":
                    assert not any(order in self.orders for order in self.lists.pop(event["g"]))
            case "executionReport":
                self._report(event)

    def _report(self, event: dict[str, Any]) -> None:
        key = event["s"], event["i"]
        if event["x"] == "TRADE":
            self._fills[key] = self._fills.get(key, 0) + float(event["l"])
        if event["i"] > 0:
            assert float(event["z"]) == pytest.approx(self._fills.get(key, 0))
        if event["x"] == "REPLACED":
            assert event["C"] == self.orders[key]["clientOrderId"]
        self.orders.pop(key, None)
        if event["X"] in OPEN:
            self.orders[key] = shown(event)


def shown(event: dict[str, Any]) -> dict[str, Any]:
    """The order as GET openOrders has it."""
    order = {
        "symbol": event["s"],
        "orderId": event["i"],
        "orderListId": event["g"],
        "clientOrderId": event["c"],
        "price": event["p"],
        "origQty": event["q"],
        "executedQty": event["z"],
        "cummulativeQuoteQty": event["Z"],
        "status": event["X"],
        "timeInForce": event["f"],
        "type": event["o"],
        "side": event["S"],
        "stopPrice": event["P"],
        "icebergQty": event["F"],
        "time": event["O"],
        "updateTime": event["T"],
        "isWorking": event["w"],
        "workingTime": event.get("W", -1),
        "origQuoteOrderQty": event["Q"],
        "selfTradePreventionMode": event["V"],
        **{name: event[key] for key, name in CONDITIONAL.items() if key in event},
    }
    if "d" in event:
        order["trailingTime"] = event.get("D", -1)
    return order


async def asked(lab: Lab, client: Client) -> tuple[Any, ...]:
    """What an account can ask for, of one moment."""
    while True:
        sequence = lab.writer.sequence
        account = await client.signed("GET", "/api/v3/account", {"omitZeroBalances": "true"}, time=lab.now_ms)
        orders = await client.signed("GET", "/api/v3/openOrders", time=lab.now_ms)
        lists = await client.signed("GET", "/api/v3/openOrderList", time=lab.now_ms)
        assert [200, 200, 200] == [account.status, orders.status, lists.status]
        if sequence == lab.writer.sequence:
            return account.json["balances"], account.json["updateTime"], by_id(orders.json), lists.json


def by_id(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: (row["symbol"], row["orderId"]))


@pytest.mark.parametrize("seed", [3, 4])
async def test_who_folds_user_data_knows_the_account_and_its_open_orders(seed: int) -> None:
    chance = random.Random(seed)
    seen: set[str] = set()
    async with open_lab() as lab:
        bus = Bus()
        user = UserStreams(lab.world, bus)
        lab.writer.listeners.append(user.fold)
        clients = {1: lab.alice, 2: lab.bob}
        for account_id in clients:
            await enrich(lab, account_id)
        notes = {account_id: await begun(lab, client) for account_id, client in clients.items()}
        inboxes = {account_id: Inbox(bus, UserForm(MILLISECOND)) for account_id in clients}
        for account_id, inbox in inboxes.items():
            user.subscribe(account_id, inbox)
        commands = life(seed, resets=True)
        for _ in range(STEPS):
            lab.clock.time_us += chance.choice((0, 1_000, 2_000_000))
            try:
                command = next(commands)
                await lab.world.ask(command)
            except Refused:
                continue
            for account_id, client in clients.items():
                if isinstance(command, Reset):
                    await enrich(lab, account_id)
                told = await asked(lab, client)
                mine = notes[account_id]
                for event in inboxes[account_id].read():
                    seen.add(event.get("x", event["e"]))
                    mine.take(event)
                balances = sorted(mine.balances.values(), key=lambda balance: balance["asset"])
                lists = {
                    each["orderListId"]: [(order["symbol"], order["orderId"]) for order in each["orders"]]
                    for each in told[3]
                }
                assert told[:3] == (balances, mine.update_time, by_id(list(mine.orders.values())))
                assert lists == mine.lists
    reports = {"NEW", "TRADE", "CANCELED", "REPLACED", "EXPIRED", "TRADE_PREVENTION"}
    assert reports | {"listStatus", "balanceUpdate", "outboundAccountPosition"} <= seen


async def enrich(lab: Lab, account_id: int) -> None:
    """Lets an account afford what it will want."""
    for asset in ("BTC", "ETH", "USDT"):
        await lab.world.ask(Deposit(account_id=account_id, asset=asset, amount=10**7 * AMOUNT_ONE))


async def begun(lab: Lab, client: Client) -> Notes:
    """What a client knows that has asked once."""
    notes = Notes()
    balances, notes.update_time, *_ = await asked(lab, client)
    notes.balances = {balance["asset"]: balance for balance in balances}
    return notes
