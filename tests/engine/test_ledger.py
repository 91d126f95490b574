"""Money: what orders hold, what trades move, what fees take, and that nothing appears or vanishes."""

import pytest
from msgspec.structs import replace

from hypersim.engine.commands import Command, Deposit, OpenAccount, SetFees
from hypersim.engine.events import AccountChanged, BalanceChanged, EntryKind
from hypersim.engine.ledger import FEES, HOUSE, Ledger, Party
from hypersim.errors import Reason
from hypersim.units import ONE, show, show_amount
from tests.engine.world import SYMBOL, World, money, number

Entry = tuple[int, str, str, str, str, str, str, str]


def entries(world: World) -> list[Entry]:
    """Of the last command: account, asset, kind, changes of free and locked, free, locked, reference."""
    return [
        (
            event.account_id,
            event.asset,
            event.kind.value,
            show_amount(event.free_change),
            show_amount(event.locked_change),
            show_amount(event.free),
            show_amount(event.locked),
            event.reference,
        )
        for event in world.events
        if isinstance(event, BalanceChanged)
    ]


def balances(world: World) -> dict[tuple[int, str], tuple[str, str]]:
    """What everybody has who has anything."""
    return {
        (account_id, asset): (show_amount(free), show_amount(locked))
        for account_id, asset, free, locked in world.exchange.snapshot().balances
        if free or locked
    }


def few() -> World:
    """Three accounts with 1000 USDT and 10 BTC each, at 10 bps."""
    return World(balances={"USDT": 1000, "BTC": 10})


def test_what_users_have_the_house_owes() -> None:
    assert {
        (HOUSE, "BTC"): ("-30.00000000", "0.00000000"),
        (HOUSE, "USDT"): ("-3000.00000000", "0.00000000"),
        **{(account, "BTC"): ("10.00000000", "0.00000000") for account in (1, 2, 3)},
        **{(account, "USDT"): ("1000.00000000", "0.00000000") for account in (1, 2, 3)},
    } == balances(few())


def test_an_order_moves_what_it_holds_from_free_to_locked() -> None:
    world = few()
    world.place("user", "buy", 2, 100)
    assert [
        (1, "USDT", "order", "-200.00000000", "200.00000000", "800.00000000", "200.00000000", "BTCUSDT:1")
    ] == entries(world)


def test_a_trade_moves_both_assets_and_each_pays_of_what_it_receives() -> None:
    world = few()
    world.place("other", "sell", 4, 100)
    world.place("user", "buy", 3, 110)
    assert sorted(
        [
            (1, "USDT", "order", "-300.00000000", "0.00000000", "700.00000000", "0.00000000", "BTCUSDT:2"),
            (1, "BTC", "order", "2.99700000", "0.00000000", "12.99700000", "0.00000000", "BTCUSDT:2"),
            (2, "BTC", "fill", "0.00000000", "-3.00000000", "6.00000000", "1.00000000", "BTCUSDT:1"),
            (2, "USDT", "fill", "299.70000000", "0.00000000", "1299.70000000", "0.00000000", "BTCUSDT:1"),
            (FEES, "BTC", "fee", "0.00300000", "0.00000000", "0.00300000", "0.00000000", SYMBOL),
            (FEES, "USDT", "fee", "0.30000000", "0.00000000", "0.30000000", "0.00000000", SYMBOL),
        ]
    ) == sorted(entries(world))


def test_the_house_pays_no_fees_and_the_user_who_meets_it_does() -> None:
    world = few()
    world.outside(asks="5 @100")
    world.place("user", "buy", 3)
    assert sorted(
        [
            (1, "USDT", "order", "-300.00000000", "0.00000000", "700.00000000", "0.00000000", "BTCUSDT:1"),
            (1, "BTC", "order", "2.99700000", "0.00000000", "12.99700000", "0.00000000", "BTCUSDT:1"),
            (HOUSE, "BTC", "fill", "-3.00000000", "0.00000000", "-33.00000000", "0.00000000", SYMBOL),
            (HOUSE, "USDT", "fill", "300.00000000", "0.00000000", "-2700.00000000", "0.00000000", SYMBOL),
            (FEES, "BTC", "fee", "0.00300000", "0.00000000", "0.00300000", "0.00000000", SYMBOL),
        ]
    ) == sorted(entries(world))


def test_a_user_whom_a_print_fills_pays_as_a_maker() -> None:
    world = few()
    world.apply(SetFees(1, number("0.0002"), number("0.0004")))
    world.place("user", "sell", 2, 100)
    world.outside(prints="buy 1 @100")
    assert ("1099.98000000", "0.00000000") == world.balance("user", "USDT")


def test_an_order_that_moves_nothing_in_the_end_makes_no_entries() -> None:
    world = few()
    world.place("user", "buy", 5)
    assert [] == entries(world)


