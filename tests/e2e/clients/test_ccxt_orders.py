"""Orders through ccxt's classes: the book is known, and so is every fill, fee and balance."""

from __future__ import annotations

from typing import Any

import pytest

from hypersim.testing import Account
from tests.e2e.clients.desk import SYMBOL, Desk
from tests.e2e.clients.exchanges import Awaited, by_id, connected

SHOWN = "type side price amount filled remaining cost average status".split()


def shown(order: dict[str, Any]) -> list[Any]:
    """The columns above."""
    return [order[column] for column in SHOWN]


async def funds(exchange: Awaited) -> dict[str, tuple[float, float]]:
    """(free, used) by asset, those that are not zero."""
    balance = await exchange.fetch_balance()
    return {code: (balance["free"][code], balance["used"][code]) for code in balance["total"] if balance["total"][code]}


async def ids(exchange: Awaited, call: str, *arguments: Any, **keywords: Any) -> list[str]:
    """The ids of the orders or trades that a call returns."""
    return [str(each["id"]) for each in await getattr(exchange, call)(SYMBOL, *arguments, **keywords)]


async def test_a_limit_order_rests_with_its_money_until_it_is_cancelled(exchange: Awaited) -> None:
    order = await exchange.create_order(SYMBOL, "limit", "buy", 0.5, 49_000)
    resting = ["limit", "buy", 49_000.0, 0.5, 0.0, 0.5, 0.0, None, "open"]

    assert (resting, "GTC", []) == (shown(order), order["timeInForce"], order["trades"])
    assert {"USDT": (975_500.0, 24_500.0), "BTC": (10.0, 0.0)} == await funds(exchange)
    assert resting == shown(await exchange.fetch_order(order["id"], SYMBOL))
    assert [order["id"]] == await ids(exchange, "fetch_open_orders")

    cancelled = ["limit", "buy", 49_000.0, 0.5, 0.0, 0.5, 0.0, None, "canceled"]
    assert cancelled == shown(await exchange.cancel_order(order["id"], SYMBOL))
    assert cancelled == shown(await exchange.fetch_order(order["id"], SYMBOL))
    assert [] == await ids(exchange, "fetch_open_orders")
    assert {"USDT": (1_000_000.0, 0.0), "BTC": (10.0, 0.0)} == await funds(exchange)


async def test_a_market_buy_takes_the_asks_and_pays_its_fee_in_what_it_bought(exchange: Awaited) -> None:
    order = await exchange.create_order(SYMBOL, "market", "buy", 1.5)

    assert ["market", "buy", 75_020 / 1.5, 1.5, 1.5, 0.0, 75_020.0, 75_020 / 1.5, "closed"] == shown(order)
    assert {"currency": "BTC", "cost": 0.0015} == order["fee"]
    assert {(50_010.0, 1.0), (50_020.0, 0.5)} == {(fill["price"], fill["amount"]) for fill in order["trades"]}
    assert {"USDT": (924_980.0, 0.0), "BTC": (11.4985, 0.0)} == await funds(exchange)
    assert [50_020.0, 1.5] == (await exchange.fetch_order_book(SYMBOL))["asks"][0]


async def test_a_market_sell_takes_the_bids_and_pays_its_fee_in_what_it_got(exchange: Awaited) -> None:
    order = await exchange.create_order(SYMBOL, "market", "sell", 1.5)

    assert ["market", "sell", 74_980 / 1.5, 1.5, 1.5, 0.0, 74_980.0, 74_980 / 1.5, "closed"] == shown(order)
    assert {"currency": "USDT", "cost": 74.98} == order["fee"]
    assert {"USDT": (1_074_905.02, 0.0), "BTC": (8.5, 0.0)} == await funds(exchange)


