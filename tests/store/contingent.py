"""Orders that wait, hide, or belong together, for the lives of `lives.py`: what their rows must come back from."""

import random

from msgspec.structs import replace

from hypersim.engine.commands import AmendOrder, CancelList, CancelOrder, CancelReplace, Command, PlaceList, PlaceOrder
from hypersim.engine.lists import ListKind
from hypersim.engine.orders import OrderType, Peg, PegPriceType, SelfTradePrevention, Side
from hypersim.units import ONE


def contingent(chance: random.Random, plain: PlaceOrder, number: int) -> Command:
    """Something about an order that is not just placed or cancelled; `plain` is a limit order to begin with."""
    made = (stop, iceberg, pegged, of_one_account, pair, triple, amended, replaced, without_list)
    return chance.choice(made)(chance, plain, number)


def stop(chance: random.Random, plain: PlaceOrder, number: int) -> Command:
    kind = chance.choice((OrderType.STOP_LOSS_LIMIT, OrderType.TAKE_PROFIT_LIMIT))
    trailing = chance.choice((0, 0, 300))
    at = 0 if trailing and chance.random() < 0.5 else chance.randrange(85, 116) * ONE
    return replace(plain, type=kind, stop_price=at, trailing_delta=trailing)


def iceberg(chance: random.Random, plain: PlaceOrder, number: int) -> Command:
    return replace(plain, iceberg=max(ONE, plain.quantity // 3 // ONE * ONE))


def pegged(chance: random.Random, plain: PlaceOrder, number: int) -> Command:
    return replace(plain, price=0, peg=Peg(chance.choice(list(PegPriceType)), chance.choice((None, 1))))


def of_one_account(chance: random.Random, plain: PlaceOrder, number: int) -> Command:
    return replace(plain, self_trade_prevention=chance.choice(list(SelfTradePrevention)))


def pair(chance: random.Random, plain: PlaceOrder, number: int) -> Command:
    up = 1 if plain.side is Side.SELL else -1
    away = chance.randrange(3, 15)
    loss = replace(
        plain,
        type=OrderType.STOP_LOSS_LIMIT,
        client_order_id=f"{plain.client_order_id}-stop",
        stop_price=(100 - up * away) * ONE,
        price=(100 - up * (away + 1)) * ONE,
    )
    gain = replace(
        plain,
        type=OrderType.LIMIT_MAKER,
        client_order_id=f"{plain.client_order_id}-limit",
        price=(100 + up * away) * ONE,
    )
    return _listed(ListKind.OCO, number, loss, gain)


def triple(chance: random.Random, plain: PlaceOrder, number: int) -> Command:
    bought = replace(plain, side=Side.BUY)
    paid = chance.random() < 0.5
    selling = replace(bought, side=Side.SELL, quantity=0 if paid else bought.quantity // 2 // ONE * ONE + ONE)
    other = pair(chance, selling, number)
    assert isinstance(other, PlaceList)
    return _listed(ListKind.OPOCO if paid else ListKind.OTOCO, number, bought, *other.orders)


def amended(chance: random.Random, plain: PlaceOrder, number: int) -> Command:
    return AmendOrder(
        account_id=plain.account_id,
        symbol=plain.symbol,
        client_order_id=f"o{max(1, number - chance.randrange(1, 12))}",
        new_client_order_id=f"amended-{number}",
        quantity=chance.randrange(1, 20) * ONE,
    )


def replaced(chance: random.Random, plain: PlaceOrder, number: int) -> Command:
    cancel = CancelOrder(
        account_id=plain.account_id,
        symbol=plain.symbol,
        order_id=chance.randrange(1, number + 1),
        cancel_id=f"c{number}",
    )
    return CancelReplace(cancel=cancel, place=plain, place_anyway=chance.random() < 0.5)


def without_list(chance: random.Random, plain: PlaceOrder, number: int) -> Command:
    list_id = chance.randrange(1, number + 1)
    return CancelList(account_id=plain.account_id, symbol=plain.symbol, list_id=list_id, cancel_id=f"c{number}")


def _listed(kind: ListKind, number: int, *orders: PlaceOrder) -> PlaceList:
    first = orders[0]
    return PlaceList(
        account_id=first.account_id,
        symbol=first.symbol,
        kind=kind,
        client_list_id=f"list-{number}",
        orders=orders,
    )
