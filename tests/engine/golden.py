"""The golden journal: a life of a market as commands, and what an exchange of these rules makes of them.

`python -m tests.engine.golden` writes it anew. It does not while the commands in it lead elsewhere under the
same version of the rules: a journal that somebody has would then mean something else than it did.
"""

import hashlib
import sys
from collections.abc import Iterable
from pathlib import Path

import msgspec
from msgspec import Struct

from hypersim.engine.commands import (
    CancelAll,
    CancelList,
    CancelOrder,
    Command,
    Deposit,
    EndWithdrawal,
    OpenAccount,
    PlaceOrder,
    PutAsset,
    PutLimits,
    Reset,
    SetBnbBurn,
    SetFees,
    Stamped,
    TestOrder,
    Withdraw,
)
from hypersim.engine.exchange import RULES, Exchange
from hypersim.engine.lists import ListKind
from hypersim.engine.market import Asset, ExchangeLimits, MarketStatus
from hypersim.engine.orders import CancelRestriction, OrderType, Peg, PegPriceType, SelfTradePrevention, TimeInForce
from hypersim.engine.withdrawal import WithdrawalStatus
from hypersim.errors import Refused
from tests.engine.world import SYMBOL, Number, World, money, number

PATH = Path(__file__).with_suffix(".json")


class Golden(Struct, frozen=True):
    """Commands and their outcome under a version of the rules: digest of all events, hash of the state."""

    rules: int
    refusals: dict[int, str]
    """Place of the command -> the reason."""
    events: str
    state: str
    commands: tuple[Stamped, ...]


def outcome(commands: Iterable[Stamped]) -> Golden:
    """What the rules in force make of commands."""
    exchange, digest = Exchange(), hashlib.sha256()
    refusals, kept = {}, tuple(commands)
    for place, stamped in enumerate(kept):
        try:
            digest.update(msgspec.json.encode(exchange.apply(stamped)))
        except Refused as refused:
            refusals[place] = str(refused.reason)
    return Golden(RULES, refusals, digest.hexdigest(), exchange.state_hash(), kept)


def read() -> Golden:
    """The journal as it is committed."""
    return msgspec.json.decode(PATH.read_bytes(), type=Golden)


class Recorder(World):
    """A world that keeps every command, refused or not."""

    def __init__(self) -> None:
        self.commands: list[Stamped] = []
        super().__init__(
            balances={"USDT": 5000, "BTC": 50},
            tick_size=number("0.5"),
            step_size=number("0.1"),
            min_quantity=number("0.1"),
            min_notional=number(5),
            max_num_orders=8,
        )

    def apply(self, command: Command) -> list[object]:  # type: ignore[override] # refusals are wanted here
        self.wait(0.7)
        self.commands.append(Stamped(self.time_us, command))
        try:
            return list(super().apply(command))
        except Refused:
            return []


def life() -> tuple[Stamped, ...]:
    """Every command and every order type at least once, with most of what can become of them."""
    world = Recorder()
    world.apply(PutAsset(Asset("BTC", "Bitcoin", max_order=number(400))))
    world.apply(PutLimits(ExchangeLimits(max_num_orders=300)))
    world.apply(OpenAccount(account_id=4, maker_rate=0, taker_rate=0, balances=(("BTC", money("0.5")),)))
    world.apply(Deposit(account_id=4, asset="USDT", amount=money("12.34567891"), reference="faucet"))
    world.apply(SetFees(2, number("0.0002"), number("0.00075")))
    outside(world)
    orders(world)
    endings(world)
    stops(world)
    lists(world)
    changes(world)
    withdrawals(world)
    world.apply(Reset(balances=(("USDT", money(900)), ("BTC", money(9)))))
    outside(world)
    return tuple(world.commands)


def outside(world: World) -> None:
    """Prints and ladders meet users, both ways."""
    world.outside(asks="5 @100, 7.5 @101", bids="4 @99, 8 @98.5", full=True)
    for command in (
        world.order("user", "sell", 3, 100, name="behind"),
        world.order("other", "buy", "2.5", "98.5", name="deep"),
        world.update(asks="9 @100, 3 @101.5"),
        world.update(prints="buy 6.25 @100, sell 5 @98.5", asks="2.7 @100"),
        world.update(asks="4 @100", bids="3 @99.5", bids_to=99),
        world.order("third", "buy", 6, name="takes"),
        world.order("third", "buy", 5, 103, name="crossed"),
        world.update(asks="1.5 @102, 4 @102.5", bids="6 @98", full=True),
        world.update(asks="1 @97", bids="1 @98"),
        world.update(asks="", bids="", asks_to=None, bids_to=None),
        world.update(asks="6 @104", bids="6 @97"),
    ):
        world.apply(command)
    world.advance(10)
    world.advance(4.2)


