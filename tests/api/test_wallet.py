"""The wallet through the API: deposits, withdrawals, assets. Alice has 10000 USDT and 1 BTC, as Bob has."""

import re
from decimal import Decimal
from typing import Any

import pytest

from hypersim.engine.commands import Deposit, EndWithdrawal
from hypersim.engine.orders import Side
from hypersim.engine.withdrawal import WithdrawalStatus
from hypersim.units import parse, to_amount
from hypersim.wallet import network_of
from tests.api.client import Answer, Client
from tests.api.lab import Lab

ETH_ADDRESS = "0x94df8b352de7f46f64b01d3666bf6e936e44ce60"
OUT = {"coin": "USDT", "address": ETH_ADDRESS, "amount": "100"}
DAY_MS = 86_400_000
APPLY = "POST /sapi/v1/capital/withdraw/apply"
HISTORY = "GET /sapi/v1/capital/withdraw/history"
DEPOSITS = "GET /sapi/v1/capital/deposit/hisrec"
ADDRESS = "GET /sapi/v1/capital/deposit/address"
COINS = "GET /sapi/v1/capital/config/getall"


async def ask(lab: Lab, call: str, arguments: dict[str, Any] | None = None, client: Client | None = None) -> Answer:
    method, path = call.split()
    return await (client or lab.alice).signed(method, path, arguments, time=lab.now_ms)


async def answered(lab: Lab, call: str, arguments: dict[str, Any] | None = None, client: Client | None = None) -> Any:
    answer = await ask(lab, call, arguments, client)
    assert 200 == answer.status, answer.json
    return answer.json


async def funds(lab: Lab, asset: str = "USDT") -> tuple[str, str]:
    """(free, locked) as the account shows them."""
    account = await answered(lab, "GET /api/v3/account")
    [row] = [each for each in account["balances"] if each["asset"] == asset]
    return row["free"], row["locked"]


async def settled(lab: Lab) -> None:
    """Five seconds later; what was due is done, and durable."""
    lab.clock.time_us += 5_000_000
    for _ in range(100):
        if not lab.world.accounts.get(1).withdrawals:  # type: ignore[union-attr]  # alice is there
            return
        await answered(lab, "GET /sapi/v1/account/status")
        await lab.world.ask(Deposit(account_id=2, asset="XRP", amount=1))  # a commit, after which it is looked again
    raise AssertionError("nothing came of it")


async def test_a_withdrawal_is_held_and_leaves_five_seconds_later(lab: Lab) -> None:
    sent = await answered(lab, APPLY, {**OUT, "withdrawOrderId": "mine", "network": "ETH", "name": "my own"})
    assert re.fullmatch("[0-9a-f]{32}", sent["id"])
    shown = {
        "id": sent["id"],
        "amount": "99.00000000",
        "transactionFee": "1.00000000",
        "coin": "USDT",
        "status": 4,
        "address": ETH_ADDRESS,
        "addressTag": "",
        "txId": "",
        "applyTime": "2023-11-14 22:13:20",
        "network": "ETH",
        "transferType": 0,
        "info": "",
        "confirmNo": 0,
        "walletType": 0,
        "txKey": "",
        "withdrawOrderId": "mine",
    }
    assert [shown] == await answered(lab, HISTORY)
    assert ("9900.00000000", "100.00000000") == await funds(lab)
    [coin] = [each for each in await answered(lab, COINS) if each["coin"] == "USDT"]
    assert ("9900.00000000", "0.00000000", "100.00000000") == (coin["free"], coin["locked"], coin["withdrawing"])

    await settled(lab)
    [done] = await answered(lab, HISTORY)
    assert re.fullmatch("0x[0-9a-f]{64}", done["txId"])
    changed = {"status": 6, "txId": done["txId"], "confirmNo": 6, "completeTime": "2023-11-14 22:13:25"}
    assert {**shown, **changed} == done
    assert ("9900.00000000", "0.00000000") == await funds(lab)
    assert {-1: to_amount(parse("1"))} == {
        account_id: view.balances["USDT"].free
        for account_id in (-1,)
        if (view := lab.world.accounts.get(account_id)) is not None
    }


@pytest.mark.parametrize(
    ("status", "shown", "info"),
    [(WithdrawalStatus.CANCELLED, 1, ""), (WithdrawalStatus.FAILED, 5, "The network did not take it.")],
)
async def test_what_did_not_leave_is_there_again(lab: Lab, status: WithdrawalStatus, shown: int, info: str) -> None:
    sent = await answered(lab, APPLY, OUT)
    await lab.world.ask(EndWithdrawal(sent["id"], status))
    [ended] = await answered(lab, HISTORY)
    assert (shown, info, "") == (ended["status"], ended["info"], ended["txId"])
    assert ("10000.00000000", "0.00000000") == await funds(lab)


