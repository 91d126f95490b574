"""Amends that keep priority: a quantity goes down, and nothing else (faqs/order_amend_keep_priority.md)."""

import pytest

from hypersim.engine.commands import AmendOrder, CancelOrder
from hypersim.engine.events import Amendment, Change, ListChanged
from hypersim.engine.lists import ListKind, Phase
from hypersim.engine.market import MarketStatus
from hypersim.engine.orders import OrderStatus, OrderType, SelfTradePrevention
from hypersim.errors import Reason
from hypersim.units import ONE
from tests.engine.world import SYMBOL, World, number

LIMIT_MAKER, STOP_LOSS_LIMIT = OrderType.LIMIT_MAKER, OrderType.STOP_LOSS_LIMIT


@pytest.fixture(params=[False, True], ids=["sell", "buy"])
def world(request: pytest.FixtureRequest) -> World:
    return World(mirrored=request.param)


def oco(world: World) -> None:
    """The user sells 5: at 110, or below 90 at 85."""
    world.outside(prints="buy 1 @100")
    world.apply(
        world.listing(
            ListKind.OCO,
            world.order("user", "sell", 5, 85, order_type=STOP_LOSS_LIMIT, stop=90, name="stop"),
            world.order("user", "sell", 5, 110, order_type=LIMIT_MAKER, name="limit"),
        )
    )


def oto(world: World) -> None:
    """The user sells 5 at 100, then buys 4 at 95."""
    world.apply(
        world.listing(
            ListKind.OTO,
            world.order("user", "sell", 5, 100, name="working"),
            world.order("user", "buy", 4, 95, name="pending"),
        )
    )


def test_an_amended_order_keeps_its_place_as_the_document_shows_and_a_replaced_one_does_not(world: World) -> None:
    world.stands("other 1 @100, third 2 @101")
    world.place("user", "sell", 6, 100, name="mine")
    world.place("third", "sell", 4, 100)
    world.apply(world.amending("user", "mine", 5))
    assert "other 1 @100, user 5 @100, third 4 @100, third 2 @101" == world.asks()
    world.apply(world.replacing("user", "mine", world.order("user", "sell", 4, 100)))
    assert "other 1 @100, third 4 @100, user 4 @100, third 2 @101" == world.asks()


def test_what_is_amended_away_is_released() -> None:
    world = World(balances={"BTC": 10, "USDT": 1000})
    world.place("user", "sell", 6, 100, name="sale")
    world.place("user", "buy", 6, 90, name="purchase")
    world.apply(world.amending("user", "sale", 4))
    world.apply(world.amending("user", "purchase", 1))
    assert [("6.00000000", "4.00000000"), ("910.00000000", "90.00000000")] == [
        world.balance("user", "BTC"),
        world.balance("user", "USDT"),
    ]


def test_an_amend_is_told_with_the_quantity_before_and_counted_per_symbol(world: World) -> None:
    placed = world.place("user", "sell", 6, 100, name="mine")
    world.apply(world.amending("user", "mine", 5, "new"))
    world.wait(1).apply(world.amending("user", "new", 3))
    (change,) = world.changes()
    assert (Change.REPLACED, placed.order_id, "new", 3 * ONE, 0, 2, world.time_us, placed.working_us) == (
        change.change,
        change.order.order_id,
        change.order.client_order_id,
        change.order.quantity,
        change.order.executed,
        change.order.special.amends,
        change.order.updated_us,
        change.order.working_us,
    )
    assert Amendment(execution_id=2, before=5 * ONE, client_order_id="new") == change.amendment


def test_an_amended_order_is_found_by_its_new_name_and_the_old_one_is_free(world: World) -> None:
    world.place("user", "sell", 6, 100, name="old")
    world.apply(world.amending("user", "old", 5, "new"))
    world.place("user", "sell", 1, 101, name="old")
    assert Reason.DUPLICATE_ORDER is world.refusal(world.order("user", "sell", 1, 101, name="new"))
    assert 5 * ONE == world.cancel("user", "new").quantity


def test_a_partly_filled_order_is_amended_to_no_less_than_it_has_traded(world: World) -> None:
    world.place("user", "sell", 6, 100, name="mine")
    world.place("other", "buy", 4, 100)
    assert Reason.BAD_QUANTITY is world.refusal(world.amending("user", "mine", 3))
    world.apply(world.amending("user", "mine", 5))
    assert ("user 1 @100", "PARTIALLY_FILLED") == (world.asks(), world.statuses("mine"))
    world.place("other", "buy", 4, 100)
    assert ("", "FILLED", 5 * ONE) == (world.asks(), world.statuses("mine"), world.last("mine").executed)


def test_what_was_prevented_counts_as_gone(world: World) -> None:
    world.place("user", "sell", 6, 100, name="mine")
    world.place("user", "buy", 4, 100, prevention=SelfTradePrevention.DECREMENT)
    assert Reason.BAD_QUANTITY is world.refusal(world.amending("user", "mine", 3))
    world.apply(world.amending("user", "mine", 5))
    assert "user 1 @100" == world.asks()
    world.apply(world.amending("user", "mine", 4))
    assert ("EXPIRED", "") == (world.statuses("mine"), world.asks())