def orders(world: World) -> None:
    """Types, times in force, amounts, preventions and refusals."""
    maker, ioc, fok = OrderType.LIMIT_MAKER, TimeInForce.IOC, TimeInForce.FOK
    for turn, mode in enumerate(SelfTradePrevention):
        world.apply(world.order("user", "sell", "1.5", 103, name=f"own-{turn}"))
        world.apply(world.order("user", "buy", "2.3", 103, prevention=mode, name=f"meets-{turn}"))
    for command in (
        world.order("other", "sell", 2, "103.5", order_type=maker, name="maker"),
        world.order("other", "sell", 2, 97, order_type=maker),
        world.order("third", "buy", 9, "103.5", tif=ioc),
        world.order("third", "buy", 90, 104, tif=fok),
        world.order("third", "buy", 2, 104, tif=fok),
        world.order("third", "buy", quote="333.33"),
        world.order("third", "sell", quote=4000),
        world.order("third", "sell", quote=3),
        world.order("third", "buy", 10**4),
        world.order("third", "buy", "0.05", 100),
        world.order("third", "buy", 1, "100.25"),
        world.order("third", "buy", 1, 900),
        world.order("user", "buy", 1, 96, name="own-0"),
        world.order("user", "buy", 1, 95, name="own-0"),
        TestOrder(world.order("user", "buy", 1, 96)),
    ):
        world.apply(command)


def stops(world: World) -> None:
    """Stops of each type, plain and trailing, icebergs and pegs; a fall and a rise that trigger them in turn."""
    loss, loss_limit = OrderType.STOP_LOSS, OrderType.STOP_LOSS_LIMIT
    profit, profit_limit = OrderType.TAKE_PROFIT, OrderType.TAKE_PROFIT_LIMIT
    own, opposite = Peg(PegPriceType.PRIMARY_PEG), Peg(PegPriceType.MARKET_PEG, 1)
    world.apply(CancelAll(account_id=1, symbol=SYMBOL, cancel_id="room"))
    for command in (
        world.update(prints="buy 1 @100", asks="9 @101, 9 @102", bids="9 @99, 9 @98", full=True),
        world.order("user", "sell", 4, 101, iceberg="1.5", name="berg"),
        world.order("third", "buy", 7, 101),
        world.order("user", "buy", 2, peg=own, name="pegged"),
        world.order("user", "sell", 1, peg=opposite, tif=TimeInForce.IOC),
        world.order("user", "sell", 1, peg=Peg(PegPriceType.PRIMARY_PEG, 9)),
        world.order("other", "sell", 1, order_type=loss, stop=97, name="loss"),
        world.order("other", "sell", 1, 96, order_type=loss_limit, stop=96, name="loss-limit"),
        world.order("other", "buy", 1, order_type=profit, stop=96, delta=200, name="profit"),
        world.order("other", "sell", 1, 104, order_type=profit_limit, stop=104, peg=own, name="profit-limit"),
        world.order("third", "sell", 1, 90, order_type=loss_limit, delta=300, name="trailing"),
        world.order("third", "sell", 1, order_type=loss, stop=101),
        world.update(prints="sell 3 @97, sell 2 @96", bids="9 @95.5, 0 @98"),
        world.update(prints="buy 1 @98.5, buy 9 @104", asks="9 @105"),
    ):
        world.apply(command)


def lists(world: World) -> None:
    """Lists of each kind, filled, triggered, cancelled and refused."""
    maker, loss, profit = OrderType.LIMIT_MAKER, OrderType.STOP_LOSS, OrderType.TAKE_PROFIT

    def pair(who: str, quantity: Number, name: str, stop: Number = 95) -> tuple[PlaceOrder, PlaceOrder]:
        return (
            world.order(who, "sell", quantity, order_type=loss, stop=stop, name=f"{name}-stop"),
            world.order(who, "sell", quantity, 106, order_type=maker, name=f"{name}-limit"),
        )

    def working(who: str, name: str) -> PlaceOrder:
        return world.order(who, "buy", 2, 100, name=f"{name}-working")

    for user in (1, 2, 3):
        world.apply(CancelAll(account_id=user, symbol=SYMBOL, cancel_id="room"))
    market = world.order("user", "sell", 0, order_type=OrderType.MARKET, name="opo-pending")
    for command in (
        world.update(prints="buy 1 @101", asks="9 @103", bids="9 @98", full=True),
        world.listing(ListKind.OCO, *pair("user", 1, "a"), name="a"),
        world.listing(ListKind.OCO, *pair("user", 1, "b", stop=102), name="b"),
        world.listing(
            ListKind.OTO, working("user", "c"), world.order("user", "sell", 1, order_type=profit, stop=105), name="c"
        ),
        world.listing(ListKind.OTOCO, working("third", "d"), *pair("third", 2, "d"), name="d"),
        world.listing(ListKind.OPO, working("user", "opo"), market, name="e"),
        world.listing(ListKind.OPOCO, working("third", "f"), *pair("third", 0, "f", stop=94), name="f"),
        world.listing(ListKind.OPOCO, working("other", "g"), *pair("other", 0, "g"), name="g"),
        world.amending("third", "d-limit", 1),
        world.amending("third", "f-limit", 1),
        world.update(prints="sell 9 @100"),
        CancelList(account_id=2, symbol=SYMBOL, client_list_id="g", cancel_id="c5"),
        CancelList(account_id=2, symbol=SYMBOL, list_id=99, cancel_id="c6"),
        world.update(prints="sell 1 @95", bids="9 @94.5"),
        world.update(prints="buy 2.5 @106"),
    ):
        world.apply(command)