# who takes; maker's and taker's rate; what the buyer and the seller pay on 3 BTC at 100
FEE_RATES: tuple[tuple[str, str, str, str, str], ...] = (
    ("buyer", "0.001", "0.001", "0.00300000 BTC", "0.30000000 USDT"),
    ("buyer", "0.0002", "0.0004", "0.00120000 BTC", "0.06000000 USDT"),
    ("seller", "0.0002", "0.0004", "0.00060000 BTC", "0.12000000 USDT"),
    ("buyer", "0", "0.0004", "0.00120000 BTC", "0.00000000 USDT"),
    ("seller", "0", "0", "0.00000000 BTC", "0.00000000 USDT"),
)


@pytest.mark.parametrize(("taker", "maker_rate", "taker_rate", "buyer_pays", "seller_pays"), FEE_RATES)
def test_maker_and_taker_pay_their_own_rates(
    taker: str, maker_rate: str, taker_rate: str, buyer_pays: str, seller_pays: str
) -> None:
    world = few()
    for account_id in (1, 2):
        world.apply(SetFees(account_id, number(maker_rate), number(taker_rate)))
    if taker == "buyer":
        world.place("other", "sell", 3, 100)
        world.place("user", "buy", 3, 100)
    else:
        world.place("user", "buy", 3, 100)
        world.place("other", "sell", 3, 100)
    paid = {
        change.order.account_id: f"{show_amount(change.fill.fee)} {change.fill.fee_asset}"
        for change in world.changes()
        if change.fill
    }
    assert {1: buyer_pays, 2: seller_pays} == paid


# quantity; price; the buyer's fee in BTC; the seller's in USDT: each rounded down to 8 decimals
ROUNDED: tuple[tuple[str, str, str, str], ...] = (
    ("0.00012345", "100.01", "0.00000012", "0.00001234"),
    ("0.00000999", "100.01", "0.00000000", "0.00000099"),
    ("0.00001", "0.01", "0.00000001", "0.00000000"),
    ("0.99999999", "99999.99", "0.00099999", "99.99998900"),
    ("1.23456789", "12345.67", "0.00123456", "15.24156776"),
)


@pytest.mark.parametrize(("quantity", "price", "base_fee", "quote_fee"), ROUNDED)
def test_a_fee_is_rounded_once_and_down_and_that_is_what_moves(
    quantity: str, price: str, base_fee: str, quote_fee: str
) -> None:
    world = World(tick_size=number("0.01"), step_size=1, min_quantity=0, min_price=0)
    world.place("other", "sell", quantity, price)
    world.place("user", "buy", quantity, price)
    notional = number(quantity) * number(price)
    told = {change.fill.fee_asset: change.fill.fee for change in world.changes() if change.fill}
    assert {"BTC": money(base_fee), "USDT": money(quote_fee)} == told
    received = {
        event.asset: event.free_change
        for event in world.events
        if isinstance(event, BalanceChanged) and event.account_id > 0 and event.free_change > 0
    }
    assert {"BTC": number(quantity) * ONE - told["BTC"], "USDT": notional - told["USDT"]} == received
    income = {
        event.asset: event.free_change
        for event in world.events
        if isinstance(event, BalanceChanged) and event.account_id == FEES
    }
    assert {asset: fee for asset, fee in told.items() if fee} == income


def test_each_fill_pays_its_own_fee() -> None:
    world = World(step_size=1, min_quantity=0)
    for _ in range(3):
        world.place("other", "sell", "0.00001999", 100)
    world.place("user", "buy", "0.00005997", 100)
    fees = [change.fill.fee for change in world.changes() if change.fill and not change.fill.is_maker]
    assert [money("0.00000001")] * 3 == fees


