"""What the wallet refuses, in Binance's words: the error codes of its documents. Refusals change nothing."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio

from tests.api.lab import Lab, open_lab
from tests.api.test_wallet import ADDRESS, APPLY, DAY_MS, DEPOSITS, ETH_ADDRESS, HISTORY, OUT, ask


def but(**changes: str) -> dict[str, str]:
    return {**OUT, **changes}


Refusal = tuple[str, dict[str, Any], int, str]
"""The call, its arguments, code and sentence."""


def withdrawals() -> Iterator[Refusal]:
    """POST capital/withdraw/apply."""
    for name in ("coin", "address", "amount"):
        gone = {key: value for key, value in OUT.items() if key != name}
        yield APPLY, gone, -1102, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed."
        yield APPLY, but(**{name: ""}), -1105, f"Parameter '{name}' was empty."
    yield APPLY, but(coin="GOLD"), -4018, "We don't have this asset."
    yield APPLY, but(network="TRX"), -4019, "Current asset is not open for withdrawal."
    for address in ("0x94df", ETH_ADDRESS + "0", "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq", "0x" + "g" * 40):
        yield APPLY, but(address=address), -4033, "Illegal address."
    for address in ("0x\n94", "ä" * 20, "a" * 129, "with space"):
        legal = r"legal range is '^[\x21-\x7e]{1,128}$'."
        yield APPLY, but(address=address), -1100, f"Illegal characters found in parameter 'address'; {legal}"
    yield APPLY, but(addressTag="7"), -4008, "Address tag validation is not passed."
    xrp = {"coin": "XRP", "address": "r3T75fuLjX51mmfb5Sk1kMNuhBgBPJsjza", "amount": "5"}
    yield APPLY, {**xrp, "addressTag": "0123"}, -4008, "Address tag validation is not passed."
    for amount in ("0", "9.99999999"):
        yield APPLY, but(amount=amount), -4022, "Not less than the minimum pick-up quantity 10.00000000."
    yield APPLY, but(amount="10.123456789"), -1111, "Parameter 'amount' has too much precision."
    yield APPLY, but(amount="9" * 20), -1108, "Parameter 'amount' overflowed."
    for amount in ("-5", "1e3", "NaN"):
        legal = r"legal range is '^([0-9]{1,20})(\.[0-9]{1,20})?$'."
        yield APPLY, but(amount=amount), -1100, f"Illegal characters found in parameter 'amount'; {legal}"
    for arguments in (but(amount="10000.00000001"), xrp, but(walletType="1")):
        yield APPLY, arguments, -4026, "You have insufficient balance."
    yield APPLY, but(walletType="2"), -1130, "Data sent for parameter 'walletType' is not valid."
    yield (
        APPLY,
        but(withdrawOrderId="a b"),
        -1100,
        "Illegal characters found in parameter 'withdrawOrderId'; legal range is '^[a-zA-Z0-9-_.:]{1,64}$'.",
    )


def histories() -> Iterator[Refusal]:
    """What came and went, and where."""
    yield ADDRESS, {"coin": "GOLD"}, -4018, "We don't have this asset."
    yield ADDRESS, {"coin": "BTC", "network": "ETH"}, -1130, "Data sent for parameter 'network' is not valid."
    yield "POST /sapi/v3/asset/getUserAsset", {"asset": "GOLD"}, -4018, "We don't have this asset."
    now = 1_700_000_000_000
    for call in (DEPOSITS, HISTORY):
        for window in (
            {"startTime": now - 91 * DAY_MS},
            {"startTime": now - 91 * DAY_MS, "endTime": now},
            {"startTime": now, "endTime": now - 1000},
            {"endTime": now - 91 * DAY_MS},
        ):
            yield call, window, -4047, "Time interval must be within 0-90 days"
        yield call, {"status": "9"}, -1130, "Data sent for parameter 'status' is not valid."
        yield call, {"limit": "0"}, -1130, "Data sent for parameter 'limit' is not valid."
    yield (
        HISTORY,
        {"withdrawOrderId": "mine", "startTime": now - 8 * DAY_MS},
        -4047,
        "Time interval must be within 0-7 days",
    )
    many = "Too many values sent for parameter 'idList', maximum allowed up to 45."
    yield HISTORY, {"idList": ",".join(["a"] * 46)}, -1101, many


def others() -> Iterator[Refusal]:
    """The switch for fees in BNB, and what an account does not have here."""
    yield (
        "POST /sapi/v1/bnbBurn",
        {},
        -1102,
        "Param 'spotBNBBurn' or 'interestBNBBurn' must be sent, but both were empty/null!",
    )
    yield "POST /sapi/v1/bnbBurn", {"spotBNBBurn": "on"}, -1130, "Data sent for parameter 'spotBNBBurn' is not valid."
    for kind, code, sentence in (
        ("MAIN_UMFUTURE", -5011, "future account not exists."),
        ("CMFUTURE_MAIN", -5011, "future account not exists."),
        ("MAIN_MARGIN", -3003, "Margin account does not exist."),
        ("MARGIN_ISOLATEDMARGIN", -3003, "Margin account does not exist."),
        ("MAIN_FUNDING", -5010, "Asset transfer fail."),
    ):
        yield "POST /sapi/v1/asset/transfer", {"type": kind, "asset": "USDT", "amount": "1"}, code, sentence
    yield "POST /sapi/v1/asset/dust", {"asset": "XRP,SOL"}, -5001, "Don't allow transfer to micro assets."
    yield "GET /sapi/v1/margin/account", {}, -3003, "Margin account does not exist."


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def still_lab() -> AsyncIterator[Lab]:
    """One for all: nothing happens in it."""
    async with open_lab() as lab:
        yield lab


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(("call", "arguments", "code", "sentence"), [*withdrawals(), *histories(), *others()])
async def test_a_refusal_is_binances_and_changes_nothing(
    still_lab: Lab, call: str, arguments: dict[str, Any], code: int, sentence: str
) -> None:
    before = still_lab.state_hash()
    answer = await ask(still_lab, call, arguments)
    assert (400, {"code": code, "msg": sentence}) == (answer.status, answer.json)
    assert before == still_lab.state_hash()