async def test_the_same_id_again_does_not_withdraw_again(lab: Lab) -> None:
    again = (400, {"code": -1130, "msg": "Data sent for parameter 'withdrawOrderId' is not valid."})
    named = {**OUT, "withdrawOrderId": "mine"}
    await answered(lab, APPLY, named)
    before = lab.state_hash()
    for arguments in (named, {**named, "amount": "20", "coin": "USDT"}):
        answer = await ask(lab, APPLY, arguments)
        assert again == (answer.status, answer.json)
    assert before == lab.state_hash()
    await settled(lab)
    answer = await ask(lab, APPLY, named)
    assert again == (answer.status, answer.json)
    await answered(lab, APPLY, named, lab.bob)
    await answered(lab, APPLY, {**named, "withdrawOrderId": "another"})


# what is asked for (times in hours after the first, ids by their places), then what arrived, the newest first: of 10 to
# 12, with an hour between each, the last one failed; 13 and 14 are on their way
SELECTED: tuple[tuple[dict[str, Any], list[str]], ...] = (
    ({}, ["14", "13", "12", "11", "10"]),
    ({"coin": "BTC"}, []),
    ({"coin": "USDT"}, ["14", "13", "12", "11", "10"]),
    ({"limit": 2}, ["14", "13"]),
    ({"limit": 2, "offset": 1}, ["13", "12"]),
    ({"offset": 9}, []),
    ({"status": 4}, ["14", "13"]),
    ({"status": 5}, ["12"]),
    ({"status": 6}, ["11", "10"]),
    ({"status": 0}, []),
    ({"withdrawOrderId": "order-12"}, ["11"]),
    ({"withdrawOrderId": "nobody"}, []),
    ({"startTime": 2}, ["14", "13", "12"]),
    ({"endTime": 2}, ["12", "11", "10"]),
    ({"startTime": 1, "endTime": 3}, ["13", "12", "11"]),
    ({"idList": (0, 2)}, ["12", "10"]),
    ({"idList": ()}, []),
)


async def test_withdrawals_are_selected_as_documented(lab: Lab) -> None:
    hour_ms, first_ms, ids = 3_600_000, lab.now_ms, []
    ends = (WithdrawalStatus.COMPLETED, WithdrawalStatus.COMPLETED, WithdrawalStatus.FAILED, None, None)
    for number, end in enumerate(ends, 11):
        out = {**OUT, "amount": str(number), "withdrawOrderId": f"order-{number}"}
        ids.append((await answered(lab, APPLY, out))["id"])
        if end is not None:
            await lab.world.ask(EndWithdrawal(ids[-1], end))
            lab.clock.time_us += hour_ms * 1000
        else:
            lab.clock.time_us += 1_000_000  # both are still on their way when they are looked at
    for arguments, expected in SELECTED:
        sent = dict(arguments)
        for name in {"startTime", "endTime"} & sent.keys():
            sent[name] = first_ms + sent[name] * hour_ms
        if "idList" in sent:
            sent["idList"] = ",".join(ids[place] for place in sent["idList"]) or "77"
        rows = await answered(lab, HISTORY, sent)
        assert expected == [row["amount"].removesuffix(".00000000") for row in rows], arguments
    assert [] == await answered(lab, HISTORY, {}, lab.bob)


async def test_what_was_given_is_a_deposit(lab: Lab) -> None:
    lab.clock.time_us += 5_000_000
    await lab.world.ask(Deposit(account_id=1, asset="XRP", amount=to_amount(parse("12.5")), reference="faucet"))
    newest, *older = await answered(lab, DEPOSITS)
    address = await answered(lab, ADDRESS, {"coin": "XRP"})
    assert {
        "id": newest["id"],
        "amount": "12.50000000",
        "coin": "XRP",
        "network": "XRP",
        "status": 1,
        "address": address["address"],
        "addressTag": address["tag"],
        "txId": newest["txId"],
        "insertTime": lab.now_ms,
        "completeTime": lab.now_ms,
        "transferType": 0,
        "confirmTimes": "1/1",
        "unlockConfirm": 0,
        "walletType": 0,
    } == newest
    assert re.fullmatch("[0-9A-F]{64}", newest["txId"])
    assert [("BTC", "1.00000000"), ("USDT", "10000.00000000")] == sorted((row["coin"], row["amount"]) for row in older)
    assert 3 == len({row["id"] for row in (newest, *older)}) == len({row["txId"] for row in (newest, *older)})


