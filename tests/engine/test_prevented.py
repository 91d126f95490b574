"""The scenarios of faqs/stp_faq.md, each with its whole outcome: orders, prevented matches, money."""

import pytest

from hypersim.engine.events import Change, Event, MatchPrevented
from hypersim.engine.orders import SelfTradePrevention, TimeInForce
from tests.engine.world import World, number, plain

NONE, TAKER = SelfTradePrevention.NONE, SelfTradePrevention.EXPIRE_TAKER
MAKER, BOTH = SelfTradePrevention.EXPIRE_MAKER, SelfTradePrevention.EXPIRE_BOTH
DECREMENT, TRANSFER = SelfTradePrevention.DECREMENT, SelfTradePrevention.TRANSFER
Makers = tuple[tuple[str, str, SelfTradePrevention], ...]
THREE: Makers = (("1.2", "1.2", NONE), ("1.3", "1.1", NONE), ("8.1", "1", NONE))
ONE_AT_ONE: Makers = (("1", "1", NONE),)

# makers to buy: quantity, price, mode; the taker to sell: quantity, price (None: at market), mode;
# each order as 'status executed/prevented of its match', makers first;
# the matches as 'maker price taker-prevented/maker-prevented'; what rests; what the account has locked
SCENARIOS: tuple[
    tuple[Makers, tuple[str, str | None, SelfTradePrevention], str, str, str, tuple[str, str]],
    ...,
] = (
    # A
    (ONE_AT_ONE, ("1", "1", NONE), "FILLED 1/0 of -, FILLED 1/0 of -", "", " | ", ("0", "0")),
    # B
    (
        THREE,
        ("3", "1", MAKER),
        ("EXPIRED_IN_MATCH 0/1.2 of 0, EXPIRED_IN_MATCH 0/1.3 of 1, EXPIRED_IN_MATCH 0/8.1 of 2, NEW 0/0 of -"),
        "1 @1.2 0/1.2, 2 @1.1 0/1.3, 3 @1 0/8.1",
        " | user 3 @1",
        ("0", "3"),
    ),
    # C
    (
        THREE,
        ("3", "1", TAKER),
        "NEW 0/0 of -, NEW 0/0 of -, NEW 0/0 of -, EXPIRED_IN_MATCH 0/3 of 0",
        "1 @1.2 3/0",
        "user 1.2 @1.2, user 1.3 @1.1, user 8.1 @1 | ",
        ("10.97", "0"),
    ),
    # D
    (
        ONE_AT_ONE,
        ("3", "1", BOTH),
        "EXPIRED_IN_MATCH 0/1 of 0, EXPIRED_IN_MATCH 0/3 of 0",
        "1 @1 3/1",
        " | ",
        ("0", "0"),
    ),
    # E
    (
        (("1", "1", MAKER),),
        ("1", "1", TAKER),
        "NEW 0/0 of -, EXPIRED_IN_MATCH 0/1 of 0",
        "1 @1 1/0",
        "user 1 @1 | ",
        ("1", "0"),
    ),
    # F
    (
        ONE_AT_ONE,
        ("1", None, MAKER),
        "EXPIRED_IN_MATCH 0/1 of 0, EXPIRED INSUFFICIENT_LIQUIDITY 0/0 of -",
        "1 @1 0/1",
        " | ",
        ("0", "0"),
    ),
    # G
    (
        (("6", "2", NONE),),
        ("2", "2", DECREMENT),
        "NEW 0/2 of 0, EXPIRED_IN_MATCH 0/2 of 0",
        "1 @2 2/2",
        "user 4 @2 | ",
        ("8", "0"),
    ),
    # H, of one account, between whose orders nothing is transferred
    (
        (("0.6", "0.2", TRANSFER),),
        ("0.2", "0.2", TRANSFER),
        "NEW 0/0.2 of 0, EXPIRED_IN_MATCH 0/0.2 of 0",
        "1 @0.2 0.2/0.2",
        "user 0.4 @0.2 | ",
        ("0.08", "0"),
    ),
    # and beyond the document: the larger taker goes on, equal ones end together
    (
        (("6", "2", NONE),),
        ("9", "2", DECREMENT),
        "EXPIRED_IN_MATCH 0/6 of 0, NEW 0/6 of 0",
        "1 @2 6/6",
        " | user 3 @2",
        ("0", "3"),
    ),
    (
        (("6", "2", NONE),),
        ("6", "2", DECREMENT),
        "EXPIRED_IN_MATCH 0/6 of 0, EXPIRED_IN_MATCH 0/6 of 0",
        "1 @2 6/6",
        " | ",
        ("0", "0"),
    ),
    (
        (("2", "2", NONE), ("3", "1", BOTH)),
        ("4", "1", TRANSFER),
        "EXPIRED_IN_MATCH 0/2 of 0, NEW 0/2 of 1, EXPIRED_IN_MATCH 0/4 of 1",
        "1 @2 2/2, 2 @1 2/2",
        "user 1 @1 | ",
        ("1", "0"),
    ),
    (
        (("2", "2", NONE),),
        ("4", None, DECREMENT),
        "EXPIRED_IN_MATCH 0/2 of 0, EXPIRED INSUFFICIENT_LIQUIDITY 0/2 of 0",
        "1 @2 2/2",
        " | ",
        ("0", "0"),
    ),
)


