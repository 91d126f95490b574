"""The table of the design's section 5, row by row, for asks and mirrored for bids."""

from collections.abc import Callable

import pytest

from tests.engine.world import World

Row = tuple[str, Callable[[World], object], Callable[[World], object], str, str, str, str]

# what happens; before; event; asks after; bids after; users' fills; tape
TABLE: tuple[Row, ...] = (
    (
        "a print fills its level in time order",
        lambda world: world.stands("house 5 @100, user 2 @100, house 3 @100"),
        lambda world: world.outside(prints="buy 6 @100"),
        "user 1 @100, house 3 @100",
        "",
        "user 1 @100",
        "outside 5 @100, 1 @100",
    ),
    (
        "a print withdraws the house and fills users at better prices",
        lambda world: world.stands("house 5 @100, user 2 @101, house 4 @102"),
        lambda world: world.outside(prints="buy 3 @102"),
        "house 3 @102",
        "",
        "user 2 @101",
        "2 @101, outside 1 @102",
    ),
    (
        "a smaller ladder shrinks the house before and behind a user alike",
        lambda world: world.stands("house 80 @100, user 10 @100, house 20 @100"),
        lambda world: world.outside(asks="60 @100"),
        "house 48 @100, user 10 @100, house 12 @100",
        "",
        "",
        "",
    ),
    (
        "a ladder fills the users whom it crosses at their price, and this counts as taken",
        lambda world: world.place("user", "buy", 10, 100),
        lambda world: world.outside(asks="4 @99"),
        "",
        "user 6 @100",
        "user 4 @100",
        "4 @100",
    ),
    (
        "half of what a user took is back after a half-life",
        lambda world: (world.outside(asks="50 @100"), world.place("user", "buy", 30, 100)),
        lambda world: world.wait(10).outside(asks="50 @100"),
        "house 35 @100",
        "",
        "",
        "",
    ),
)


@pytest.mark.parametrize("mirrored", [False, True], ids=["asks", "bids"])
@pytest.mark.parametrize(
    ("before", "event", "asks", "bids", "fills", "tape"),
    [row[1:] for row in TABLE],
    ids=[row[0] for row in TABLE],
)
def test_the_outside_trades_as_the_design_says(
    before: Callable[[World], object],
    event: Callable[[World], object],
    asks: str,
    bids: str,
    fills: str,
    tape: str,
    mirrored: bool,
) -> None:
    world = World(mirrored=mirrored)
    before(world)
    event(world)
    assert (asks, bids, fills, tape) == (world.asks(), world.bids(), world.fills(), world.tape())
