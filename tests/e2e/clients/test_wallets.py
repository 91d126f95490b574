"""The wallet through real clients: addresses, deposits, withdrawals and their refusals, fees in BNB."""

from __future__ import annotations

import ccxt
import httpx
import pytest

from hypersim.testing import Account
from tests.e2e.clients.desk import SYMBOL, Desk
from tests.e2e.clients.exchanges import Awaited

ADDRESS = "0x94df8b352de7f46f64b01d3666bf6e936e44ce60"


def end(account: Account, withdrawal_id: str, status: str) -> None:
    """Ends a withdrawal by the simulation API."""
    account.server.simulate(f"withdrawal/{withdrawal_id}", {"status": status})


def give(account: Account, asset: str, amount: str) -> None:
    """From the faucet."""
    header = {"X-MBX-APIKEY": account.api_key}
    body = {"asset": asset, "amount": amount}
    httpx.post(f"{account.server.url}/sim/v1/faucet", json=body, headers=header).raise_for_status()


async def test_currencies_and_fees_are_known(exchange: Awaited) -> None:
    usdt = (await exchange.fetch_currencies())["USDT"]
    assert (True, True, 1.0, 10.0) == (
        usdt["deposit"],
        usdt["withdraw"],
        usdt["fee"],
        usdt["limits"]["withdraw"]["min"],
    )
    fees = await exchange.fetch_trading_fees()
    assert (0.001, 0.001) == (fees[SYMBOL]["maker"], fees[SYMBOL]["taker"])
    costs = await exchange.fetch_deposit_withdraw_fees(["USDT", "BTC"])
    assert {"USDT": 1.0, "BTC": 0.0001} == {code: cost["withdraw"]["fee"] for code, cost in costs.items()}
    assert 1.0 == (await exchange.fetch_deposit_withdraw_fee("USDT"))["withdraw"]["fee"]
    assert {"BEP20": 0.0001} == (await exchange.fetch_transaction_fees())["withdraw"]["BNB"]


async def test_each_code_has_an_address_and_says_its_network(exchange: Awaited) -> None:
    found = {code: await exchange.fetch_deposit_address(code) for code in ("BTC", "USDT", "XRP")}
    assert {"BTC": ("BTC", False), "USDT": ("ERC20", False), "XRP": ("XRP", True)} == {
        code: (told["network"], told["tag"] is not None) for code, told in found.items()
    }
    again = await exchange.fetch_deposit_address("USDT", {"network": "ERC20"})
    assert found["USDT"]["address"] == again["address"]


async def test_what_was_given_is_a_deposit(exchange: Awaited, account: Account) -> None:
    give(account, "XRP", "25")
    deposits = await exchange.fetch_deposits()
    told = {deposit["currency"]: (deposit["amount"], deposit["status"], deposit["type"]) for deposit in deposits}
    assert {
        "USDT": (1_000_000.0, "ok", "deposit"),
        "BTC": (10.0, "ok", "deposit"),
        "XRP": (25.0, "ok", "deposit"),
    } == told
    [one] = await exchange.fetch_deposits("XRP", deposits[0]["timestamp"] - 60_000, 5)
    assert 25.0 == one["amount"]


async def test_a_withdrawal_is_pending_then_ok_or_not(exchange: Awaited, account: Account) -> None:
    sent = [await exchange.withdraw("USDT", 100, ADDRESS, {"withdrawOrderId": f"mine-{turn}"}) for turn in range(3)]
    assert ["pending"] * 3 == [each["status"] for each in await exchange.fetch_withdrawals("USDT")]
    balance = (await exchange.fetch_balance())["USDT"]
    assert (999_700.0, 300.0) == (balance["free"], balance["used"])

    for each, status in zip(sent, ("completed", "failed", "cancelled"), strict=True):
        end(account, each["id"], status)
    done = {each["id"]: each for each in await exchange.fetch_withdrawals("USDT")}
    assert ["ok", "failed", "canceled"] == [done[each["id"]]["status"] for each in sent]
    first = done[sent[0]["id"]]
    assert (99.0, {"currency": "USDT", "cost": 1.0}, ADDRESS, "ERC20", False) == (
        first["amount"],
        first["fee"],
        first["address"],
        first["network"],
        first["internal"],
    )
    assert first["txid"].startswith("0x")
    balance = (await exchange.fetch_balance())["USDT"]
    assert (999_900.0, 0.0) == (balance["free"], balance["used"])


async def test_a_withdrawal_that_cannot_be_is_the_exception_that_it_is_at_binance(exchange: Awaited, kind: str) -> None:
    """ccxt.binance as it is tells these codes apart by Binance's host names, and has other classes for other hosts."""
    await exchange.withdraw("USDT", 100, ADDRESS, {"withdrawOrderId": "mine"})
    for error, amount, address, params in (
        (ccxt.InsufficientFunds, 1_000_000, ADDRESS, {}),
        (ccxt.BadRequest, 9, ADDRESS, {}),
        (ccxt.BadRequest, 100, "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq", {}),
        (ccxt.BadRequest, 100, ADDRESS, {"network": "TRC20"}),
        (ccxt.BadRequest, 100, ADDRESS, {"withdrawOrderId": "mine"}),
        (ccxt.PermissionDenied, 100, ADDRESS, {"tag": "7"}),
    ):
        with pytest.raises(error if kind.startswith("hypersim") else ccxt.ExchangeError):
            await exchange.withdraw("USDT", amount, address, params)
    assert [99.0] == [each["amount"] for each in await exchange.fetch_withdrawals()]


async def test_fees_are_taken_in_bnb_on_request(exchange: Awaited, account: Account, desk: Desk) -> None:
    desk.server.move_market("BNBUSDT", print={"side": "BUY", "price": "500", "quantity": "1"})
    give(account, "BNB", "1")
    await exchange.sapi_post_bnbburn({"spotBNBBurn": "true"})
    order = await exchange.create_order(SYMBOL, "market", "sell", 0.1)
    [trade] = await exchange.fetch_my_trades(SYMBOL)
    # 4999 USDT x 0.001 x 0.75 / 500
    assert ("BNB", 0.0074985) == (trade["fee"]["currency"], trade["fee"]["cost"])
    assert {"BNB"} == {fill["commissionAsset"] for fill in order["info"]["fills"]}
    assert 0.9925015 == (await exchange.fetch_balance())["BNB"]["free"]