def told(events: list[Event]) -> str:
    """The prevented matches of a command."""
    return ", ".join(
        f"{event.maker_order_id} @{plain(event.price)} {plain(event.taker_prevented)}/{plain(event.maker_prevented)}"
        for event in events
        if isinstance(event, MatchPrevented)
    )


@pytest.mark.parametrize(
    ("makers", "taker", "orders", "matches", "rests", "locked"),
    SCENARIOS,
    ids=[*"ABCDEFGH", "larger", "equal", "several", "market"],
)
def test_the_scenarios_of_the_document(
    makers: Makers,
    taker: tuple[str, str | None, SelfTradePrevention],
    orders: str,
    matches: str,
    rests: str,
    locked: tuple[str, str],
) -> None:
    cent = number("0.1")
    world = World(fee_rate=0, tick_size=cent, step_size=cent, min_price=cent, min_quantity=cent)
    before = [world.balance("user", asset)[0] for asset in ("USDT", "BTC")]
    names = []
    for quantity, price, mode in makers:
        names.append(world.place("user", "buy", quantity, price, prevention=mode).client_order_id)
    sold, limit, mode = taker
    names.append(world.wait(1).place("user", "sell", sold, limit, prevention=mode).client_order_id)
    actual = []
    for name in names:
        order, number_of = world.last(name), world.last(name).special.prevented_match_id
        status = " ".join(filter(None, (order.status, order.expiry_reason)))
        match = "-" if number_of is None else number_of
        actual.append(f"{status} {plain(order.executed)}/{plain(order.prevented)} of {match}")
    assert (orders, matches, rests) == (
        ", ".join(actual),
        told(world.events),
        f"{world.bids()} | {world.asks()}",
    )
    held = [world.balance("user", asset) for asset in ("USDT", "BTC")]
    assert [number(amount) for amount in locked] == [number(locked) for _, locked in held]
    assert [number(amount) for amount in before] == [number(free) + number(locked) for free, locked in held]


def test_a_decrement_is_told_of_both_orders_after_the_match_and_in_the_order_of_the_queue() -> None:
    world = World()
    world.place("user", "sell", 5, 100, name="own")
    world.place("other", "sell", 5, 100, name="other's")
    world.place("user", "buy", 7, 100, prevention=DECREMENT, name="taker")
    expected = [
        ("NEW", "taker"),
        ("TRADE_PREVENTION", "own"),
        ("TRADE_PREVENTION", "taker"),
        ("TRADE", "other's"),
        ("TRADE", "taker"),
    ]
    assert expected == world.story()
    assert ("FILLED", number(2), number(5)) == (
        world.last("taker").status,
        world.last("taker").executed,
        world.last("taker").prevented,
    )