def test_new_fees_hold_from_the_next_trade_and_for_one_account() -> None:
    world = few()
    world.place("other", "sell", 3, 100)
    assert [AccountChanged(1, 0, number("0.01"))] == world.apply(SetFees(1, 0, number("0.01")))
    assert [] == world.apply(SetFees(1, 0, number("0.01")))
    world.place("user", "buy", 3, 100)
    paid = [show(change.fill.fee // ONE) for change in world.changes() if change.fill]
    assert ["0.30000000", "0.03000000"] == paid


def test_an_account_opens_with_its_balances() -> None:
    world = few()
    opened = world.apply(OpenAccount(account_id=9, maker_rate=1, taker_rate=2, balances=(("BTC", money("1.5")),)))
    assert AccountChanged(9, 1, 2) == opened[0]
    assert sorted(
        [
            (9, "BTC", "opening", "1.50000000", "0.00000000", "1.50000000", "0.00000000", ""),
            (HOUSE, "BTC", "opening", "-1.50000000", "0.00000000", "-31.50000000", "0.00000000", ""),
        ]
    ) == sorted(entries(world))


def test_a_deposit_comes_from_the_house() -> None:
    world = few()
    world.apply(Deposit(account_id=1, asset="BTC", amount=money("0.00000001"), reference="faucet"))
    assert sorted(
        [
            (1, "BTC", "deposit", "0.00000001", "0.00000000", "10.00000001", "0.00000000", "faucet"),
            (HOUSE, "BTC", "deposit", "-0.00000001", "0.00000000", "-30.00000001", "0.00000000", "faucet"),
        ]
    ) == sorted(entries(world))


NOBODY = OpenAccount(account_id=9, maker_rate=0, taker_rate=0, balances=(("BTC", 1),))
GIFT = Deposit(account_id=1, asset="BTC", amount=1)
REFUSED: tuple[tuple[Command, Reason], ...] = (
    (replace(NOBODY, account_id=1), Reason.DUPLICATE_ACCOUNT),
    (replace(NOBODY, account_id=HOUSE), Reason.DUPLICATE_ACCOUNT),
    (replace(NOBODY, account_id=FEES), Reason.DUPLICATE_ACCOUNT),
    (replace(NOBODY, balances=(("BTC", 1), ("GOLD", 1))), Reason.NO_SUCH_ASSET),
    (replace(NOBODY, balances=(("BTC", 1), ("USDT", -1))), Reason.BAD_QUANTITY),
    (replace(NOBODY, balances=(("BTC", 0),)), Reason.BAD_QUANTITY),
    (replace(GIFT, account_id=9), Reason.NO_SUCH_ACCOUNT),
    (replace(GIFT, account_id=HOUSE), Reason.NO_SUCH_ACCOUNT),
    (replace(GIFT, asset="GOLD"), Reason.NO_SUCH_ASSET),
    (replace(GIFT, amount=0), Reason.BAD_QUANTITY),
    (replace(GIFT, amount=-1), Reason.BAD_QUANTITY),
    (SetFees(9, 0, 0), Reason.NO_SUCH_ACCOUNT),
)


@pytest.mark.parametrize(("command", "reason"), REFUSED)
def test_money_does_not_come_from_nowhere_or_go_to_nobody(command: Command, reason: Reason) -> None:
    assert reason is few().refusal(command)


def test_amounts_beyond_64_bits_stay_exact() -> None:
    world = World(balances={"USDT": 10**12, "BTC": 10**10}, tick_size=1)
    world.place("other", "sell", 10**6, "999999.99999999")
    world.place("user", "buy", 10**6, "999999.99999999")
    assert ("0.01000000", "0.00000000") == world.balance("user", "USDT")
    assert ("1998999999999.99001000", "0.00000000") == world.balance("other", "USDT")


def ledger() -> Ledger:
    kept = Ledger()
    kept.deposit(1, "BTC", 5, EntryKind.DEPOSIT, "")
    kept.hold(1, "BTC", 2, EntryKind.ORDER, "")
    return kept


@pytest.mark.parametrize(("act", "amount"), [("hold", 4), ("hold", -1), ("release", 3), ("release", -1)])
def test_the_ledger_asserts_that_nobody_moves_what_is_not_there(act: str, amount: int) -> None:
    kept = ledger()
    with pytest.raises(AssertionError):
        getattr(kept, act)(1, "BTC", amount, EntryKind.ORDER, "")
    assert [(HOUSE, "BTC", -5, 0), (1, "BTC", 3, 2)] == list(kept.balances())


def test_the_ledger_asserts_that_nobody_transfers_what_is_not_held_or_takes_more_than_arrives() -> None:
    kept, fees = ledger(), Party(FEES, EntryKind.FEE, "")
    payer, receiver = (Party(account_id, EntryKind.ORDER, "") for account_id in (1, 2))
    for amount, fee in ((3, 0), (-1, 0), (2, 3), (2, -1)):
        with pytest.raises(AssertionError):
            kept.transfer("BTC", amount, payer, receiver, fee, fees)
    assert [(HOUSE, "BTC", -5, 0), (1, "BTC", 3, 2)] == list(kept.balances())
    kept.transfer("BTC", 2, payer, receiver, 1, fees)
    assert [(FEES, "BTC", 1, 0), (HOUSE, "BTC", -5, 0), (1, "BTC", 3, 0), (2, "BTC", 1, 0)] == list(kept.balances())


def test_the_ledgers_check_finds_money_from_nowhere() -> None:
    kept = ledger()
    kept.check()
    kept.restore(1, "BTC", 4, 2)
    with pytest.raises(AssertionError):
        kept.check()


def test_entries_of_one_kind_and_reference_are_one_and_follow_one_another() -> None:
    kept = ledger()
    assert 3 == len(kept.drain())
    kept.hold(1, "BTC", 1, EntryKind.ORDER, "a")
    kept.release(1, "BTC", 2, EntryKind.RELEASE, "b")
    kept.hold(1, "BTC", 3, EntryKind.ORDER, "a")
    changed = [(entry.kind, entry.free_change, entry.free, entry.locked) for entry in kept.drain()]
    assert [(EntryKind.ORDER, -4, -1, 6), (EntryKind.RELEASE, 2, 1, 4)] == changed
    assert [] == kept.drain()
