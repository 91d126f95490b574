"""Who is told what, in which form and order: balances, resets, subscriptions; and Binance's own sample."""

from typing import Any

import pytest
from msgspec.structs import replace

from hypersim.api.binance.streams.user import UserForm
from hypersim.engine.commands import (
    Advance,
    Deposit,
    EndWithdrawal,
    OpenAccount,
    PlaceOrder,
    PutAsset,
    PutMarket,
    Reset,
    SetBnbBurn,
    Withdraw,
)
from hypersim.engine.lists import ListKind
from hypersim.engine.market import Asset
from hypersim.engine.orders import OrderType, SelfTradePrevention, Side, TimeInForce
from hypersim.engine.withdrawal import WithdrawalStatus
from hypersim.units import ONE, parse, to_amount
from tests.api.streams.steps import BTC, USDT, btc, other, user
from tests.api.streams.told import MILLISECOND, Inbox, T, Told, position, report, status, update
from tests.engine.world import MARKET, money

DEPOSIT = Deposit(account_id=1, asset="USDT", amount=money("0.5"))
WITHDRAW = Withdraw(
    account_id=1,
    asset="BTC",
    amount=money(3),
    fee=money(1),
    withdrawal_id="w",
    network="BTC",
    address="bc1",
    confirmation_us=1_000_000,
)


def test_a_deposit_is_an_update_before_the_position() -> None:
    world = Told()
    inbox = world.listen("user")
    world.apply(DEPOSIT)
    assert [update("USDT", "0.5"), position(USDT=f"{USDT}.5 0")] == world.told(inbox)


@pytest.mark.parametrize(
    ("end", "later", "expected"),
    [
        (Advance(), T + 1000, [position(T + 1000, BTC=btc(-4, 0))]),
        (EndWithdrawal("w", WithdrawalStatus.COMPLETED), T, [position(BTC=btc(-4, 0))]),
        (EndWithdrawal("w", WithdrawalStatus.CANCELLED), T, [update("BTC", "4"), position(BTC=btc(0, 0))]),
        (EndWithdrawal("w", WithdrawalStatus.FAILED), T, [update("BTC", "4"), position(BTC=btc(0, 0))]),
    ],
)
def test_a_withdrawal_is_an_update_when_its_money_goes_and_when_it_comes_back(
    end: Any, later: int, expected: list[Any]
) -> None:
    world = Told()
    inbox = world.listen("user")
    world.apply(WITHDRAW)
    applied = world.told(inbox)
    world.wait((later - T) / 1000).apply(end)
    assert [update("BTC", "-4"), position(BTC=btc(-4, 4))] == applied
    assert expected == world.told(inbox)


def test_a_reset_ends_orders_and_lists_and_shows_what_was_and_what_is() -> None:
    world = Told(fee_rate=0)
    user("buy", 2, 100, name="plain")(world)
    working, pending = world.order("user", "buy", 1, 90, name="works"), world.order("user", "sell", 1, 95, name="waits")
    inbox = world.listen("user")
    world.apply(world.listing(ListKind.OTO, working, pending))
    world.told(inbox)
    world.wait(1).apply(Reset((("USDT", money(7)),)))
    over = {"E": T + 1000, "T": T + 1000, "x": "EXPIRED", "X": "EXPIRED", "w": False, "eR": "EXCHANGE_CANCELED"}

    assert [
        report(c="plain", **over),
        report(c="works", i=2, q=1, p=90, g=1, **over),
        report(c="waits", i=3, S="SELL", q=1, p=95, g=1, W=None, **over),
        status("OTO", "ALL_DONE", (2, "works"), (3, "waits"), time=T + 1000),
        position(T + 1000, BTC="0 0", USDT="7 0"),
    ] == world.told(inbox)


def test_an_account_is_told_nothing_of_others_and_of_nothing_that_is_everybodys() -> None:
    world = Told()
    inbox = world.listen("third")
    other("sell", 2, 100)(world)
    user("buy", 2, 100)(world)
    world.outside(asks="1 @110", prints="buy 1 @110")
    world.rules(tick_size=2 * ONE)
    assert [] == world.told(inbox)