def changes(world: World) -> None:
    """Amends, and cancels that place another order, of which a half may fail."""
    for user in (1, 2, 3):
        world.apply(CancelAll(account_id=user, symbol=SYMBOL, cancel_id="room"))
    for command in (
        world.update(asks="9 @103", bids="9 @98", full=True),
        world.order("user", "sell", 5, 102, iceberg=2, name="sale"),
        world.amending("user", "sale", 4, "less"),
        world.amending("user", "less", 4),
        world.amending("user", "less", "1.5"),
        world.replacing("user", "less", world.order("user", "sell", 1, 101, name="moved")),
        world.replacing("user", "moved", world.order("user", "sell", 1, 97, order_type=OrderType.LIMIT_MAKER)),
        world.replacing("user", "moved", world.order("user", "sell", 1, 101)),
        world.replacing("user", "moved", world.order("user", "sell", 1, "100.5"), anyway=True),
        world.replacing("user", "moved", world.order("user", "buy", 900), anyway=True),
        world.order("user", "sell", 3, 99, name="ends"),
        world.order("third", "buy", 2, 99),
        world.amending("user", "ends", "1.9"),
        world.amending("user", "ends", 2, "ended"),
        world.order("other", "sell", 2, 99, name="alone"),
        world.order("other", "buy", quote=250, prevention=SelfTradePrevention.EXPIRE_BOTH),
    ):
        world.apply(command)


def endings(world: World) -> None:
    """Cancels, a halt with news meanwhile, and new rules."""
    only_new = CancelRestriction.ONLY_NEW
    for command in (
        CancelOrder(account_id=1, symbol=SYMBOL, client_order_id="own-0", cancel_id="c1", restriction=only_new),
        CancelOrder(account_id=1, symbol=SYMBOL, client_order_id="own-0", cancel_id="c2"),
        CancelOrder(account_id=3, symbol=SYMBOL, order_id=3, client_order_id="crossed", cancel_id="c3"),
        world.order("other", "sell", 1, 105),
        world.order("other", "sell", 1, 106),
        CancelAll(account_id=2, symbol=SYMBOL, cancel_id="c4"),
    ):
        world.apply(command)
    world.rules(status=MarketStatus.HALT)
    world.apply(world.order("user", "buy", 1, 96))
    world.outside(prints="buy 1 @200", asks="8 @103", bids="2 @96")
    world.rules(status=MarketStatus.TRADING, queue_exponent=2, recovery_half_life_ms=2000)
    world.apply(world.order("user", "sell", 4, 103))
    world.outside(asks="3 @103", bids="1 @96", asks_to=104)
    world.advance(3)


def withdrawals(world: World) -> None:
    """Money leaves by time and by hand, or comes back; a fee that is wanted in BNB, where there is none."""
    wanted = (("mine", "9"), ("", "0.00000001"), ("mine", "1"), ("", "1000000000"), ("", "3"))
    for turn, (client_id, amount) in enumerate(wanted):
        world.apply(
            Withdraw(
                account_id=1,
                asset="USDT",
                amount=money(amount),
                fee=money("0.5"),
                withdrawal_id=f"w{turn}",
                network="ETH",
                address="0x",
                client_id=client_id,
                confirmation_us=5_000_000,
            )
        )
    world.apply(EndWithdrawal("w4", WithdrawalStatus.FAILED))
    world.apply(EndWithdrawal("w2", WithdrawalStatus.COMPLETED))
    world.advance(4)
    world.apply(SetBnbBurn(account_id=1, spot=True))
    world.apply(world.order("other", "sell", 1, "96.5"))
    world.apply(world.order("user", "buy", 1, "96.5"))


def write() -> None:
    """Writes the journal anew, or says why not."""
    if PATH.exists():
        before = read()
        if before.rules == RULES and before != outcome(before.commands):
            sys.exit("the rules changed: raise RULES in hypersim/engine/exchange.py, then run this again")
    golden = msgspec.json.encode(outcome(life()))
    PATH.write_bytes(msgspec.json.format(golden, indent=1) + b"\n")


if __name__ == "__main__":
    write()
