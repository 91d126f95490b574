"""Withdrawals: held, then settled to the outside by time, or given back; each client id leaves once."""

import random
from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from hypersim.engine.commands import Advance, Command, Deposit, EndWithdrawal, Reset, Withdraw
from hypersim.engine.events import BalanceChanged, EntryKind, WithdrawalChanged
from hypersim.engine.exchange import Exchange
from hypersim.engine.ledger import FEES, HOUSE
from hypersim.engine.withdrawal import Withdrawal, WithdrawalStatus
from hypersim.errors import Reason, Refused
from tests.engine.world import ACCOUNTS, World, money

MINUTE_US = 60_000_000
COMPLETED, CANCELLED, FAILED = WithdrawalStatus.COMPLETED, WithdrawalStatus.CANCELLED, WithdrawalStatus.FAILED
OUT = Withdraw(
    account_id=1,
    asset="BTC",
    amount=money("2"),
    fee=money("0.5"),
    withdrawal_id="w1",
    network="BTC",
    address="bc1q",
    address_tag="7",
    client_id="mine",
    confirmation_us=MINUTE_US,
)


def few() -> World:
    """Three accounts with 10 BTC and 1000 USDT each."""
    return World(balances={"BTC": 10, "USDT": 1000})


def balances(world: World, *holders: int) -> list[tuple[int, int]]:
    """(free, locked) of BTC of each account."""
    held = {account: (free, locked) for account, asset, free, locked in world.ledger() if asset == "BTC"}
    return [held.get(holder, (0, 0)) for holder in holders]


def applied(world: World) -> Withdrawal:
    return Withdrawal(
        withdrawal_id="w1",
        account_id=1,
        asset="BTC",
        network="BTC",
        address="bc1q",
        address_tag="7",
        amount=money(2),
        fee=money("0.5"),
        client_id="mine",
        applied_us=world.time_us,
        due_us=world.time_us + MINUTE_US,
    )


def test_applying_holds_the_amount_and_its_fee_and_says_when_it_is_due() -> None:
    world = few()
    withdrawal = applied(world)
    hold = BalanceChanged(
        account_id=1,
        asset="BTC",
        kind=EntryKind.WITHDRAWAL,
        free_change=-money("2.5"),
        locked_change=money("2.5"),
        free=money("7.5"),
        locked=money("2.5"),
        reference="w1",
    )
    assert [WithdrawalChanged(withdrawal), hold] == world.apply(OUT)
    assert withdrawal.due_us == world.exchange.next_due()


def test_it_leaves_when_it_is_due_and_not_before() -> None:
    world = few()
    withdrawal = replace(applied(world), status=COMPLETED, ended_us=world.time_us + MINUTE_US)
    world.apply(OUT)
    assert [] == world.advance(59.999999)
    assert [(money("7.5"), money("2.5")), (-money(30), 0), (0, 0)] == balances(world, 1, HOUSE, FEES)
    assert WithdrawalChanged(withdrawal) == world.advance(0.000001)[0]
    assert [(money("7.5"), 0), (-money(28), 0), (money("0.5"), 0)] == balances(world, 1, HOUSE, FEES)
    assert world.exchange.next_due() is None
    assert [] == world.advance(1000)


# how it ends; what the account then has free, what the fees are, what is outside
ENDS = (
    (COMPLETED, money("7.5"), money("0.5"), -money(28)),
    (CANCELLED, money(10), 0, -money(30)),
    (FAILED, money(10), 0, -money(30)),
)


@pytest.mark.parametrize(("status", "free", "fees", "outside"), ENDS)
def test_it_may_end_before_it_is_due_and_only_once(
    status: WithdrawalStatus, free: int, fees: int, outside: int
) -> None:
    world = few()
    withdrawal = applied(world)
    world.apply(OUT)
    events = world.wait(7).apply(EndWithdrawal("w1", status))
    assert WithdrawalChanged(replace(withdrawal, status=status, ended_us=world.time_us)) == events[0]
    assert [(free, 0), (fees, 0), (outside, 0)] == balances(world, 1, FEES, HOUSE)
    assert Reason.WITHDRAWAL_NOT_FOUND is world.refusal(EndWithdrawal("w1", COMPLETED))
    assert [] == world.advance(60)


REFUSED: tuple[tuple[Command, Reason], ...] = (
    (replace(OUT, account_id=9), Reason.NO_SUCH_ACCOUNT),
    (replace(OUT, account_id=HOUSE), Reason.NO_SUCH_ACCOUNT),
    (replace(OUT, account_id=FEES), Reason.NO_SUCH_ACCOUNT),
    (replace(OUT, asset="GOLD"), Reason.NO_SUCH_ASSET),
    (replace(OUT, amount=0), Reason.BAD_QUANTITY),
    (replace(OUT, amount=-1), Reason.BAD_QUANTITY),
    (replace(OUT, fee=-1), Reason.BAD_QUANTITY),
    (replace(OUT, amount=money(10)), Reason.NOT_ENOUGH_TO_WITHDRAW),
    (replace(OUT, amount=money("9.5") + 1), Reason.NOT_ENOUGH_TO_WITHDRAW),
    (EndWithdrawal("w1", COMPLETED), Reason.WITHDRAWAL_NOT_FOUND),
)


