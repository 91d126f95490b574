"""Trailing stops: the scenarios of faqs/trailing-stop-faq.md, and when an order begins to follow the price."""

import pytest

from hypersim.engine.events import Change
from hypersim.engine.orders import OrderType
from hypersim.units import ONE
from tests.engine.world import World, number, plain

STOP_LOSS, STOP_LOSS_LIMIT = OrderType.STOP_LOSS, OrderType.STOP_LOSS_LIMIT
TAKE_PROFIT, TAKE_PROFIT_LIMIT = OrderType.TAKE_PROFIT, OrderType.TAKE_PROFIT_LIMIT


@pytest.fixture(params=[False, True], ids=["sell", "buy"])
def world(request: pytest.FixtureRequest) -> World:
    """The last price is 100."""
    world = World(mirrored=request.param)
    world.outside(prints="buy 1 @100")
    return world


def waits(world: World, name: str) -> bool:
    """Whether a stop order is open and neither on the book nor done."""
    order = world.last(name)
    return order.is_open and not order.working_us


# the scenarios of faqs/trailing-stop-faq.md: type, side; stop price (None: none), delta, limit price;
# prices after the first trade at 40,000, each with what the order does then
SCENARIOS: tuple[tuple[OrderType, str, int | None, int, int, str], ...] = (
    # A
    (
        STOP_LOSS_LIMIT,
        "buy",
        44_000,
        500,
        45_000,
        (
            "37000 waits, 44000 from 44000, 45000 from 44000, 46000 from 44000, 42000 from 42000, 44099.5 from 42000, "
            "44100 works"
        ),
    ),
    # B
    (
        STOP_LOSS_LIMIT,
        "sell",
        39_000,
        1000,
        38_000,
        "41500 waits, 39000 from 39000, 37000 from 39000, 41000 from 41000, 36900.5 from 41000, 36900 works",
    ),
    # C
    (
        TAKE_PROFIT_LIMIT,
        "buy",
        38_000,
        850,
        38_500,
        (
            "42000 waits, 38000 from 38000, 37000 from 37000, 39000 from 37000, 38000 from 37000, 40144.5 from 37000, "
            "40145 works"
        ),
    ),
    # D
    (
        TAKE_PROFIT_LIMIT,
        "sell",
        42_000,
        750,
        41_000,
        (
            "41500 waits, 39000 waits, 42000 from 42000, 45000 from 45000, 44000 from 45000, 46500 from 46500, "
            "43013 from 46500, 43012.5 works"
        ),
    ),
    # E
    (
        STOP_LOSS_LIMIT,
        "sell",
        None,
        700,
        39_000,
        "42000 from 42000, 39500 from 42000, 45500 from 45500, 42315.5 from 45500, 42315 works",
    ),
)


@pytest.mark.parametrize(("order_type", "side", "stop", "delta", "price", "path"), SCENARIOS, ids=list("ABCDE"))
def test_the_trailing_scenarios_of_the_document(
    order_type: OrderType, side: str, stop: int | None, delta: int, price: int, path: str
) -> None:
    world = World(tick_size=number("0.5"))
    world.outside(prints="buy 1 @40000")
    command = world.order("user", side, 1, price, order_type=order_type, delta=delta, name="trailing")
    if stop is not None:
        command = world.order("user", side, 1, price, order_type=order_type, stop=stop, delta=delta, name="trailing")
    world.apply(command)
    actual = []
    for step in path.split(", "):
        traded = step.partition(" ")[0]
        world.wait(1).outside(prints=f"buy 1 @{traded}")
        best = dict(world.exchange.snapshot().venues[0].trails).get(1)
        does = "waits" if waits(world, "trailing") else "works"
        actual.append(f"{traded} {does if best is None else f'from {plain(best)}'}")
    assert path == ", ".join(actual)
    assert f"user 1 @{price}" == (world.bids() if side == "buy" else world.asks())


def test_a_trailing_order_says_since_when_it_follows() -> None:
    world = World()
    world.outside(prints="buy 1 @100")
    at_once = world.place("user", "sell", 1, order_type=STOP_LOSS, delta=500)
    later = world.wait(1).place("user", "sell", 1, order_type=TAKE_PROFIT, stop=110, delta=500, name="later")
    assert (world.time_us - 1_000_000, 0) == (at_once.special.trailing_us, later.special.trailing_us)
    world.wait(1).outside(prints="buy 1 @111")
    (change,) = world.changes()
    assert (Change.FOLLOWING, "later", world.time_us, 0, "NEW") == (
        change.change,
        change.order.client_order_id,
        change.order.special.trailing_us,
        change.order.working_us,
        change.order.status,
    )


def test_a_trailing_order_without_a_last_price_follows_from_the_first_trade() -> None:
    world = World()
    placed = world.place("user", "sell", 1, 80, order_type=STOP_LOSS_LIMIT, delta=500, name="trailing")
    assert 0 == placed.special.trailing_us
    world.outside(prints="buy 1 @100")
    assert ((1, 100 * ONE),) == world.exchange.snapshot().venues[0].trails
    world.outside(prints="buy 1 @95")
    assert "user 1 @80" == world.asks()


def test_a_trade_triggers_plain_stops_before_those_that_it_turned_back_on(world: World) -> None:
    world.outside(bids="9 @80", asks="")
    world.place("user", "sell", 1, order_type=STOP_LOSS, delta=100, name="trailing")
    world.place("user", "sell", 1, order_type=STOP_LOSS, stop=95, name="plain")
    world.outside(prints="sell 1 @90")
    working = [change.order.client_order_id for change in world.changes() if change.change is Change.WORKING]
    assert ["plain", "trailing"] == working
