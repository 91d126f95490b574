"""Deposits and withdrawals.

Sources: the documents of capital/deposit/* and capital/withdraw/*, and the error codes of the wallet. The fee is taken
out of the amount that is sent (-4028 "must be greater than the Commission"): the histories show what arrived.
"""

import enum
import random
from datetime import UTC, datetime
from typing import Any, Final

from hypersim.api.binance.account import own
from hypersim.api.binance.endpoints import SAPI, Call, Endpoint, Security, optional, required
from hypersim.api.binance.parameters import (
    ASSET_TEXT,
    END_TIME,
    START_TIME,
    Boolean,
    Choice,
    Decimal,
    Integer,
    Text,
    limit,
)
from hypersim.engine.commands import Withdraw
from hypersim.engine.withdrawal import Withdrawal, WithdrawalStatus
from hypersim.errors import Reason, Refused
from hypersim.units import show, show_amount, to_amount
from hypersim.views.records import AccountDeposit
from hypersim.wallet import CONFIRMATION_US, network_of, terms_of
from hypersim.world import World

DAY_US: Final = 86_400_000_000
LONGEST_DAYS: Final = 90
LONGEST_DAYS_BY_CLIENT_ID: Final = 7
PAGE: Final = 1000


class ShownDeposit(enum.StrEnum):
    """A deposit's `status`: those here are all credited at once."""

    PENDING = "0"
    SUCCESS = "1"
    REJECTED = "2"
    CREDITED = "6"
    WRONG = "7"
    TO_CONFIRM = "8"


class ShownWithdrawal(enum.StrEnum):
    """A withdrawal's `status`."""

    EMAIL_SENT = "0"
    CANCELLED = "1"
    AWAITING_APPROVAL = "2"
    REJECTED = "3"
    PROCESSING = "4"
    FAILURE = "5"
    COMPLETED = "6"


SHOWN: Final = {
    WithdrawalStatus.PROCESSING: ShownWithdrawal.PROCESSING,
    WithdrawalStatus.COMPLETED: ShownWithdrawal.COMPLETED,
    WithdrawalStatus.CANCELLED: ShownWithdrawal.CANCELLED,
    WithdrawalStatus.FAILED: ShownWithdrawal.FAILURE,
}
STATUSES: Final = {shown: status for status, shown in SHOWN.items()}
INFO: Final = {WithdrawalStatus.FAILED: "The network did not take it."}


class WalletType(enum.StrEnum):
    """From which wallet a withdrawal goes."""

    SPOT = "0"
    FUNDING = "1"


class IdList:
    """Ids of withdrawals, with commas between them."""

    most = 45
    legal = "^[0-9a-zA-Z,]{1,2000}$"

    def parse(self, name: str, text: str) -> tuple[str, ...]:
        ids = tuple(IDS.parse(name, text).split(","))
        if len(ids) > self.most:
            raise Refused(Reason.TOO_MANY_PARAMETERS, name, self.most)
        return ids

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "description": f"at most {self.most} ids, with commas between them"}


IDS: Final = Text(IdList.legal)
PRINTABLE: Final = Text(r"^[\x21-\x7e]{1,128}$")

COIN: Final = required("coin", ASSET_TEXT, "such as BTC")
ANY_COIN: Final = optional("coin", ASSET_TEXT, description="one asset, such as BTC")
NETWORK: Final = optional("network", Text("^[a-zA-Z0-9-_]{1,32}$"), description="the asset's one network, its default")
OFFSET: Final = optional("offset", Integer(), 0, "how many of the newest to leave out")
LIMIT: Final = limit(PAGE, PAGE)

DEPOSIT_STATUS: Final = optional("status", Choice(ShownDeposit), description="1: credited, as all are here")
INCLUDE_SOURCE: Final = optional("includeSource", Boolean(), False, "show where it came from: nobody knows")
TRANSACTION: Final = optional("txId", PRINTABLE, description="the one of this transaction")

CLIENT_ID_TEXT: Final = Text("^[a-zA-Z0-9-_.:]{1,64}$")
CLIENT_ID: Final = optional("withdrawOrderId", CLIENT_ID_TEXT, description="your own id: the same again is refused")
ADDRESS: Final = required("address", PRINTABLE)
ADDRESS_TAG: Final = optional("addressTag", PRINTABLE, description="memo or destination tag")
AMOUNT: Final = required("amount", Decimal(), "the fee is taken out of it")
FEE_FLAG: Final = optional("transactionFeeFlag", Boolean(), False, "for transfers within Binance")
NAME: Final = optional("name", Text("^[^\\x00]{1,200}$"), description="of the address, for its book")
WALLET_TYPE: Final = optional("walletType", Choice(WalletType), WalletType.SPOT, "0: spot, 1: funding, which is empty")