# what is asked for (times after the first), then the coins that are found: XRP came last
GIVEN: tuple[tuple[dict[str, Any], list[str]], ...] = (
    ({"coin": "BTC"}, ["BTC"]),
    ({"status": 1, "coin": "XRP"}, ["XRP"]),
    ({"status": 0}, []),
    ({"status": 6}, []),
    ({"limit": 1}, ["XRP"]),
    ({"limit": 1, "offset": 1}, ["BTC"]),
    ({"startTime": 1}, ["XRP"]),
    ({"endTime": 0}, ["BTC", "USDT"]),
    ({"startTime": 0, "endTime": 90 * DAY_MS}, ["XRP", "BTC", "USDT"]),
    ({"txId": "of XRP"}, ["XRP"]),
    ({"txId": "none"}, []),
    ({"includeSource": "true", "coin": "BTC"}, ["BTC"]),
)


async def test_deposits_are_selected_as_documented(lab: Lab) -> None:
    first_ms = lab.now_ms
    lab.clock.time_us += 5_000_000
    await lab.world.ask(Deposit(account_id=1, asset="XRP", amount=to_amount(parse("12.5"))))
    newest = (await answered(lab, DEPOSITS))[0]
    for arguments, expected in GIVEN:
        sent = {name: value + first_ms if name.endswith("Time") else value for name, value in arguments.items()}
        if sent.get("txId") == "of XRP":
            sent["txId"] = newest["txId"]
        rows = await answered(lab, DEPOSITS, sent)
        assert expected == [row["coin"] for row in rows], arguments
        assert all(("sourceAddress" in row) == ("includeSource" in sent) for row in rows)


async def test_a_deposit_that_lies_deep_is_found_by_its_transaction(lab: Lab) -> None:
    first = (await answered(lab, DEPOSITS))[-1]
    for _ in range(1005):
        await lab.world.ask(Deposit(account_id=1, asset="XRP", amount=1))
    assert [first] == await answered(lab, DEPOSITS, {"txId": first["txId"]})


async def test_an_address_is_the_accounts_and_the_assets_own_and_stays(lab: Lab) -> None:
    forms = {row["coin"]: row["networkList"][0] for row in await answered(lab, COINS)}
    seen = set()
    for client in (lab.alice, lab.bob):
        for coin, form in forms.items():
            told = await answered(lab, ADDRESS, {"coin": coin}, client)
            assert told == await answered(lab, ADDRESS, {"coin": coin, "network": form["network"]}, client)
            assert {"coin", "address", "tag", "url"} == set(told)
            assert re.search(form["addressRegex"], told["address"]), told
            assert bool(form["memoRegex"]) == bool(told["tag"])
            assert not told["tag"] or re.search(form["memoRegex"], told["tag"])
            seen.add(told["address"])
    assert 2 * len(forms) == len(seen)


async def test_every_coin_is_open_by_one_network(lab: Lab) -> None:
    rows = await answered(lab, COINS)
    assert [True] * len(rows) == [row["depositAllEnable"] and row["withdrawAllEnable"] for row in rows]
    networks = {row["coin"]: row["networkList"] for row in rows}
    assert {"AAPL": "ETH", "BNB": "BSC", "BTC": "BTC", "ETH": "ETH", "SOL": "SOL", "USDT": "ETH", "XRP": "XRP"} == {
        coin: network["network"] for coin, [network] in networks.items()
    }
    [bitcoin] = networks["BTC"]
    assert ("0.00010000", "0.00020000", True, "0.00000001") == (
        bitcoin["withdrawFee"],
        bitcoin["withdrawMin"],
        bitcoin["isDefault"],
        bitcoin["withdrawIntegerMultiple"],
    )
    details = await answered(lab, "GET /sapi/v1/asset/assetDetail")
    assert set(networks) == set(details)
    bitcoin = {
        "minWithdrawAmount": "0.00020000",
        "depositStatus": True,
        "withdrawFee": Decimal("0.0001"),
        "withdrawStatus": True,
    }
    assert {"BTC": bitcoin} == await answered(lab, "GET /sapi/v1/asset/assetDetail", {"asset": "BTC"})


async def test_every_coin_can_be_withdrawn_to_the_address_of_another_account(lab: Lab) -> None:
    for row in await answered(lab, COINS):
        coin, [network] = row["coin"], row["networkList"]
        await lab.world.ask(Deposit(account_id=1, asset=coin, amount=to_amount(parse("100"))))
        to = await answered(lab, ADDRESS, {"coin": coin}, lab.bob)
        out = {"coin": coin, "address": to["address"], "amount": network["withdrawMin"]}
        await answered(lab, APPLY, out | ({"addressTag": to["tag"]} if to["tag"] else {}))