@pytest.mark.parametrize("iceberg", ["0", "2"])
def test_an_order_that_is_amended_to_what_it_has_traded_expires(world: World, iceberg: str) -> None:
    """CHANGELOG of Binance's Spot API documents, 2026-04-02."""
    world.place("user", "sell", 6, 100, name="mine", iceberg=iceberg)
    world.place("other", "buy", 4, 100)
    locked = [world.balance("user", asset)[1] for asset in ("BTC", "USDT")]
    assert ["0.00000000", "0.00000000"] != locked
    world.apply(world.amending("user", "mine", 4, "new"))
    (change,) = world.changes()
    order = change.order
    assert (Change.REPLACED, "new", OrderStatus.EXPIRED, None, 4 * ONE, 4 * ONE, 1) == (
        change.change,
        order.client_order_id,
        order.status,
        order.expiry_reason,
        order.quantity,
        order.executed,
        order.special.amends,
    )
    assert Amendment(execution_id=1, before=6 * ONE, client_order_id="mine") == change.amendment
    assert ["0.00000000", "0.00000000"] == [world.balance("user", asset)[1] for asset in ("BTC", "USDT")]
    assert "" == world.asks()
    assert Reason.UNKNOWN_ORDER is world.refusal(
        CancelOrder(account_id=1, symbol=SYMBOL, client_order_id="new", cancel_id="cancel")
    )


def test_a_working_order_that_is_amended_to_what_it_has_traded_ends_its_list(world: World) -> None:
    oto(world)
    world.place("other", "buy", 2, 100)
    world.apply(world.amending("user", "working", 2, "new"))
    assert "EXPIRED, EXPIRED OTO_PHASE_ONE_EXPIRED" == world.statuses("new", "pending")
    listed = [event.order_list for event in world.events if isinstance(event, ListChanged)]
    assert [("new", Phase.WORKING), ("new", Phase.DONE)] == [(each.orders[0][1], each.phase) for each in listed]


def test_an_order_of_an_oco_that_is_amended_to_what_it_has_lost_ends_the_other_too(world: World) -> None:
    oco(world)
    world.place("user", "buy", 2, 110, prevention=SelfTradePrevention.DECREMENT)
    world.apply(world.amending("user", "stop", 2))
    assert ("EXPIRED OCO_TRIGGER, EXPIRED", "") == (world.statuses("stop", "limit"), world.asks())
    assert not world.exchange.snapshot().venues[0].lists


def test_an_amend_that_breaks_a_filter_for_the_other_order_of_an_oco_is_refused() -> None:
    world = World(min_notional=number(300))
    oco(world)
    assert Reason.FILTER_NOTIONAL is world.refusal(world.amending("user", "limit", 3))  # 330, but 255 for the stop
    world.apply(world.amending("user", "limit", 4))


def test_an_amend_to_less_than_the_other_order_of_an_oco_has_lost_is_refused(world: World) -> None:
    oco(world)
    world.place("user", "buy", 2, 110, prevention=SelfTradePrevention.DECREMENT)
    assert Reason.BAD_QUANTITY is world.refusal(world.amending("user", "stop", 1))
    world.apply(world.amending("user", "stop", 3))
    assert ("user 1 @110", 3 * ONE) == (world.asks(), world.last("stop").leaves)


# quantity of an order of 6, named 'mine' beside one named 'taken'; its new name; why it is refused
REFUSED = (
    ("7", "mine", Reason.AMEND_INCREASES),
    ("6", "mine", Reason.AMEND_CHANGES_NOTHING),
    ("6", "new", Reason.AMEND_CHANGES_NOTHING),
    ("0", "mine", Reason.BAD_QUANTITY),
    ("4.5", "mine", Reason.FILTER_LOT_SIZE),
    ("2", "mine", Reason.FILTER_NOTIONAL),
    ("5", "taken", Reason.DUPLICATE_ORDER),
)


@pytest.mark.parametrize(("quantity", "name", "reason"), REFUSED)
def test_a_bad_amend_is_refused(quantity: str, name: str, reason: Reason) -> None:
    world = World(min_notional=number(300))
    world.place("user", "sell", 6, 100, name="mine")
    world.place("user", "sell", 6, 101, name="taken")
    assert reason is world.refusal(world.amending("user", "mine", quantity, name))


def test_an_order_is_amended_so_often_and_no_more() -> None:
    world = World(max_num_order_amends=2)
    world.place("user", "sell", 6, 100, name="mine")
    world.apply(world.amending("user", "mine", 5))
    world.apply(world.amending("user", "mine", 4))
    assert Reason.FILTER_MAX_NUM_ORDER_AMENDS is world.refusal(world.amending("user", "mine", 3))