BY_CLIENT_ID: Final = optional("withdrawOrderId", CLIENT_ID_TEXT, description="the one with this id of yours")
WITHDRAWAL_STATUS: Final = optional(
    "status", Choice(ShownWithdrawal), description="4: on its way, 6: done, 1, 5: ended"
)
ID_LIST: Final = optional("idList", IdList(), description="those with these ids, with commas between them")


async def deposit_address(world: World, call: Call) -> dict[str, Any]:
    account, asset = own(world, call), _known(world, call[COIN])
    network = network_of(asset)
    if call[NETWORK] not in (None, network.code):  # Binance documents no refusal of its own for it
        raise Refused(Reason.PARAMETER_INVALID, NETWORK.name)
    address = network.address_of(account.account_id, asset)
    return {
        "coin": asset,
        "address": address,
        "tag": network.tag_of(account.account_id, asset),
        "url": f"{network.explorer}/address/{address}",
    }


async def deposits(world: World, call: Call) -> list[dict[str, Any]]:
    account = own(world, call)
    start_us, end_us = _window(call, LONGEST_DAYS)
    if call[DEPOSIT_STATUS] not in (None, ShownDeposit.SUCCESS):
        return []
    wanted, offset, shown = call[TRANSACTION], call[OFFSET], []
    while True:
        found = await world.history.deposits(
            account.account_id,
            asset=call[ANY_COIN],
            start_us=start_us,
            end_us=end_us,
            limit=call[LIMIT] if wanted is None else PAGE,
            offset=offset,
        )
        rows = [_deposit(call, deposit) for deposit in found]
        if wanted is None:
            return rows
        shown += [row for row in rows if row["txId"] == wanted]
        if shown or len(found) < PAGE:
            return shown
        offset += PAGE


def _deposit(call: Call, deposit: AccountDeposit) -> dict[str, Any]:
    network, account_id = network_of(deposit.asset), call.account_id
    confirmed = f"{network.confirmations}/{network.confirmations}"
    source = {"sourceAddress": ""} if call[INCLUDE_SOURCE] else {}
    return {
        "id": f"{deposit.sequence * 1_000_000 + deposit.number}",
        "amount": show_amount(deposit.amount),
        "coin": deposit.asset,
        "network": network.code,
        "status": int(ShownDeposit.SUCCESS),
        "address": network.address_of(account_id, deposit.asset),
        "addressTag": network.tag_of(account_id, deposit.asset),
        "txId": network.transaction_of("deposit", deposit.sequence, deposit.number),
        "insertTime": call.time(deposit.time_us),
        "completeTime": call.time(deposit.time_us),
        "transferType": 0,
        "confirmTimes": confirmed,
        "unlockConfirm": 0,
        "walletType": 0,
        **source,
    }


async def withdraw(world: World, call: Call) -> dict[str, Any]:
    account, asset, amount = own(world, call), _known(world, call[COIN]), call[AMOUNT]
    network, terms, tag = network_of(asset), terms_of(asset), call[ADDRESS_TAG] or ""
    if call[NETWORK] not in (None, network.code):
        raise Refused(Reason.NETWORK_CLOSED)
    if not network.is_address(call[ADDRESS]):
        raise Refused(Reason.BAD_ADDRESS)
    if not network.is_tag(tag):
        raise Refused(Reason.BAD_ADDRESS_TAG)
    if amount < terms.minimum:
        raise Refused(Reason.WITHDRAWAL_TOO_SMALL, show(terms.minimum))
    if call[WALLET_TYPE] is WalletType.FUNDING:
        raise Refused(Reason.NOT_ENOUGH_TO_WITHDRAW, asset, show(0), show(amount))
    command = Withdraw(
        account_id=account.account_id,
        asset=asset,
        amount=to_amount(amount - terms.fee),
        fee=to_amount(terms.fee),
        withdrawal_id=f"{random.getrandbits(128):032x}",
        network=network.code,
        address=call[ADDRESS],
        address_tag=tag,
        client_id=call[CLIENT_ID] or "",
        confirmation_us=CONFIRMATION_US,
    )
    await world.ask(command, deadline_us=call.deadline_us)
    return {"id": command.withdrawal_id}


async def withdrawals(world: World, call: Call) -> list[dict[str, Any]]:
    account, client_id, shown = own(world, call), call[BY_CLIENT_ID], call[WITHDRAWAL_STATUS]
    start_us, end_us = _window(call, LONGEST_DAYS if client_id is None else LONGEST_DAYS_BY_CLIENT_ID)
    status = None if shown is None else STATUSES.get(shown)
    if shown is not None and status is None:
        return []
    found = await world.history.withdrawals(
        account.account_id,
        asset=call[ANY_COIN],
        client_id=client_id,
        withdrawal_ids=call[ID_LIST],
        status=status,
        start_us=start_us,
        end_us=end_us,
        limit=call[LIMIT],
        offset=call[OFFSET],
    )
    return [_withdrawal(withdrawal) for withdrawal in found]