def test_nothing_is_worked_out_for_who_has_no_listener(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: Any, **__: Any) -> None:
        raise AssertionError

    for name in ("execution_report", "account_position", "balance_update", "list_status"):
        monkeypatch.setattr(f"hypersim.api.binance.streams.user.{name}", never)
    world = Told()
    inbox = world.listen("third")
    user("buy", 2, 100)(world)
    other("sell", 2, 100)(world)
    world.apply(DEPOSIT)
    assert [] == inbox.read()


def test_both_sides_of_a_trade_are_told_their_own() -> None:
    world = Told(fee_rate=100_000)
    maker, taker = world.listen("other"), world.listen("user")
    other("sell", 2, 100, name="made")(world)
    user("buy", 2, 100)(world)
    told = [(each["c"], each["m"], each["n"], each["N"]) for each in world.told(maker) if each.get("x") == "TRADE"]
    taken = [(each["c"], each["m"], each["n"], each["N"]) for each in world.told(taker) if each.get("x") == "TRADE"]
    assert [("made", True, "0.20000000", "USDT")] == told
    assert [("a", False, "0.00200000", "BTC")] == taken


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        (UserForm(MILLISECOND), update("USDT", "0.5")),
        (UserForm(1), update("USDT", "0.5", T * 1000)),
        (UserForm(MILLISECOND, subscription_id=3), {"subscriptionId": 3, "event": update("USDT", "0.5")}),
        (UserForm(MILLISECOND, listen_key="key"), {"stream": "key", "data": update("USDT", "0.5")}),
    ],
)
def test_everybody_gets_an_event_in_his_own_form(form: UserForm, expected: Any) -> None:
    world = Told()
    others = [world.listen("user", UserForm(MILLISECOND, subscription_id=number)) for number in range(2)]
    inbox = world.listen("user", form)
    world.apply(DEPOSIT)
    assert expected == inbox.read()[0]
    assert [{"subscriptionId": number, "event": update("USDT", "0.5")} for number in range(2)] == [
        each.read()[0] for each in others
    ]


def test_who_left_is_told_no_more_and_of_the_end_where_it_is_wanted() -> None:
    world = Told()
    leaving, staying = world.listen("user", UserForm(MILLISECOND, subscription_id=4)), world.listen("user")
    world.user.unsubscribe(1, leaving)
    world.user.terminated(leaving)
    world.apply(DEPOSIT)
    assert [{"subscriptionId": 4, "event": {"e": "eventStreamTerminated", "E": T}}] == leaving.read()
    assert [update("USDT", "0.5"), position(USDT=f"{USDT}.5 0")] == staying.read()


def test_who_comes_back_is_told_of_what_began_meanwhile() -> None:
    world = Told(fee_rate=0)
    world.user.unsubscribe(1, world.listen("user"))
    user("buy", 2, 100)(world)
    inbox = world.listen("user")
    world.apply(Reset())
    assert [("a", "EXPIRED")] == [(each["c"], each["X"]) for each in world.told(inbox) if "X" in each]


def test_who_subscribed_before_a_rebuild_is_told_no_more_and_who_comes_after_it_is() -> None:
    world = Told(fee_rate=0)
    early = world.listen("user")
    user("buy", 2, 100)(world)
    early.read()
    world.user.forget()
    late = world.listen("user")
    world.user.unsubscribe(1, early)
    user("sell", 2, 100, prevention=SelfTradePrevention.EXPIRE_BOTH, name="b")(world)
    assert [] == early.read()
    assert ["NEW", "EXPIRED_IN_MATCH", "EXPIRED_IN_MATCH"] == [each["X"] for each in world.told(late) if "X" in each]


def test_execution_ids_are_the_same_whoever_listens() -> None:
    ids = []
    for early in (True, False):
        world = Told()
        inbox = world.listen("user") if early else None
        user("buy", 2, 100)(world)
        if inbox is not None:
            inbox.read()
        inbox = inbox or world.listen("user")
        other("sell", 1, 100)(world)
        other("sell", 1, 100)(world)
        ids.append([each["I"] for each in inbox.read() if "I" in each])
    assert ids[0] == ids[1]
    assert 2 == len(set(ids[0]))


