"""One order list of each kind as tests place them, and what tests see of them."""

from typing import Any

from hypersim.engine.commands import PlaceList
from hypersim.engine.events import ListChanged
from hypersim.engine.lists import ListKind, OrderList, Phase
from hypersim.engine.orders import OrderType
from tests.engine.world import Number, World

LIMIT_MAKER = OrderType.LIMIT_MAKER
STOP_LOSS_LIMIT = OrderType.STOP_LOSS_LIMIT
OCO, OTO, OTOCO, OPO, OPOCO = ListKind


def oco(world: World, quantity: Number = 5) -> PlaceList:
    """Sells at 110, or below 90 at 85."""
    return world.listing(
        OCO,
        world.order("user", "sell", quantity, 85, order_type=STOP_LOSS_LIMIT, stop=90, name="stop"),
        world.order("user", "sell", quantity, 110, order_type=LIMIT_MAKER, name="limit"),
    )


def oto(world: World, **pending: Any) -> PlaceList:
    """Buys 5 at 98, then sells 5 at 105 unless told."""
    terms: dict[str, Any] = {"quantity": 5, "price": 105, "name": "pending"} | pending
    return world.listing(
        OTO, world.order("user", "buy", 5, 98, name="working"), world.order("user", terms.pop("side", "sell"), **terms)
    )


def otoco(world: World) -> PlaceList:
    """Buys 5 at 98, then sells 5 at 110, or below 90 at 85."""
    return world.listing(OTOCO, world.order("user", "buy", 5, 98, name="working"), *oco(world).orders)


def opo(world: World, **pending: Any) -> PlaceList:
    """Buys 5 at 98, then sells what that brought: at 105 unless told."""
    return world.listing(OPO, *oto(world, quantity=0, **pending).orders)


def opoco(world: World) -> PlaceList:
    """Buys 5 at 98, then sells what that brought as an OCO."""
    return world.listing(OPOCO, world.order("user", "buy", 5, 98, name="working"), *oco(world, 0).orders)


def lists(world: World) -> list[OrderList]:
    """The lists that the last command told of."""
    return [event.order_list for event in world.events if isinstance(event, ListChanged)]


def done(world: World) -> bool:
    """Whether the last command ended the list."""
    assert (lists(world)[-1].phase is Phase.DONE) is (not world.exchange.snapshot().venues[0].lists)
    return lists(world)[-1].phase is Phase.DONE


def free(world: World, asset: str) -> str:
    return world.balance("user", asset)[0]


def locked(world: World, asset: str) -> str:
    return world.balance("user", asset)[1]


KINDS = (oco, oto, otoco, opo, opoco)
