"""A random world: a real exchange that many random commands are asked of, and the records that it makes."""

from collections.abc import Iterator
from random import Random

from msgspec.structs import replace

from hypersim.engine.commands import (
    CancelAll,
    CancelOrder,
    Command,
    Deposit,
    EndWithdrawal,
    Ladder,
    OpenAccount,
    OutsideUpdate,
    PlaceOrder,
    Print,
    PutAsset,
    PutMarket,
    Reset,
    SetBnbBurn,
    SetFees,
    Stamped,
    Withdraw,
)
from hypersim.engine.events import Committed
from hypersim.engine.exchange import Exchange
from hypersim.engine.market import Asset, Market, MarketStatus
from hypersim.engine.orders import OrderType, Side, TimeInForce
from hypersim.engine.withdrawal import WithdrawalStatus
from hypersim.errors import Refused
from hypersim.units import AMOUNT_ONE, ONE

ACCOUNTS = (1, 2, 3)
STEP_US = (1, 1000, 300_000, 1_000_000, 40_000_000, 3_600_000_000)
"""How far time may move between commands."""


def market(base: str, quote: str) -> Market:
    return Market(
        symbol=base + quote,
        base=base,
        quote=quote,
        min_price=ONE,
        max_price=1000 * ONE,
        tick_size=ONE,
        min_quantity=ONE // 10,
        max_quantity=1000 * ONE,
        step_size=ONE // 10,
        min_notional=0,
    )


MARKETS = (market("BTC", "USDT"), market("ETH", "USDT"), market("ETH", "BTC"))


class RandomWorld:
    """An exchange and its journal. Seeded: the same seed makes the same world."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.exchange = Exchange()
        self.time_us = 1_700_000_000_000_000
        self.records: list[Committed] = []
        for command in opening():
            self.ask(command)

    def ask(self, command: Command) -> None:
        """Carries a command out, and records it when it changed something."""
        try:
            events = self.exchange.apply(Stamped(self.time_us, command))
        except Refused:
            return
        if events:
            sequence = len(self.records) + 1
            self.records.append(
                Committed(sequence=sequence, time_us=self.time_us, command=command, events=tuple(events))
            )

    def run(self, steps: int) -> None:
        """So many random commands."""
        for _ in range(steps):
            self.time_us += self.random.randrange(self.random.choice(STEP_US))
            self.ask(self.command())

    def command(self) -> Command:
        random = self.random
        account_id, symbol = random.choice(ACCOUNTS), random.choice(MARKETS).symbol
        match random.choices(range(10), (40, 15, 2, 35, 3, 2, 1, 0.2, 4, 1))[0]:
            case 0:
                return self.order(account_id, symbol)
            case 1:
                return CancelOrder(
                    account_id=account_id,
                    symbol=symbol,
                    order_id=random.randrange(1, 2 + len(self.records) // 3),
                    cancel_id="c",
                )
            case 2:
                return CancelAll(account_id=account_id, symbol=symbol, cancel_id="c")
            case 3:
                return self.outside(symbol)
            case 4:
                return Deposit(account_id=account_id, asset="USDT", amount=random.randrange(1, 9) * AMOUNT_ONE)
            case 5:
                return SetFees(account_id, random.randrange(10) * 10_000, random.randrange(10) * 10_000)
            case 6:
                listed = next(each for each in MARKETS if each.symbol == symbol)
                status = random.choice([MarketStatus.TRADING, MarketStatus.TRADING, MarketStatus.HALT])
                return PutMarket(replace(listed, status=status))
            case 8:
                return self.withdrawal(account_id)
            case 9:
                return SetBnbBurn(account_id=account_id, spot=random.random() < 0.5, interest=random.random() < 0.5)
            case _:
                return Reset(random.choice([None, (("USDT", 500 * AMOUNT_ONE), ("BTC", 50 * AMOUNT_ONE))]))

    def withdrawal(self, account_id: int) -> Command:
        """Money on its way out, or the end of some that is."""
        random = self.random
        pending = self.exchange.snapshot().withdrawals
        if pending and random.random() < 0.4:
            ended = random.choice([WithdrawalStatus.COMPLETED, WithdrawalStatus.FAILED])
            return EndWithdrawal(random.choice(pending).withdrawal_id, ended)
        return Withdraw(
            account_id=account_id,
            asset=random.choice(["BTC", "USDT"]),
            amount=random.randrange(1, 99) * AMOUNT_ONE,
            fee=1,
            withdrawal_id=f"w{len(self.records)}",
            network="ETH",
            address="0x",
            confirmation_us=10**9,
        )

    def order(self, account_id: int, symbol: str) -> Command:
        random = self.random
        kind = random.choices([OrderType.LIMIT, OrderType.MARKET, OrderType.LIMIT_MAKER], (6, 2, 1))[0]
        return PlaceOrder(
            account_id=account_id,
            symbol=symbol,
            side=random.choice(list(Side)),
            type=kind,
            time_in_force=(random.choice(list(TimeInForce)) if kind is OrderType.LIMIT else TimeInForce.GTC),
            client_order_id=f"o{random.randrange(200)}",
            quantity=random.randrange(1, 40) * ONE // 10,
            price=0 if kind is OrderType.MARKET else random.randrange(90, 111) * ONE,
        )

    def outside(self, symbol: str) -> Command:
        random = self.random
        prints = tuple(
            Print(
                random.randrange(95, 106) * ONE,
                random.randrange(1, 30) * ONE // 10,
                random.choice(list(Side)),
            )
            for _ in range(random.choice([0, 1, 1, 4]))
        )
        middle = random.randrange(95, 106)
        bids = tuple(((middle - 1 - n) * ONE, random.randrange(50) * ONE // 10) for n in range(4))
        asks = tuple(((middle + 1 + n) * ONE, random.randrange(50) * ONE // 10) for n in range(4))
        ladder = Ladder(bids=bids, asks=asks, full=True) if random.random() < 0.8 else None
        return OutsideUpdate(symbol=symbol, prints=prints, ladder=ladder)


def opening() -> Iterator[Command]:
    """Assets, markets and accounts with money."""
    for name in ("BTC", "ETH", "USDT"):
        yield PutAsset(Asset(name))
    for each in MARKETS:
        yield PutMarket(each)
    for account_id in ACCOUNTS:
        yield OpenAccount(
            account_id=account_id,
            maker_rate=100_000,
            taker_rate=100_000,
            balances=tuple((name, 100_000 * AMOUNT_ONE) for name in ("BTC", "ETH", "USDT")),
        )