def test_balances_have_the_eight_decimals_of_the_wire() -> None:
    world = Told(fee_rate=12_345)
    inbox = world.listen("user")
    other("sell", "2", 101)(world)
    user("buy", "1", 101)(world)
    [_, trade, told] = world.told(inbox)
    assert ("0.00012345", "BTC") == (trade["n"], trade["N"])
    assert [
        {"a": "USDT", "f": f"{USDT - 101}.00000000", "l": "0.00000000"},
        {"a": "BTC", "f": f"{BTC}.99987655", "l": "0.00000000"},
    ] == told["B"]


SAMPLE: dict[str, Any] = {
    "e": "executionReport",
    "s": "LTCBNB",
    "c": "8LGC97RRgNPVQk979VIhjt",
    "S": "BUY",
    "o": "MARKET",
    "f": "GTC",
    "q": "6.00000000",
    "p": "0.00000000",
    "P": "0.00000000",
    "F": "0.00000000",
    "g": -1,
    "C": "",
    "r": "NONE",
    "T": 1719467634105,
    "O": 1719467634105,
    "m": False,
    "Q": "0.00000000",
    "W": 1719467634105,
    "V": "NONE",
}
NO_FILL: dict[str, Any] = {
    "l": "0.00000000",
    "L": "0.00000000",
    "n": "0",
    "N": None,
    "t": -1,
    "Y": "0.00000000",
    "M": False,
}
A_FILL: dict[str, Any] = {
    "x": "TRADE",
    "X": "PARTIALLY_FILLED",
    "l": "2.00000000",
    "L": "1.00000000",
    "n": "0.00100000",
    "N": "BNB",
    "w": False,
    "M": True,
    "Y": "2.00000000",
}
DOCUMENTED: list[dict[str, Any]] = [
    SAMPLE | NO_FILL | {"x": "NEW", "X": "NEW", "z": "0.00000000", "w": True, "Z": "0.00000000"},
    SAMPLE | A_FILL | {"z": "2.00000000", "Z": "2.00000000", "t": 1},
    SAMPLE | A_FILL | {"z": "4.00000000", "Z": "4.00000000", "t": 2},
    SAMPLE
    | NO_FILL
    | {"x": "EXPIRED", "X": "EXPIRED", "z": "4.00000000", "w": False, "Z": "4.00000000"}
    | {"eR": "INSUFFICIENT_LIQUIDITY"},
    {
        "e": "outboundAccountPosition",
        "u": 1719467634105,
        "B": [
            {"a": "LTC", "f": "3011.11745670", "l": "0.00000000"},
            {"a": "BNB", "f": "996.11865670", "l": "0.00000000"},
        ],
    },
]
"""faqs/market_orders_faq.md, but for ids and the time of sending; with eR, which came to be two years later."""


def test_a_market_order_is_told_as_the_documented_one() -> None:
    world = Told()
    world.time_us = 1719467634105_000
    for name in ("LTC", "BNB"):
        world.apply(PutAsset(Asset(name)))
    world.apply(PutMarket(replace(MARKET, symbol="LTCBNB", base="LTC", quote="BNB")))
    begun = {8: {"LTC": "10"}, 9: {"LTC": "3007.1174567", "BNB": "1000.1206567"}}
    for account_id, balances in begun.items():
        held = tuple((asset, to_amount(parse(text))) for asset, text in balances.items())
        world.apply(OpenAccount(account_id=account_id, maker_rate=0, taker_rate=66_667, balances=held))
    world.apply(SetBnbBurn(account_id=9, spot=True))
    for name in ("one", "two"):
        world.apply(ltc_order(8, Side.SELL, "2", "1", name))
    inbox = Inbox(world.bus, UserForm(MILLISECOND))
    world.user.subscribe(9, inbox)
    world.apply(ltc_order(9, Side.BUY, "6", None, "8LGC97RRgNPVQk979VIhjt"))
    told = inbox.read()
    for event in told:
        assert 1719467634105 == event.pop("E")
        event.pop("i", None), event.pop("I", None)
    told[-1]["B"].reverse()
    assert DOCUMENTED == told


def ltc_order(account_id: int, side: Side, quantity: str, price: str | None, name: str) -> PlaceOrder:
    return PlaceOrder(
        account_id=account_id,
        symbol="LTCBNB",
        side=side,
        type=OrderType.LIMIT if price else OrderType.MARKET,
        time_in_force=TimeInForce.GTC,
        client_order_id=name,
        quantity=parse(quantity),
        price=parse(price or "0"),
        self_trade_prevention=SelfTradePrevention.NONE,
    )