@pytest.mark.parametrize(
    ("call", "arguments", "side", "cost", "filled"),
    [
        ("create_market_buy_order_with_cost", [75_020], "buy", 75_020.0, 1.5),
        ("create_market_sell_order_with_cost", [74_980], "sell", 74_980.0, 1.5),
        ("create_market_order_with_cost", ["buy", 5_001], "buy", 5_001.0, 0.1),
    ],
)
async def test_an_order_for_an_amount_of_money_buys_or_sells_what_that_is_worth(
    exchange: Awaited, call: str, arguments: list[Any], side: str, cost: float, filled: float
) -> None:
    order = await getattr(exchange, call)(SYMBOL, *arguments)

    assert ("market", side, cost, filled, "closed") == tuple(
        order[key] for key in ("type", "side", "cost", "filled", "status")
    )


@pytest.mark.parametrize(
    ("time_in_force", "amount", "price", "filled", "status"),
    [
        ("IOC", 1.5, 50_010, 1.0, "expired"),
        ("IOC", 1.5, 50_020, 1.5, "closed"),
        ("IOC", 1.5, 50_005, 0.0, "expired"),
        ("FOK", 1.5, 50_010, 0.0, "expired"),
        ("FOK", 1.5, 50_020, 1.5, "closed"),
    ],
)
async def test_an_order_that_may_not_rest_fills_at_once_or_expires(
    exchange: Awaited, time_in_force: str, amount: float, price: float, filled: float, status: str
) -> None:
    order = await exchange.create_order(SYMBOL, "limit", "buy", amount, price, {"timeInForce": time_in_force})

    assert (time_in_force, filled, status) == (order["timeInForce"], order["filled"], order["status"])
    assert [] == await ids(exchange, "fetch_open_orders")
    assert 0.0 == (await exchange.fetch_balance())["used"]["USDT"]


async def test_a_post_only_order_rests_and_says_so(exchange: Awaited) -> None:
    for order in (
        await exchange.create_order(SYMBOL, "limit", "buy", 0.1, 49_995, {"postOnly": True}),
        await exchange.create_post_only_order(SYMBOL, "limit", "sell", 0.1, 50_005),
    ):
        assert (True, "open", "LIMIT_MAKER") == (order["postOnly"], order["status"], order["info"]["type"])
    book = await exchange.fetch_order_book(SYMBOL, 1)
    assert ([[49_995.0, 0.1]], [[50_005.0, 0.1]]) == (book["bids"], book["asks"])


async def test_the_outside_fills_a_resting_order_as_far_as_it_trades(exchange: Awaited, desk: Desk) -> None:
    order = await exchange.create_order(SYMBOL, "limit", "buy", 0.4, 49_995)
    desk.trade("SELL", 49_995, 0.1)
    partly = await exchange.fetch_order(order["id"], SYMBOL)
    desk.trade("SELL", 49_995, 1)
    wholly = await exchange.fetch_order(order["id"], SYMBOL)
    trades = by_id(await exchange.fetch_my_trades(SYMBOL))

    assert ["limit", "buy", 49_995.0, 0.4, 0.1, 0.3, 4_999.5, 49_995.0, "open"] == shown(partly)
    assert ["limit", "buy", 49_995.0, 0.4, 0.4, 0.0, 19_998.0, 49_995.0, "closed"] == shown(wholly)
    assert [
        ("maker", 0.1, {"currency": "BTC", "cost": 0.0001}),
        ("maker", 0.3, {"currency": "BTC", "cost": 0.0003}),
    ] == [(trade["takerOrMaker"], trade["amount"], trade["fee"]) for trade in trades]
    assert {"USDT": (980_002.0, 0.0), "BTC": (10.3996, 0.0)} == await funds(exchange)


async def test_what_is_left_of_a_part_filled_order_can_be_cancelled(exchange: Awaited, desk: Desk) -> None:
    order = await exchange.create_order(SYMBOL, "limit", "sell", 0.4, 50_005)
    desk.trade("BUY", 50_005, 0.1)
    cancelled = await exchange.cancel_order(order["id"], SYMBOL)

    assert ["limit", "sell", 50_005.0, 0.4, 0.1, 0.3, 5_000.5, 50_005.0, "canceled"] == shown(cancelled)
    assert {"USDT": (1_004_995.4995, 0.0), "BTC": (9.9, 0.0)} == await funds(exchange)