def test_only_an_open_order_of_ones_own_is_amended(world: World) -> None:
    placed = world.place("user", "sell", 6, 100, name="mine")
    assert Reason.AMENDED_ORDER_UNKNOWN is world.refusal(world.amending("other", "mine", 5))
    assert Reason.AMENDED_ORDER_UNKNOWN is world.refusal(world.amending("user", "nothing", 5))
    wrong = AmendOrder(
        account_id=1,
        symbol=SYMBOL,
        order_id=placed.order_id,
        client_order_id="nothing",
        new_client_order_id="new",
        quantity=ONE,
    )
    assert Reason.AMENDED_ORDER_UNKNOWN is world.refusal(wrong)
    world.cancel("user", "mine")
    assert Reason.AMENDED_ORDER_UNKNOWN is world.refusal(world.amending("user", "mine", 5))


def test_a_symbol_may_allow_no_amends_and_a_halt_allows_them() -> None:
    world = World()
    world.place("user", "sell", 6, 100, name="mine")
    world.rules(status=MarketStatus.CANCEL_ONLY)
    world.apply(world.amending("user", "mine", 5))
    world.rules(amend_allowed=False)
    assert Reason.AMEND_NOT_SUPPORTED is world.refusal(world.amending("user", "mine", 4))


def test_a_waiting_stop_is_amended_and_waits_on(world: World) -> None:
    world.outside(prints="buy 1 @100")
    world.place("user", "sell", 6, 85, order_type=STOP_LOSS_LIMIT, stop=90, name="stop")
    world.apply(world.amending("user", "stop", 2))
    world.outside(prints="sell 1 @90")
    assert "user 2 @85" == world.asks()


# shown and whole quantity of an iceberg of 3 before; amended to; shown after
ICEBERGS = ((10, 9, "user 3 @100"), (10, 3, "user 3 @100"), (10, 2, "user 2 @100"), (3, 1, "user 1 @100"))


@pytest.mark.parametrize(("before", "amended", "shown"), ICEBERGS)
def test_what_an_iceberg_shows_changes_only_where_it_was_more(
    world: World, before: int, amended: int, shown: str
) -> None:
    world.place("user", "sell", before, 100, iceberg=3, name="mine")
    world.apply(world.amending("user", "mine", amended))
    assert (shown, amended * ONE) == (world.asks(), world.last("mine").leaves)


def test_both_orders_of_an_oco_are_amended_by_an_amend_of_either(world: World) -> None:
    oco(world)
    world.apply(world.amending("user", "limit", 4))
    assert [("REPLACED", "limit"), ("REPLACED", "stop")] == world.story()
    world.apply(world.amending("user", "stop", 3, "renamed"))
    assert [("REPLACED", "renamed"), ("REPLACED", "limit")] == world.story()
    assert ["user 3 @110", "NEW", "NEW"] == [world.asks(), *world.statuses("renamed", "limit").split(", ")]
    (listed,) = [event.order_list for event in world.events if isinstance(event, ListChanged)]
    assert ["renamed", "limit"] == [name for _, name in listed.orders]


def test_an_oco_of_which_one_order_is_over_is_amended_alone(world: World) -> None:
    oco(world)
    world.outside(prints="buy 2 @110")
    assert "EXPIRED OCO_TRIGGER, PARTIALLY_FILLED" == world.statuses("stop", "limit")
    world.apply(world.amending("user", "limit", 4))
    assert ("user 2 @110", [("REPLACED", "limit")]) == (world.asks(), world.story())


def test_the_orders_of_an_oto_are_amended_each_by_itself(world: World) -> None:
    oto(world)
    world.apply(world.amending("user", "pending", 3, "later"))
    world.apply(world.amending("user", "working", 4))
    assert [OrderStatus.PENDING_NEW, OrderStatus.NEW] == [world.last("later").status, world.last("working").status]
    world.place("other", "buy", 4, 100)
    assert ("", "user 3 @95") == (world.asks(), world.bids())


def test_a_pending_iceberg_amended_below_what_it_would_show_shows_all_of_it(world: World) -> None:
    world.apply(
        world.listing(
            ListKind.OTO,
            world.order("user", "sell", 5, 100, name="working"),
            world.order("user", "buy", 6, 95, iceberg=3, name="pending"),
        )
    )
    world.apply(world.amending("user", "pending", 2))
    world.place("other", "buy", 5, 100)
    assert ("NEW", "user 2 @95") == (world.statuses("pending"), world.bids())


def test_what_is_pending_without_a_quantity_cannot_be_amended() -> None:
    world = World()
    world.apply(
        world.listing(
            ListKind.OPO,
            world.order("user", "buy", 5, 100, name="working"),
            world.order("user", "sell", 0, 110, name="pending"),
        )
    )
    assert Reason.AMEND_OF_PAID_ORDER is world.refusal(world.amending("user", "pending", 3))
    world.place("other", "sell", 5, 100)
    world.apply(world.amending("user", "pending", 3))
    assert "user 3 @110" == world.asks()
