"""Seeded random lives of one market: what users, feed and operator might send."""

import random
from collections.abc import Callable, Iterator

import msgspec

from hypersim.engine.commands import (
    Advance,
    AmendOrder,
    CancelAll,
    CancelList,
    CancelOrder,
    CancelReplace,
    Command,
    Deposit,
    Ladder,
    OutsideUpdate,
    PlaceList,
    PlaceOrder,
    Print,
    PutMarket,
    Reset,
    SetFees,
    TestOrder,
)
from hypersim.engine.lists import ListKind
from hypersim.engine.market import MarketStatus
from hypersim.engine.orders import (
    ORDER_TYPES,
    Order,
    OrderType,
    Peg,
    PegPriceType,
    SelfTradePrevention,
    Side,
    Stop,
    TimeInForce,
)
from hypersim.units import ONE
from tests.engine.world import SYMBOL, World, money, number

STEP = number("0.1")
GTC, IOC, FOK = TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK


class Life:
    """Random commands about one market, as users, feed and operator would send them."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.middle = self.last = 100
        self.named = 0
        self.status = MarketStatus.TRADING

    def commands(self, world: World) -> Iterator[Command]:
        kinds: dict[Callable[[World], Command], int] = {
            self.place: 40,
            self.meet: 3,
            self.test: 2,
            self.place_list: 12,
            self.cancel: 8,
            self.replace: 4,
            self.amend: 5,
            self.update: 30,
            self.advance: 4,
            self.operate: 2,
        }
        while True:
            world.time_us += self.chance.choice([0, 0, 250_000, self.chance.randrange(3_000_000)])
            self.middle = min(110, max(90, self.middle + self.chance.choice([-1, 0, 0, 0, 1])))
            self.last = (world.exchange.snapshot().venues[0].last_price or self.middle * ONE) // ONE
            halted = self.status is not MarketStatus.TRADING
            if halted and self.chance.random() < 0.3:
                yield self.switch(world, MarketStatus.TRADING)
            else:
                yield self.chance.choices(list(kinds), list(kinds.values()))[0](world)

    def place(self, world: World) -> PlaceOrder:
        chance = self.chance
        kind = chance.choices(list(OrderType), [12, 2, 4, 2, 3, 2, 3])[0]
        by_amount = kind is OrderType.MARKET and chance.random() < 0.5
        side = chance.choice(list(Side))
        quantity = 0 if by_amount else self.size()
        quote_quantity = self.size() * chance.randint(50, 120) if by_amount else 0
        return self.order(kind, chance.randint(1, 3), side, quantity, quote_quantity)

    def meet(self, world: World) -> PlaceOrder:
        """Meets an order of a list with another of its account, of which both are lowered."""
        placed, chance = self.place(world), self.chance
        standing = [o for o in world.exchange.snapshot().venues[0].orders if o.special.list_id and o.working_us]
        if not standing:
            return placed
        order = chance.choice(standing)
        return msgspec.structs.replace(
            self.order(OrderType.LIMIT, order.account_id, order.side.opposite, self.size()),
            price=order.limit,
            peg=None,
            self_trade_prevention=chance.choice([SelfTradePrevention.DECREMENT, SelfTradePrevention.TRANSFER]),
        )

    def test(self, world: World) -> TestOrder:
        return TestOrder(self.place(world))

    def order(self, kind: OrderType, account_id: int, side: Side, quantity: int, quote_quantity: int = 0) -> PlaceOrder:
        """An order of a type, with terms that the type allows."""
        chance, rule = self.chance, ORDER_TYPES[kind]
        self.named += chance.random() < 0.9
        limits = "timeInForce" in rule.needs
        tif = chance.choices([GTC, IOC, FOK], [7, 1, 1])[0] if limits else GTC
        away = chance.randint(-2, 5) * (-1 if side is Side.BUY else 1)
        peg = None
        if rule.priced and tif is GTC and chance.random() < 0.1:
            price_types = list(PegPriceType)[: 1 if rule.maker_only else 2]
            peg = Peg(chance.choice(price_types), chance.choice([None, None, 1, 2]))
        price = (self.middle + away) * ONE if rule.priced and not (peg and chance.random() < 0.7) else 0
        iceberg = 0
        if rule.priced and tif is GTC and quantity and chance.random() < 0.25:
            iceberg = chance.randint(1, quantity // STEP) * STEP
        stop_price, trailing_delta = self.stop(rule.stop, side) if rule.stop is not None else (0, 0)
        return PlaceOrder(
            account_id=account_id,
            symbol=SYMBOL,
            side=side,
            type=kind,
            time_in_force=tif,
            client_order_id=f"order-{self.named}",
            quantity=quantity,
            quote_quantity=quote_quantity,
            price=price,
            stop_price=stop_price,
            trailing_delta=trailing_delta,
            iceberg=iceberg,
            peg=peg,
            self_trade_prevention=chance.choice([None, *SelfTradePrevention]),
        )

    def stop(self, stop: Stop, side: Side) -> tuple[int, int]:
        """A stop price, mostly on the side where it does not trigger at once, a trailing delta, or both."""
        chance = self.chance
        up = (stop is Stop.AGAINST) is (side is Side.BUY)
        stop_price = (self.last + chance.randint(-1, 4) * (1 if up else -1)) * ONE
        trailing_delta = chance.randint(50, 400)
        return chance.choice([(stop_price, 0), (stop_price, 0), (stop_price, trailing_delta), (0, trailing_delta)])

    def place_list(self, world: World) -> PlaceList:
        chance = self.chance
        kind = chance.choice([ListKind.OCO, *ListKind])
        account_id, side, size = chance.randint(1, 3), chance.choice(list(Side)), self.size()
        orders = []
        if kind is not ListKind.OCO:
            side = Side.BUY if kind.is_paid else side
            working = chance.choice([OrderType.LIMIT, OrderType.LIMIT, OrderType.LIMIT_MAKER])
            orders.append(self.order(working, account_id, side, size))
            side = Side.SELL if kind.is_paid else chance.choice([side, side.opposite, side.opposite])
        size = 0 if kind.is_paid else size
        if kind in (ListKind.OTO, ListKind.OPO):
            orders.append(self.order(chance.choice(list(OrderType)), account_id, side, size))
        else:
            for types in (
                (OrderType.STOP_LOSS, OrderType.STOP_LOSS_LIMIT),
                (OrderType.LIMIT_MAKER, OrderType.LIMIT_MAKER, OrderType.TAKE_PROFIT, OrderType.TAKE_PROFIT_LIMIT),
            ):
                orders.append(self.leg(chance.choice(types), account_id, side, size))
        name = f"list-{chance.randint(self.named, self.named + 20)}"
        # what one request asks for has one name each, mostly
        named = [
            each if chance.random() < 0.02 else msgspec.structs.replace(each, client_order_id=f"{name}-{nth}")
            for nth, each in enumerate(orders)
        ]
        return PlaceList(account_id=account_id, symbol=SYMBOL, kind=kind, client_list_id=name, orders=tuple(named))

    def leg(self, kind: OrderType, account_id: int, side: Side, size: int) -> PlaceOrder:
        """One of two alternatives, mostly away from the market."""
        leg = self.order(kind, account_id, side, size)
        if kind is not OrderType.LIMIT_MAKER or not leg.price or self.chance.random() < 0.1:
            return leg
        away = self.chance.randint(1, 4) * (-1 if side is Side.BUY else 1)
        return msgspec.structs.replace(leg, price=(self.last + away) * ONE)

    def cancel(self, world: World) -> Command:
        chance = self.chance
        lists = world.exchange.snapshot().venues[0].lists
        if chance.random() < 0.1:
            return CancelAll(account_id=chance.randint(1, 3), symbol=SYMBOL, cancel_id="all")
        if chance.random() < 0.2:
            listed = chance.choice(lists) if lists else None
            return CancelList(
                account_id=listed.account_id if listed is not None and chance.random() < 0.9 else 1,
                symbol=SYMBOL,
                list_id=listed.list_id if listed is not None else 1,
                cancel_id="list",
            )
        return self.cancel_one(world)

    def cancel_one(self, world: World) -> CancelOrder:
        order = self.some_order(world)
        if order is None or self.chance.random() < 0.2:
            name = f"order-{self.chance.randint(0, self.named)}"
            account_id, order_id = self.chance.randint(1, 3), None
        else:
            account_id, name = order.account_id, order.client_order_id
            order_id = self.chance.choice([None, order.order_id])
        return CancelOrder(
            account_id=account_id, symbol=SYMBOL, order_id=order_id, client_order_id=name, cancel_id="one"
        )

    def replace(self, world: World) -> CancelReplace:
        cancel, place = self.cancel_one(world), self.place(world)
        name = self.chance.choice([place.client_order_id, cancel.client_order_id or ""])
        place = msgspec.structs.replace(place, account_id=cancel.account_id, client_order_id=name)
        return CancelReplace(cancel=cancel, place=place, place_anyway=self.chance.random() < 0.5)

    def amend(self, world: World) -> AmendOrder:
        chance, order = self.chance, self.some_order(world)
        most = order.quantity // STEP if order is not None else 1
        name = order.client_order_id if order is not None else "order-0"
        return AmendOrder(
            account_id=order.account_id if order is not None and chance.random() < 0.95 else 1,
            symbol=SYMBOL,
            client_order_id=name,
            new_client_order_id=chance.choice([name, f"{name}+", f"order-{self.named}"]),
            quantity=chance.choice(
                [
                    chance.randint(0, most + most // 10) * STEP,
                    chance.randint(0, most) * STEP,
                    order.quantity - order.leaves if order is not None else 0,
                ]
            ),
        )

    def some_order(self, world: World) -> Order | None:
        """An open order; one that is not alone, rather than another."""
        orders = world.exchange.snapshot().venues[0].orders
        listed = [order for order in orders if order.special.list_id]
        return self.chance.choice(self.chance.choice([orders, listed]) or orders or [None])

    def update(self, world: World) -> Command:
        chance = self.chance
        prints = tuple(
            Print(
                self.near() * ONE,
                self.size() + chance.choice([0, 0, 0, 1, ONE // 50]),
                chance.choice(list(Side)),
            )
            for _ in range(chance.choice([0, 0, 1, 1, 2]))
        )
        ladder = self.ladder() if chance.random() < 0.7 else None
        return OutsideUpdate(symbol=SYMBOL, prints=prints, ladder=ladder, resumes_us=chance.choice([0, 0, 0, 1]))

    def ladder(self) -> Ladder:
        chance = self.chance
        gap = chance.choice([-1, 0, 0, 0, 0, 0, 0, 0, 1])  # crossed now and then
        bids = chance.sample(range(self.middle - 6, self.middle - gap), chance.randint(0, 4))
        asks = chance.sample(range(self.middle + gap, self.middle + 7), chance.randint(0, 4))
        narrow = chance.random() < 0.2
        return Ladder(
            bids=tuple((price * ONE, chance.choice([0, self.size()])) for price in bids),
            asks=tuple((price * ONE, chance.choice([0, self.size(), self.size()])) for price in asks),
            bid_floor=chance.choice([None, (self.middle - chance.randint(0, 6)) * ONE]) if narrow else 0,
            ask_ceiling=chance.choice([None, (self.middle + chance.randint(0, 6)) * ONE]) if narrow else 200 * ONE,
            full=chance.random() < 0.2,
        )

    def advance(self, world: World) -> Command:
        return Advance()

    def operate(self, world: World) -> Command:
        chance = self.chance
        if chance.random() < 0.05:
            return Reset(balances=chance.choice([None, (("USDT", money(2000)), ("BTC", money(20)))]))
        if chance.random() < 0.6:
            return self.switch(world, chance.choice([MarketStatus.HALT, MarketStatus.BREAK]))
        if chance.random() < 0.5:
            rates = [chance.randrange(10**4) * 100 for _ in range(2)]  # so round that no fee is ever rounded
            return SetFees(chance.randint(1, 3), *rates)
        asset = chance.choice(["BTC", "USDT"])
        return Deposit(account_id=chance.randint(1, 3), asset=asset, amount=chance.randrange(1, money(100)))

    def switch(self, world: World, status: MarketStatus) -> Command:
        self.status = status
        return PutMarket(msgspec.structs.replace(world.market, status=status))

    def near(self) -> int:
        return self.middle + self.chance.randint(-3, 3)

    def size(self) -> int:
        return self.chance.randint(1, 100) * STEP
