"""An exchange of one market for tests: whole numbers in, text out, the invariants checked after each command.

Tick and step are 1, so a test can say "user 2 @100" of two coins at a hundred. Accounts 1, 2 and 3 are user,
other and third. A mirrored world swaps sides and reflects prices at 100, so that what is claimed of asks is
claimed of bids.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, TypedDict, Unpack

from msgspec.structs import replace

from hypersim import units
from hypersim.engine.commands import (
    Advance,
    AmendOrder,
    CancelOrder,
    CancelReplace,
    Command,
    Ladder,
    OpenAccount,
    OutsideUpdate,
    PlaceList,
    PlaceOrder,
    Print,
    PutAsset,
    PutMarket,
    Stamped,
)
from hypersim.engine.events import Event, OrderChanged, Traded
from hypersim.engine.exchange import Exchange
from hypersim.engine.lists import ListKind
from hypersim.engine.market import Asset, Market
from hypersim.engine.orders import Order, OrderType, Peg, SelfTradePrevention, Side, TimeInForce
from hypersim.errors import Reason, Refused
from hypersim.units import ONE

SYMBOL = "BTCUSDT"
TEN_BPS = 100_000
EVERYWHERE = 10**6
NAMES = {1: "user", 2: "other", 3: "third"}
ACCOUNTS = {name: account_id for account_id, name in NAMES.items()}
RICH = {"BTC": 10**6, "USDT": 10**9}
MARKET = Market(
    symbol=SYMBOL,
    base="BTC",
    quote="USDT",
    min_price=ONE,
    max_price=10**6 * ONE,
    tick_size=ONE,
    min_quantity=ONE,
    max_quantity=10**6 * ONE,
    step_size=ONE,
    min_notional=0,
)
Number = int | str
"""A price, quantity or sum as a test writes it: 2, '0.5'."""
LISTED = re.compile(r"(?:([a-z]+) )?([0-9.]+) @([0-9.]+)")


class Terms(TypedDict, total=False):
    """What an order may say beside who, side, quantity and price."""

    quote: Number
    order_type: OrderType
    tif: TimeInForce
    name: str
    prevention: SelfTradePrevention
    stop: Number
    delta: int
    iceberg: Number
    peg: Peg


class Said(TypedDict, total=False):
    """What an outside update may say; a side is known up to a price: everywhere unless told, None nowhere."""

    prints: str
    asks: str
    bids: str
    asks_to: int | None
    bids_to: int | None
    full: bool


def number(value: Number) -> int:
    """Scale-8 integer."""
    return units.parse(str(value))


def money(value: Number) -> int:
    """Ledger amount (scale 16)."""
    return number(value) * ONE


def plain(value: int) -> str:
    """Scale-8 integer as short text: 2, 0.5."""
    return units.show(value).rstrip("0").rstrip(".")


class World:
    """An exchange with a market, three rich accounts and a clock that stands until it is told to go on."""

    def __init__(
        self,
        *,
        mirrored: bool = False,
        balances: Mapping[str, Number] | None = None,
        fee_rate: int = TEN_BPS,
        **rules: Any,
    ) -> None:
        self.exchange = Exchange()
        self.mirrored = mirrored
        self.time_us = 1_700_000_000_000_000
        self.accepted: list[Stamped] = []
        self.events: list[Event] = []
        """Of the last command."""
        self.happened: list[Event] = []
        """Of all commands."""
        self._named = 0
        market = replace(MARKET, **rules)
        for asset in dict.fromkeys(("BTC", "USDT", market.base)):
            self.apply(PutAsset(Asset(asset)))
        self.apply(PutMarket(market))
        held = tuple((asset, money(amount)) for asset, amount in (RICH if balances is None else balances).items())
        for account_id in NAMES:
            self.apply(OpenAccount(account_id=account_id, maker_rate=fee_rate, taker_rate=fee_rate, balances=held))

    # what a test does

    def apply(self, command: Command) -> list[Event]:
        """Applies a command now, and checks every invariant after it."""
        stamped = Stamped(self.time_us, command)
        self.events = self.exchange.apply(stamped)
        self.exchange.check()
        self.happened += self.events
        if self.events:
            self.accepted.append(stamped)
        return self.events

    def refusal(self, command: Command) -> Reason:
        """Why a command is refused; proves that this changed nothing."""
        before = self.exchange.state_hash()
        try:
            self.exchange.apply(Stamped(self.time_us, command))
        except Refused as refused:
            assert before == self.exchange.state_hash()
            self.exchange.check()
            return refused.reason
        raise AssertionError(f"accepted: {command}")

    def wait(self, seconds: float) -> "World":
        """Lets time go by, and nothing happen."""
        self.time_us += round(seconds * 1_000_000)
        return self

    def advance(self, seconds: float = 0) -> list[Event]:
        """Lets what is due by then happen."""
        return self.wait(seconds).apply(Advance())

    def rules(self, **changes: Any) -> list[Event]:
        """Changes the rules of the market, its status among them."""
        return self.apply(PutMarket(replace(self.market, **changes)))

    def order(
        self, who: str, side: str, quantity: Number = 0, price: Number | None = None, **terms: Unpack[Terms]
    ) -> PlaceOrder:
        """The command that places an order: without a price or a peg one at market."""
        self._named += 1
        return PlaceOrder(
            account_id=ACCOUNTS[who],
            symbol=SYMBOL,
            side=self._side(Side(side.upper())),
            type=terms.get("order_type", OrderType.LIMIT if price is not None or "peg" in terms else OrderType.MARKET),
            time_in_force=terms.get("tif", TimeInForce.GTC),
            client_order_id=terms.get("name", f"order-{self._named}"),
            quantity=number(quantity),
            quote_quantity=number(terms.get("quote", 0)),
            price=0 if price is None else self._price(number(price)),
            stop_price=self._price(number(terms["stop"])) if "stop" in terms else 0,
            trailing_delta=terms.get("delta", 0),
            iceberg=number(terms.get("iceberg", 0)),
            peg=terms.get("peg"),
            self_trade_prevention=terms.get("prevention"),
        )

    def place(
        self, who: str, side: str, quantity: Number = 0, price: Number | None = None, **terms: Unpack[Terms]
    ) -> Order:
        """Places an order and returns it as it stands afterwards."""
        order_id = self.exchange.venues[SYMBOL].next_order_id
        self.apply(self.order(who, side, quantity, price, **terms))
        return next(change.order for change in reversed(self.changes()) if change.order.order_id == order_id)

    def cancel(self, who: str, name: str) -> Order:
        """Cancels an open order by its name and returns it as it stands afterwards."""
        self.apply(CancelOrder(account_id=ACCOUNTS[who], symbol=SYMBOL, client_order_id=name, cancel_id="cancel"))
        return self.changes()[-1].order

    def listing(self, kind: ListKind, *orders: PlaceOrder, name: str = "list") -> PlaceList:
        """The command that places an order list of these orders."""
        account_id = orders[0].account_id
        return PlaceList(account_id=account_id, symbol=SYMBOL, kind=kind, client_list_id=name, orders=orders)

    def amending(self, who: str, name: str, quantity: Number, new_name: str | None = None) -> AmendOrder:
        """The command that lowers an open order's quantity; it keeps its name unless told."""
        return AmendOrder(
            account_id=ACCOUNTS[who],
            symbol=SYMBOL,
            client_order_id=name,
            new_client_order_id=new_name or name,
            quantity=number(quantity),
        )

    def replacing(self, who: str, name: str, order: PlaceOrder, *, anyway: bool = False) -> CancelReplace:
        """The command that cancels an order by its name and places another."""
        cancel = CancelOrder(account_id=ACCOUNTS[who], symbol=SYMBOL, client_order_id=name, cancel_id="cancel")
        return CancelReplace(cancel=cancel, place=order, place_anyway=anyway)

    def outside(self, **said: Unpack[Said]) -> list[Event]:
        """What the outside market did: prints as 'buy 6 @100', then sizes as '5 @100, 0 @101'."""
        return self.apply(self.update(**said))

    def update(self, **said: Unpack[Said]) -> OutsideUpdate:
        """The command of `outside`."""
        ladder = None
        asks, bids = said.get("asks"), said.get("bids")
        if asks is not None or bids is not None:
            asks_to, bids_to = said.get("asks_to", EVERYWHERE), said.get("bids_to", -EVERYWHERE)
            if self.mirrored:
                asks, bids = bids, asks
                asks_to, bids_to = _reflected(bids_to), _reflected(asks_to)
            ladder = Ladder(
                bids=tuple((price, quantity) for _, quantity, price in self._listed(bids or "")),
                asks=tuple((price, quantity) for _, quantity, price in self._listed(asks or "")),
                bid_floor=None if bids_to is None else max(0, bids_to * ONE),
                ask_ceiling=None if asks_to is None else asks_to * ONE,
                full=said.get("full", False),
            )
        prints = tuple(
            Print(price, quantity, self._side(Side(aggressor.upper())))
            for aggressor, quantity, price in self._listed(said.get("prints", ""))
        )
        return OutsideUpdate(symbol=SYMBOL, prints=prints, ladder=ladder)

    def stands(self, asks: str) -> None:
        """Builds a queue of asks such as 'house 5 @100, user 2 @100, house 3 @100', oldest first."""
        self.outside(asks="", bids="")  # from here on, all prices are known to be empty
        sizes: dict[int, int] = {}
        for who, quantity, price in LISTED.findall(asks):
            if who == "house":
                sizes[price] = sizes.get(price, 0) + int(quantity)
                self.outside(asks=f"{sizes[price]} @{price}")
            else:
                self.place(who, "sell", quantity, price)

    # what a test sees

    @property
    def market(self) -> Market:
        return self.exchange.venues[SYMBOL].market

    def asks(self) -> str:
        """The asks as text, best price first and in time order; house chunks side by side count as one."""
        return self.queue(Side.SELL)

    def bids(self) -> str:
        """The bids as text, as `asks`."""
        return self.queue(Side.BUY)

    def queue(self, side: Side) -> str:
        venue, *_ = self.exchange.snapshot().venues
        owners = {order.order_id: NAMES[order.account_id] for order in venue.orders}
        shown: list[tuple[str, int, int]] = []
        for price, entries in venue.bids if self._side(side) is Side.BUY else venue.asks:
            for key, quantity in entries:
                who = "house" if key < 0 else owners[key]
                if who == "house" and shown and shown[-1][::2] == ("house", price):
                    quantity += shown.pop()[1]
                shown.append((who, quantity, price))
        return ", ".join(f"{who} {plain(quantity)} @{plain(self._price(price))}" for who, quantity, price in shown)

    def changes(self) -> list[OrderChanged]:
        """What the last command did to orders."""
        return [event for event in self.events if isinstance(event, OrderChanged)]

    def last(self, name: str) -> Order:
        """An order as it was after the last that happened to it."""
        return next(
            event.order
            for event in reversed(self.happened)
            if isinstance(event, OrderChanged) and event.order.client_order_id == name
        )

    def statuses(self, *names: str) -> str:
        """What has become of orders: 'NEW', 'EXPIRED OCO_TRIGGER', and so on."""
        orders = [self.last(name) for name in names]
        return ", ".join(" ".join(filter(None, (order.status, order.expiry_reason))) for order in orders)

    def story(self) -> list[tuple[str, str]]:
        """(what happened, name of the order) of the last command, in order."""
        return [(change.change.value, change.order.client_order_id) for change in self.changes()]

    def fills(self) -> str:
        """The users' fills of the last command: 'user 1 @100, other 2 @101'."""
        filled = [(change.order, change.fill) for change in self.changes() if change.fill is not None]
        return ", ".join(
            f"{NAMES[order.account_id]} {plain(fill.quantity)} @{plain(self._price(fill.price))}"
            for order, fill in filled
        )

    def traded(self) -> list[Traded]:
        """The tape of the last command."""
        return [event for event in self.events if isinstance(event, Traded)]

    def tape(self) -> str:
        """The same as text: '1 @100, outside 3 @102'."""
        return ", ".join(
            f"{'outside ' if trade.outside else ''}{plain(trade.quantity)} @{plain(self._price(trade.price))}"
            for trade in self.traded()
        )

    def balance(self, who: str, asset: str) -> tuple[str, str]:
        """(free, locked) of an account, as text."""
        for account_id, name, free, locked in self.exchange.snapshot().balances:
            if (account_id, name) == (ACCOUNTS[who], asset):
                return units.show_amount(free), units.show_amount(locked)
        return units.show(0), units.show(0)

    def ledger(self) -> tuple[tuple[int, str, int, int], ...]:
        """(account, asset, free, locked) of everybody, in ledger amounts."""
        return self.exchange.snapshot().balances

    def _listed(self, text: str) -> Iterator[tuple[str, int, int]]:
        """(word, quantity, price) of each part of a text such as 'buy 6 @100, sell 1 @99'."""
        assert not LISTED.sub("", text).strip(", "), text
        for who, quantity, price in LISTED.findall(text):
            yield who, number(quantity), self._price(number(price))

    def _price(self, price: int) -> int:
        return 200 * ONE - price if self.mirrored else price

    def _side(self, side: Side) -> Side:
        return side.opposite if self.mirrored else side


def _reflected(price: int | None) -> int | None:
    return None if price is None else 200 - price