async def test_assets_that_one_has_are_shown_with_their_worth(lab: Lab) -> None:
    call = "POST /sapi/v3/asset/getUserAsset"
    await answered(lab, APPLY, OUT)
    usdt = {
        "asset": "USDT",
        "free": "9900.00000000",
        "locked": "0.00000000",
        "freeze": "0",
        "withdrawing": "100.00000000",
        "ipoable": "0",
        "btcValuation": "0.20000000",
    }
    assert [usdt] == await answered(lab, call, {"asset": "USDT", "needBtcValuation": "true"})
    rows = await answered(lab, call)
    assert [("BTC", "0.00000000"), ("USDT", "0.00000000")] == [(row["asset"], row["btcValuation"]) for row in rows]
    assert [] == await answered(lab, call, {"asset": "XRP"})


async def test_fees_are_paid_in_bnb_once_that_is_wanted(lab: Lab) -> None:
    burn, buy = "/sapi/v1/bnbBurn", {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.01"}
    await lab.trade("BNBUSDT", "500", "1", Side.BUY)
    await lab.world.ask(Deposit(account_id=1, asset="BNB", amount=to_amount(parse("1"))))
    off = {"spotBNBBurn": False, "interestBNBBurn": False}
    assert off == await answered(lab, f"GET {burn}")
    plain = await answered(lab, "POST /api/v3/order", buy)
    assert ("0.00001000", "BTC") == (plain["fills"][0]["commission"], plain["fills"][0]["commissionAsset"])

    on = {"spotBNBBurn": True, "interestBNBBurn": False}
    assert on == await answered(lab, f"POST {burn}", {"spotBNBBurn": "true"})
    assert on == await answered(lab, f"GET {burn}")
    assert off == await answered(lab, f"GET {burn}", {}, lab.bob)
    [fill] = (await answered(lab, "POST /api/v3/order", buy))["fills"]
    # 0.01 BTC x 0.001 x 0.75 at 50010 USDT, and 500 USDT for a BNB
    assert ("0.00075015", "BNB") == (fill["commission"], fill["commissionAsset"])
    mine = await answered(lab, "GET /api/v3/myTrades", {"symbol": "BTCUSDT"})
    assert [("0.00001000", "BTC"), ("0.00075015", "BNB")] == [(r["commission"], r["commissionAsset"]) for r in mine]
    discount = {"enabledForAccount": True, "enabledForSymbol": True, "discountAsset": "BNB", "discount": "0.75000000"}
    commission = await answered(lab, "GET /api/v3/account/commission", {"symbol": "BTCUSDT"})
    tested = await answered(lab, "POST /api/v3/order/test", {**buy, "computeCommissionRates": "true"})
    assert (discount, discount) == (commission["discount"], tested["discount"])
    assert "0.00100000" == commission["standardCommission"]["taker"]

    both = {"spotBNBBurn": "false", "interestBNBBurn": "true"}
    assert {"spotBNBBurn": False, "interestBNBBurn": True} == await answered(lab, f"POST {burn}", both)


async def test_an_account_without_them_has_no_margin_futures_and_dust(lab: Lab) -> None:
    nothing = {"total": 0, "rows": []}
    for call, arguments, expected in (
        ("GET /sapi/v1/asset/transfer", {"type": "MAIN_UMFUTURE"}, nothing),
        ("GET /sapi/v1/asset/assetDividend", {}, nothing),
        ("POST /sapi/v1/asset/get-funding-asset", {}, []),
        ("GET /sapi/v1/asset/dribblet", {}, {"total": 0, "userAssetDribblets": []}),
        ("GET /sapi/v1/margin/allAssets", {}, []),
    ):
        assert expected == await answered(lab, call, arguments)
    assert [] == (await answered(lab, "POST /sapi/v1/asset/dust-btc"))["details"]
    assert False is (await answered(lab, "GET /sapi/v1/account/info"))["isMarginEnabled"]
    may = await answered(lab, "GET /sapi/v1/account/apiRestrictions")
    assert (True, False) == (may["enableWithdrawals"], may["enableFutures"])


@pytest.mark.parametrize(
    ("asset", "expected"),
    [
        ("BTC", "bc1q9n2xfggymyz8eryvc0acvz94pjlrx5g2epvs9l"),
        ("BNB", "0x8303317EF30C44A4b5eBBd9eDAc698CaFB63aD55"),
        ("ETH", "0xAF765Ece22eaCb7CBC384d6A5ABabfdf18228E32"),
        ("SOL", "SimzZYudz1Jzp7Uahz3J99MSFRg3d6vabW8k4aSMYrXi"),
        ("XRP", "ryBnARym3jg2UKBRPvnpzgiTxqLUo24gEZ"),
    ],
)
def test_an_address_is_the_same_in_every_world_and_version(asset: str, expected: str) -> None:
    assert expected == network_of(asset).address_of(1, asset)
