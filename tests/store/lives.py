"""Seeded lives of a small world, and a scribe that stores them as the writer does, batch by batch."""

import random
from collections.abc import Iterator, Sequence

from hypersim.ask import JoinedRow, KeyKind, KeyRow
from hypersim.engine.commands import (
    Advance,
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
from hypersim.engine.market import Asset, Market
from hypersim.engine.orders import OrderType, SelfTradePrevention, Side, TimeInForce
from hypersim.engine.withdrawal import WithdrawalStatus
from hypersim.errors import Refused
from hypersim.store.journal import Journal
from hypersim.store.snapshots import Snapshot
from hypersim.units import AMOUNT_ONE, ONE
from hypersim.views.views import Views
from tests.store.contingent import contingent

BEGIN_US = 1_700_000_000_000_000
ACCOUNTS = (1, 2, 3)
SYMBOLS = ("BTCUSDT", "ETHUSDT")
MARKETS = tuple(
    Market(
        symbol=symbol,
        base=symbol[:3],
        quote="USDT",
        min_price=ONE,
        max_price=10**6 * ONE,
        tick_size=ONE,
        min_quantity=ONE,
        max_quantity=10**6 * ONE,
        step_size=ONE,
        min_notional=0,
    )
    for symbol in SYMBOLS
)
OPENING = tuple((asset, 10**7 * AMOUNT_ONE) for asset in ("BTC", "ETH", "USDT"))
SET_UP: tuple[Command, ...] = (
    *(PutAsset(Asset(asset)) for asset in ("BTC", "ETH", "USDT")),
    *(PutMarket(market) for market in MARKETS),
    *(
        OpenAccount(account_id=account_id, maker_rate=ONE // 1000, taker_rate=ONE // 1000, balances=OPENING)
        for account_id in ACCOUNTS
    ),
)


def key_row(api_key: str, account_id: int = 1) -> KeyRow:
    """An API key as it is stored."""
    return KeyRow(
        api_key=api_key,
        kind=KeyKind.HMAC,
        secret_encrypted="ciphertext",
        account_id=account_id,
        label="desk",
        created_us=BEGIN_US,
    )


def order(account_id: int, side: Side, quantity: int, price: int, name: str, symbol: str = "BTCUSDT") -> PlaceOrder:
    """A limit order in whole coins."""
    return PlaceOrder(
        account_id=account_id,
        symbol=symbol,
        side=side,
        type=OrderType.LIMIT,
        time_in_force=TimeInForce.GTC,
        client_order_id=name,
        quantity=quantity * ONE,
        price=price * ONE,
        self_trade_prevention=SelfTradePrevention.NONE,
    )


def life(seed: int, *, resets: bool = False) -> Iterator[Command]:
    """Random commands without end: orders, cancels, the outside market, money, and resets if wanted."""
    chance = random.Random(seed)
    number = 0
    begun: list[str] = []
    yield from SET_UP
    while True:
        number += 1
        symbol, account_id = chance.choice(SYMBOLS), chance.choice(ACCOUNTS)
        price = chance.randrange(90, 111)
        match chance.choices(range(9), (50, 10, 25, 2, 5, 3, 5, 30, 1 if resets else 0))[0]:
            case 0:
                side = chance.choice(list(Side))
                yield order(account_id, side, chance.randrange(1, 50), price, f"o{number}", symbol)
            case 1:
                yield CancelOrder(
                    account_id=account_id,
                    symbol=symbol,
                    order_id=chance.randrange(1, number + 1),
                    cancel_id=f"c{number}",
                )
            case 2:
                aggressor = chance.choice(list(Side))
                yield OutsideUpdate(
                    symbol=symbol,
                    prints=(Print(price * ONE, chance.randrange(1, 20) * ONE, aggressor),),
                    ladder=Ladder(
                        bids=((99 * ONE, chance.randrange(20) * ONE), (98 * ONE, 30 * ONE)),
                        asks=((101 * ONE, chance.randrange(20) * ONE), (102 * ONE, 30 * ONE)),
                        full=True,
                    ),
                )
            case 3:
                yield CancelAll(account_id=account_id, symbol=symbol, cancel_id=f"c{number}")
            case 4:
                amount = chance.randrange(1, 10**6) * AMOUNT_ONE // 7
                yield Deposit(account_id=account_id, asset="USDT", amount=amount, reference=f"d{number}")
            case 5:
                rate = chance.randrange(ONE // 100)
                burn = SetBnbBurn(account_id=account_id, spot=chance.random() < 0.5)
                yield chance.choice((Advance(), SetFees(account_id, rate, rate * 2), burn))
            case 6:
                if begun and chance.random() < 0.4:
                    yield EndWithdrawal(chance.choice(begun[-4:]), chance.choice(ENDS))
                else:
                    begun.append(f"w{number}")
                    yield withdrawal(account_id, begun[-1], chance)
            case 7:
                plain = order(
                    account_id, chance.choice(list(Side)), chance.randrange(1, 50), price, f"o{number}", symbol
                )
                yield contingent(chance, plain, number)
            case _:
                yield Reset()


ENDS = tuple(status for status in WithdrawalStatus if status is not WithdrawalStatus.PROCESSING)


def withdrawal(account_id: int, name: str, chance: random.Random) -> Withdraw:
    """Money on its way out."""
    return Withdraw(
        account_id=account_id,
        asset=chance.choice(("BTC", "USDT")),
        amount=chance.randrange(1, 10**3) * AMOUNT_ONE // 7,
        fee=chance.randrange(2) * AMOUNT_ONE // 7,
        withdrawal_id=name,
        network="ETH",
        address="0x",
        client_id=chance.choice(("", f"mine-{name}")),
        confirmation_us=chance.randrange(30_000_000),
    )


class Scribe:
    """Applies commands and stores the records that they make, as many to a batch as are written at once. Projects each
    batch, unless it is told to stay `behind`.
    """

    def __init__(self, journal: Journal, seed: int = 0) -> None:
        journal.load()
        self.journal = journal
        self.exchange = Exchange()
        self.views = Views()
        self.records: list[Committed] = []
        self.behind = False
        self._waiting: list[Committed] = []
        self.sequence = 0
        self.time_us = BEGIN_US
        self._chance = random.Random(seed)

    def write(self, *commands: Command, joined: Sequence[JoinedRow] = ()) -> list[Committed]:
        """Stores one batch; refused commands, and those that change nothing, are no part of it."""
        records = []
        for command in commands:
            self.time_us += self._chance.choice((0, 1_000, 5_000_000))
            try:
                events = self.exchange.apply(Stamped(self.time_us, command))
            except Refused:
                continue
            if events:
                self.sequence += 1
                records.append(
                    Committed(sequence=self.sequence, time_us=self.time_us, command=command, events=tuple(events))
                )
        if records:
            self.journal.prepare(records, joined)()
            self._waiting += records
            if not self.behind:
                self.catch_up()
            for record in records:
                self.views.fold(record)
            self.records += records
        return records

    def catch_up(self) -> None:
        """Projects what waits, together."""
        if self._waiting:
            self.journal.project(self._waiting)()
            self._waiting.clear()

    async def projected(self) -> int:
        """As `Writer.projected`."""
        self.catch_up()
        return self.sequence

    def missed(self) -> None:
        """As `Writer.missed`: nothing is, here."""
        raise AssertionError("what was projected is gone")

    def live(self, commands: Iterator[Command], count: int) -> None:
        """Stores that many commands of a life, in batches of random sizes."""
        while count > 0:
            size = min(count, self._chance.choice((1, 1, 2, 5, 30)))
            self.write(*(next(commands) for _ in range(size)))
            count -= size

    def save(self) -> Snapshot:
        """Stores a snapshot of this moment."""
        snapshot = Snapshot.encode(self.sequence, self.time_us, self.exchange.snapshot(), self.views.snapshot())
        self.journal.save(snapshot)
        return snapshot