async def test_users_trade_with_one_another_each_at_their_own_fees(exchange: Awaited, desk: Desk, kind: str) -> None:
    maker = desk.open_account(fees={"maker": "0.0002", "taker": "0.002"})
    async with connected(kind, maker) as other:
        await other.load_markets()
        resting = await other.create_order(SYMBOL, "limit", "sell", 0.2, 50_000)
        taking = await exchange.create_order(SYMBOL, "limit", "buy", 0.2, 50_000)
        [theirs] = await other.fetch_my_trades(SYMBOL)
        [ours] = await exchange.fetch_my_trades(SYMBOL)

        assert ("closed", "closed") == (
            taking["status"],
            (await other.fetch_order(resting["id"], SYMBOL))["status"],
        )
        assert ("maker", {"currency": "USDT", "cost": 2.0}) == (theirs["takerOrMaker"], theirs["fee"])
        assert ("taker", {"currency": "BTC", "cost": 0.0002}) == (ours["takerOrMaker"], ours["fee"])
        assert ours["id"] == theirs["id"]


async def test_an_order_is_found_and_cancelled_by_the_id_that_its_owner_gave_it(exchange: Awaited) -> None:
    named = {"clientOrderId": "my-first"}
    order = await exchange.create_order(SYMBOL, "limit", "buy", 0.1, 49_000, named)

    assert "my-first" == order["clientOrderId"]
    assert order["id"] == (await exchange.fetch_order_with_client_order_id("my-first", SYMBOL))["id"]
    assert order["id"] == (await exchange.fetch_order("", SYMBOL, named))["id"]
    cancelled = await exchange.cancel_order_with_client_order_id("my-first", SYMBOL)
    assert (order["id"], "canceled") == (cancelled["id"], cancelled["status"])


async def test_cancelling_all_cancels_the_open_ones(exchange: Awaited) -> None:
    opened = [(await exchange.create_order(SYMBOL, "limit", "buy", 0.1, price))["id"] for price in (48_000, 47_000)]
    await exchange.create_order(SYMBOL, "market", "buy", 0.1)
    cancelled = await exchange.cancel_all_orders(SYMBOL)

    assert {(opened[0], "canceled"), (opened[1], "canceled")} == {(order["id"], order["status"]) for order in cancelled}
    assert [] == await ids(exchange, "fetch_open_orders")


async def test_an_order_that_only_tests_changes_nothing(exchange: Awaited) -> None:
    await exchange.create_order(SYMBOL, "limit", "buy", 0.1, 49_000, {"test": True})

    assert [] == await ids(exchange, "fetch_orders")
    assert {"USDT": (1_000_000.0, 0.0), "BTC": (10.0, 0.0)} == await funds(exchange)


async def test_the_history_of_orders_is_told_by_state_from_a_moment_and_in_pages(exchange: Awaited) -> None:
    resting = await exchange.create_order(SYMBOL, "limit", "buy", 0.1, 48_000)
    filled = await exchange.create_order(SYMBOL, "market", "buy", 0.1)
    dropped = await exchange.create_order(SYMBOL, "limit", "buy", 0.1, 47_000)
    await exchange.cancel_order(dropped["id"], SYMBOL)
    sold = await exchange.create_order(SYMBOL, "market", "sell", 0.1)
    every = [order["id"] for order in (resting, filled, dropped, sold)]

    assert every == await ids(exchange, "fetch_orders")
    assert every[:1] == await ids(exchange, "fetch_open_orders")
    assert [every[1], every[3]] == await ids(exchange, "fetch_closed_orders")
    assert [every[2]] == await ids(exchange, "fetch_canceled_orders")
    assert every[1:] == await ids(exchange, "fetch_canceled_and_closed_orders")
    assert every[-2:] == await ids(exchange, "fetch_orders", limit=2)
    assert every[1:3] == await ids(exchange, "fetch_orders", limit=2, params={"orderId": every[1]})
    moment = dropped["timestamp"]
    assert [order["id"] for order in (resting, filled, dropped, sold) if order["timestamp"] >= moment] == await ids(
        exchange, "fetch_orders", since=moment
    )