def test_a_lowered_maker_keeps_its_place_and_may_still_be_filled() -> None:
    world = World()
    world.place("user", "sell", 5, 100, name="own")
    world.place("other", "sell", 5, 100)
    world.place("user", "buy", 2, 100, prevention=DECREMENT)
    assert ("user 3 @100, other 5 @100", Change.TRADE_PREVENTION, "NEW") == (
        world.asks(),
        world.changes()[1].change,
        world.last("own").status,
    )
    world.place("third", "buy", 3, 100)
    assert ("FILLED", number(3)) == (world.last("own").status, world.last("own").executed)


def test_prevented_matches_are_numbered_per_symbol_from_0_also_after_a_snapshot() -> None:
    world = World()
    for _ in range(2):
        world.place("user", "sell", 1, 100)
        world.place("user", "buy", 1, 100, prevention=BOTH)
        world.exchange = type(world.exchange).restore(world.exchange.snapshot())
    numbers = [event.prevented_match_id for event in world.happened if isinstance(event, MatchPrevented)]
    assert [0, 1] == numbers


# mode; what becomes of a taker by amount that meets but its own, and of the maker; the taker's quantity
BY_AMOUNT = (
    (TAKER, "EXPIRED_IN_MATCH, NEW", "0 @100 5/0", "user 2 @100"),
    (MAKER, "EXPIRED INSUFFICIENT_LIQUIDITY, EXPIRED_IN_MATCH", "0 @100 0/2", ""),
    (BOTH, "EXPIRED_IN_MATCH, EXPIRED_IN_MATCH", "0 @100 5/2", ""),
    (DECREMENT, "EXPIRED INSUFFICIENT_LIQUIDITY, EXPIRED_IN_MATCH", "0 @100 2/2", ""),
    (TRANSFER, "EXPIRED INSUFFICIENT_LIQUIDITY, EXPIRED_IN_MATCH", "0 @100 2/2", ""),
)


@pytest.mark.parametrize(("mode", "statuses", "match", "asks"), BY_AMOUNT)
def test_an_order_by_amount_that_meets_only_its_own_goes_on_as_one_by_quantity(
    mode: SelfTradePrevention, statuses: str, match: str, asks: str
) -> None:
    happened = []
    for quantity, quote in ((5, 0), (0, 500)):
        world = World()
        world.place("user", "sell", 2, 100, name="own")
        order = world.place("user", "buy", quantity, quote=quote, prevention=mode, name="taker")
        happened.append((world.statuses("taker", "own"), told(world.events), world.asks(), order.quantity))
    assert [(statuses, match.replace("0", "1", 1), asks, number(5))] * 2 == happened


@pytest.mark.parametrize("mode", [TAKER, BOTH, DECREMENT, TRANSFER])
def test_nothing_is_prevented_where_all_or_nothing_is_nothing(mode: SelfTradePrevention) -> None:
    """The FAQ does not say so: that an order which trades nothing at all meets nobody is what this exchange claims."""
    world = World()
    world.place("user", "sell", 5, 100, name="own")
    order = world.place("user", "buy", 5, 100, tif=TimeInForce.FOK, prevention=mode, name="taker")
    assert ("EXPIRED UNFILLED_FOK_ORDER_EXPIRED, NEW", "", 0) == (
        world.statuses("taker", "own"),
        told(world.events),
        order.prevented,
    )


def test_prevention_by_amount_counts_what_was_taken_out_as_spent() -> None:
    world = World()
    world.stands("user 2 @100, house 9 @150")
    order = world.place("user", "buy", quote=500, prevention=DECREMENT)
    assert ("FILLED", "2 @150", number(2), number(2)) == (
        order.status,
        world.tape(),
        order.executed,
        order.prevented,
    )