def _withdrawal(withdrawal: Withdrawal) -> dict[str, Any]:
    completed = withdrawal.status is WithdrawalStatus.COMPLETED
    network = network_of(withdrawal.asset)
    return {
        "id": withdrawal.withdrawal_id,
        "amount": show_amount(withdrawal.amount),
        "transactionFee": show_amount(withdrawal.fee),
        "coin": withdrawal.asset,
        "status": int(SHOWN[withdrawal.status]),
        "address": withdrawal.address,
        "addressTag": withdrawal.address_tag,
        "txId": network.transaction_of("withdrawal", withdrawal.withdrawal_id) if completed else "",
        "applyTime": _date(withdrawal.applied_us),
        "network": withdrawal.network,
        "transferType": 0,
        "info": INFO.get(withdrawal.status, ""),
        "confirmNo": network.confirmations if completed else 0,
        "walletType": 0,
        "txKey": "",
        **({"withdrawOrderId": withdrawal.client_id} if withdrawal.client_id else {}),
        **({"completeTime": _date(withdrawal.ended_us)} if completed else {}),
    }


def _date(time_us: int) -> str:
    """UTC, to the second: alone among all times it is a text, and stays one whatever time unit is asked for."""
    return datetime.fromtimestamp(time_us // 1_000_000, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _known(world: World, asset: str) -> str:
    """An asset that is listed. Raises Refused NO_SUCH_ASSET."""
    if asset not in world.markets.assets:
        raise Refused(Reason.NO_SUCH_ASSET)
    return asset


def _window(call: Call, days: int) -> tuple[int, int]:
    """The span of time that a history is asked for: the last days, unless it is said. Raises Refused."""
    start_us, end_us = call[START_TIME], call[END_TIME]
    if end_us is None:
        end_us = call.received_us
    if start_us is None:
        start_us = call.received_us - days * DAY_US
    # endTime in milliseconds means its last microsecond: compare what was sent
    if not 0 <= end_us - start_us <= days * DAY_US + 999:
        raise Refused(Reason.LOOKUP_TOO_MANY_DAYS, days)
    return start_us, end_us


ENDPOINTS: Final = (
    Endpoint(
        method="GET",
        path="/capital/deposit/address",
        handler=deposit_address,
        summary="Where you receive an asset. It is simulated: send nothing there",
        tag="Wallet",
        parameters=(COIN, NETWORK, optional("amount", Decimal(), description="not needed")),
        security=Security.USER_DATA,
        weight=10,
        prefixes=SAPI,
        example={"coin": "BTC"},
    ),
    Endpoint(
        method="GET",
        path="/capital/deposit/hisrec",
        handler=deposits,
        summary="What you were given: by the faucet, and when your account was opened; the newest first",
        tag="Wallet",
        parameters=(
            INCLUDE_SOURCE,
            ANY_COIN,
            DEPOSIT_STATUS,
            START_TIME,
            END_TIME,
            OFFSET,
            LIMIT,
            TRANSACTION,
        ),
        security=Security.USER_DATA,
        prefixes=SAPI,
        example={"coin": "USDT"},
    ),
    Endpoint(
        method="POST",
        path="/capital/withdraw/apply",
        handler=withdraw,
        summary=f"Withdraw: held at once; a simulated network confirms it {CONFIRMATION_US // 1_000_000} seconds later",
        tag="Wallet",
        parameters=(COIN, CLIENT_ID, NETWORK, ADDRESS, ADDRESS_TAG, AMOUNT, FEE_FLAG, NAME, WALLET_TYPE),
        security=Security.USER_DATA,
        weight=30,  # 900 of an account's 180,000
        prefixes=SAPI,
        example={"coin": "USDT", "address": "0x94df8b352de7f46f64b01d3666bf6e936e44ce60", "amount": "10"},
    ),
    Endpoint(
        method="GET",
        path="/capital/withdraw/history",
        handler=withdrawals,
        summary="Your withdrawals, the newest first",
        tag="Wallet",
        parameters=(
            ANY_COIN,
            BY_CLIENT_ID,
            WITHDRAWAL_STATUS,
            OFFSET,
            LIMIT,
            ID_LIST,
            START_TIME,
            END_TIME,
        ),
        security=Security.USER_DATA,
        weight=10,  # ten a second
        prefixes=SAPI,
        example={"coin": "USDT"},
    ),
)