async def test_the_history_of_trades_is_told_from_a_moment_by_order_and_in_pages(exchange: Awaited) -> None:
    first = await exchange.create_order(SYMBOL, "market", "buy", 1.5)
    second = await exchange.create_order(SYMBOL, "market", "sell", 1)
    trades = by_id(await exchange.fetch_my_trades(SYMBOL))

    assert [("buy", 50_010.0, 1.0), ("buy", 50_020.0, 0.5), ("sell", 49_990.0, 1.0)] == [
        (trade["side"], trade["price"], trade["amount"]) for trade in trades
    ]
    assert [first["id"], first["id"], second["id"]] == [trade["order"] for trade in trades]
    moment = trades[2]["timestamp"]
    for expected, call, arguments in (
        (trades[:2], "fetch_order_trades", (first["id"], SYMBOL)),
        (trades[1:], "fetch_my_trades", (SYMBOL, None, 2)),
        (trades[1:2], "fetch_my_trades", (SYMBOL, None, 1, {"fromId": trades[1]["id"]})),
        (
            [trade for trade in trades if trade["timestamp"] >= moment],
            "fetch_my_trades",
            (SYMBOL, moment),
        ),
    ):
        assert expected == by_id(await getattr(exchange, call)(*arguments)), arguments


async def test_open_orders_of_every_market_are_told_together(exchange: Awaited, account: Account) -> None:
    exchange.raw.options["fetchOpenOrders"] = {"warnWithoutSymbol": False}
    account.server.move_market("ETHUSDT", price="2000")
    one = await exchange.create_order(SYMBOL, "limit", "buy", 0.1, 48_000)
    two = await exchange.create_order("ETH/USDT", "limit", "buy", 1, 1_900)

    assert {(SYMBOL, one["id"]), ("ETH/USDT", two["id"])} == {
        (order["symbol"], order["id"]) for order in await exchange.fetch_open_orders()
    }


async def test_fees_are_those_of_the_account(desk: Desk, kind: str) -> None:
    account = desk.open_account(fees={"maker": "0.0002", "taker": "0.002"})
    async with connected(kind, account) as exchange:
        await exchange.load_markets()
        fees = await exchange.fetch_trading_fees()
        fee = await exchange.fetch_trading_fee(SYMBOL)

        assert set(exchange.raw.markets) == set(fees)
        assert {(0.0002, 0.002)} == {(each["maker"], each["taker"]) for each in (*fees.values(), fee)}


async def test_currencies_are_those_that_can_be_held(exchange: Awaited) -> None:
    currencies = await exchange.fetch_currencies()

    assert {"AAPL", "BNB", "BTC", "ETH", "SOL", "USDT", "XRP"} == set(currencies)
    assert ("TetherUS", True) == (currencies["USDT"]["name"], currencies["USDT"]["active"])


@pytest.mark.parametrize("switch", ["set_sandbox_mode", "enable_demo_trading"])
async def test_the_sandbox_and_demo_trading_are_this_exchange_too(exchange: Awaited, switch: str) -> None:
    order = await exchange.create_order(SYMBOL, "limit", "buy", 0.5, 49_000)
    getattr(exchange.raw, switch)(True)
    await exchange.load_markets(True)

    assert {"USDT": (975_500.0, 24_500.0), "BTC": (10.0, 0.0)} == await funds(exchange)
    assert "canceled" == (await exchange.cancel_order(order["id"], SYMBOL))["status"]