@pytest.mark.parametrize(("command", "reason"), REFUSED)
def test_what_cannot_leave_is_refused(command: Command, reason: Reason) -> None:
    assert reason is few().refusal(command)


def test_all_that_is_free_may_leave_and_what_orders_hold_may_not() -> None:
    world = few()
    world.place("user", "sell", 4, 100)
    assert Reason.NOT_ENOUGH_TO_WITHDRAW is world.refusal(replace(OUT, amount=money("5.5") + 1))
    world.apply(replace(OUT, amount=money("5.5")))
    assert [(0, money(10))] == balances(world, 1)
    assert Reason.INSUFFICIENT_BALANCE is world.refusal(world.order("user", "sell", 1, 101))


def test_a_client_id_leaves_once_however_it_ended_and_after_a_restart() -> None:
    world = few()
    again = replace(OUT, withdrawal_id="w2", amount=1)
    world.apply(OUT)
    assert Reason.DUPLICATE_WITHDRAWAL is world.refusal(again)
    world.apply(EndWithdrawal("w1", FAILED))
    assert Reason.DUPLICATE_WITHDRAWAL is world.refusal(again)
    world.exchange = Exchange.restore(world.exchange.snapshot())
    assert Reason.DUPLICATE_WITHDRAWAL is world.refusal(again)
    world.apply(replace(again, account_id=2))
    world.apply(replace(again, client_id="other", withdrawal_id="w3"))
    for number in range(2):
        world.apply(replace(again, client_id="", withdrawal_id=f"w{4 + number}"))


def test_a_reset_forgets_what_is_on_its_way_and_what_it_was_called() -> None:
    world = few()
    world.apply(OUT)
    world.apply(Reset())
    assert world.exchange.next_due() is None
    assert [] == world.advance(60)
    assert [(money(10), 0)] == balances(world, 1)
    world.apply(OUT)


def test_several_that_are_due_together_end_in_the_order_in_which_they_are_due() -> None:
    world = few()
    for name, wait_us in (("late", 3), ("early", 1), ("last", 9), ("middle", 2)):
        world.apply(replace(OUT, withdrawal_id=name, client_id=name, amount=1, fee=0, confirmation_us=wait_us))
    ended = [event.withdrawal for event in world.advance(0.000005) if isinstance(event, WithdrawalChanged)]
    assert ["early", "middle", "late"] == [withdrawal.withdrawal_id for withdrawal in ended]


def commands(chance: random.Random) -> Iterator[Command]:
    """A life of withdrawals, with everything that may go wrong with them."""
    for number in range(400):
        account_id = chance.choice([*ACCOUNTS.values(), 9])
        match chance.randrange(6):
            case 0:
                yield Advance()
            case 1:
                ended = f"w{max(0, number - chance.randrange(1, 5))}"
                yield EndWithdrawal(ended, chance.choice([COMPLETED, CANCELLED, FAILED]))
            case 2:
                yield Deposit(account_id=account_id, asset="BTC", amount=chance.randrange(1, money(2)))
            case _:
                yield replace(
                    OUT,
                    account_id=account_id,
                    asset=chance.choice(["BTC", "USDT", "GOLD"]),
                    amount=chance.randrange(-1, money(chance.choice(["0.1", "5"]))),
                    fee=chance.choice([0, 1, money("0.01")]),
                    withdrawal_id=f"w{number}",
                    client_id=chance.choice(["", f"c{chance.randrange(60)}"]),
                    confirmation_us=chance.randrange(20_000_000),
                )


@pytest.mark.parametrize("seed", range(10))
def test_whatever_happens_the_money_is_held_outside_or_given_back(seed: int) -> None:
    """Against a book of its own: what each account must have, of what became of each withdrawal."""
    chance, world = random.Random(seed), few()
    have = {(account, asset): free for account, asset, free, _ in world.ledger() if account > 0}
    last: dict[str, Withdrawal] = {}
    left: list[tuple[int, str]] = []
    seen: set[WithdrawalStatus] = set()
    for command in commands(chance):
        world.wait(chance.random() * 3)
        before = world.exchange.state_hash()
        try:
            events = world.apply(command)
        except Refused:
            assert before == world.exchange.state_hash()
            continue
        if isinstance(command, Deposit):
            have[command.account_id, command.asset] += command.amount
        for event in events:
            if isinstance(event, WithdrawalChanged):
                last[event.withdrawal.withdrawal_id] = event.withdrawal
                seen.add(event.withdrawal.status)
                if event.withdrawal.status is COMPLETED:
                    left.append((event.withdrawal.account_id, event.withdrawal.client_id))
        expected = dict(have)
        for each in last.values():
            if each.status in (WithdrawalStatus.PROCESSING, COMPLETED):
                expected[each.account_id, each.asset] -= each.amount + each.fee
        assert expected == {(account, asset): free for account, asset, free, _ in world.ledger() if account > 0}
        if chance.random() < 0.05:
            world.exchange = Exchange.restore(world.exchange.snapshot())
            assert world.exchange.state_hash() == Exchange.restore(world.exchange.snapshot()).state_hash()
    named = [entry for entry in left if entry[1]]
    assert sorted(set(named)) == sorted(named)
    assert set(WithdrawalStatus) == seen
