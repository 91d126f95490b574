"""What users took of the outside and how it comes back: section 5, 'taken'."""

import math
import random
from typing import Any

import pytest

from hypersim.engine.commands import Advance, Stamped
from hypersim.engine.exchange import Exchange
from hypersim.engine.market import MarketStatus
from hypersim.engine.outside import Taken, still_taken
from tests.engine.world import World


def took(quantity: int, of: int, *, mirrored: bool = False, **rules: Any) -> World:
    """A user took some of what the house has at 100."""
    world = World(mirrored=mirrored, **rules)
    world.outside(asks=f"{of} @100")
    world.place("user", "buy", quantity, 100)
    return world


# half-life in ms (None is never); seconds since; what the house rests of 50 after 30 were taken
RECOVERY: tuple[tuple[int | None, float, str], ...] = (
    (10_000, 0, "house 20 @100"),
    (10_000, 10, "house 35 @100"),
    (10_000, 20, "house 42 @100"),  # 7.5 missing, rounded up
    (10_000, 30, "house 46 @100"),  # 3.75 missing
    (10_000, 100, "house 49 @100"),
    (10_000, 10_000, "house 50 @100"),
    (2_000, 2, "house 35 @100"),
    (0, 0.25, "house 50 @100"),
    (None, 10_000, "house 20 @100"),
)


@pytest.mark.parametrize("mirrored", [False, True], ids=["asks", "bids"])
@pytest.mark.parametrize("by_ladder", [True, False], ids=["ladder", "advance"])
@pytest.mark.parametrize(("half_life_ms", "seconds", "after"), RECOVERY)
def test_what_was_taken_comes_back_by_halves(
    half_life_ms: int | None, seconds: float, after: str, by_ladder: bool, mirrored: bool
) -> None:
    world = took(30, of=50, mirrored=mirrored, recovery_half_life_ms=half_life_ms)
    world.wait(seconds)
    if by_ladder:
        world.outside(asks="50 @100")
    else:
        world.advance()
    assert after == world.asks()


@pytest.mark.parametrize("seed", range(20))
def test_the_decay_follows_the_power_of_two_within_a_64th_of_a_half_life(seed: int) -> None:
    chance = random.Random(seed)
    half_life_ms = chance.choice([1, 64, 1000, 10_000, 12_345])
    amount = chance.randint(1, 10**15)
    before = amount
    for elapsed_us in sorted(chance.randint(0, 20_000 * half_life_ms) for _ in range(200)):
        missing = still_taken(Taken(amount, 7), half_life_ms, 7 + elapsed_us)
        exact = amount * 2.0 ** (-elapsed_us / (half_life_ms * 1000))
        assert exact * (1 - 1e-5) <= missing <= math.ceil(exact * 2 ** (1 / 64) * (1 + 1e-5))
        assert missing <= before
        before = missing


def test_what_comes_back_joins_behind_users() -> None:
    world = took(30, of=50)
    world.place("other", "sell", 5, 100)
    world.advance(10)
    assert "house 20 @100, other 5 @100, house 15 @100" == world.asks()


def test_taking_again_adds_to_what_is_still_missing() -> None:
    world = took(10, of=50)
    world.advance(10)
    world.place("user", "buy", 10, 100)
    world.outside(asks="50 @100")
    assert "house 35 @100" == world.asks()
    world.advance(10)
    assert "house 42 @100" == world.asks()


# what the outside says of the level at once, after 30 of 50 were taken there; what stands
LATER_SIZES: tuple[tuple[str, str], ...] = (
    ("70 @100", "house 40 @100"),
    ("50 @100", "house 20 @100"),
    ("31 @100", "house 1 @100"),
    ("30 @100", ""),
    ("10 @100", ""),
)


@pytest.mark.parametrize(("asks", "after"), LATER_SIZES)
def test_one_outside_size_cannot_be_taken_over_and_over(asks: str, after: str) -> None:
    world = took(30, of=50)
    world.outside(asks=asks)
    assert after == world.asks()


@pytest.mark.parametrize(
    "gone",
    [{"asks": "0 @100"}, {"asks": "", "full": True}, {"asks": "", "asks_to": 99}, {"prints": "buy 1 @101"}],
)
def test_a_level_that_vanishes_outside_forgets_what_was_taken(gone: dict[str, object]) -> None:
    world = took(30, of=50)
    world.outside(**gone)  # type: ignore[arg-type] # each is a part of what an update may say
    world.outside(asks="50 @100")
    assert "house 50 @100" == world.asks()


def test_a_stale_ladder_forgets_what_was_taken() -> None:
    world = took(30, of=50)
    world.outside(asks="", asks_to=None, bids_to=None)
    assert None is world.exchange.next_due()
    world.outside(asks="50 @100")
    assert "house 50 @100" == world.asks()


@pytest.mark.parametrize("mirrored", [False, True], ids=["asks", "bids"])
def test_what_crosses_a_user_comes_back_and_crosses_again(mirrored: bool) -> None:
    world = World(mirrored=mirrored)
    world.place("user", "buy", 10, 100)
    world.outside(asks="4 @99")
    world.outside(asks="4 @99")
    assert "" == world.fills()
    world.advance(10)
    assert ("user 2 @100", "user 4 @100") == (world.fills(), world.bids())
    world.advance(10)
    assert ("user 2 @100", "user 2 @100") == (world.fills(), world.bids())


def test_a_bid_at_a_price_that_was_taken_is_filled_when_the_outside_comes_back() -> None:
    world = took(50, of=50)
    world.place("other", "buy", 30, 100)
    assert ("", "other 30 @100") == (world.asks(), world.bids())
    world.advance(10)
    assert ("", "other 25 @100", "other 5 @100") == (world.asks(), world.fills(), world.bids())


def test_a_print_after_users_took_leaves_both_missing() -> None:
    world = took(30, of=50)
    world.outside(prints="buy 20 @100", asks="30 @100")
    assert "" == world.asks()
    world.advance(10)
    assert "house 15 @100" == world.asks()


def test_nothing_is_due_unless_something_is_to_come_back() -> None:
    world = World()
    world.stands("house 5 @100, user 2 @100")
    assert None is world.exchange.next_due()
    assert None is took(30, of=50, recovery_half_life_ms=None).exchange.next_due()
    assert None is not took(30, of=50).exchange.next_due()


def test_what_is_due_is_due_in_a_restored_exchange_too() -> None:
    world = took(30, of=50)
    restored = Exchange.restore(world.exchange.snapshot())
    restored.apply(Stamped(world.exchange.next_due() or 0, Advance()))
    world.exchange.apply(Stamped(world.exchange.next_due() or 0, Advance()))

    assert restored.next_due() is not None
    assert world.exchange.state_hash() == restored.state_hash()


def test_while_halted_nothing_is_due_and_nothing_comes_back() -> None:
    world = took(30, of=50)
    world.rules(status=MarketStatus.HALT)
    assert (None, []) == (world.exchange.next_due(), world.advance(10))
    world.rules(status=MarketStatus.TRADING)
    assert "house 35 @100" == world.asks()


def test_whoever_advances_when_it_is_due_comes_to_an_end_and_all_is_back() -> None:
    world = took(30, of=50, recovery_half_life_ms=1000)
    times = []
    while (due_us := world.exchange.next_due()) is not None:
        world.time_us = max(world.time_us, due_us)
        world.apply(Advance())
        times.append(world.time_us)
    assert "house 50 @100" == world.asks()
    assert sorted(set(times)) == times
    assert times[-1] - times[0] <= 65_000_000


@pytest.mark.parametrize("half_life_ms", [0, 1, 10_000])
def test_a_ladder_is_not_needed_for_something_to_come_back_soon(half_life_ms: int) -> None:
    world = took(30, of=50, recovery_half_life_ms=half_life_ms)
    world.wait(3600)
    world.place("user", "buy", 10, 100)
    due_us = world.exchange.next_due()
    assert due_us is not None
    assert due_us <= world.time_us + 1_000_000


def test_advancing_when_nothing_is_due_changes_nothing() -> None:
    world = World()
    world.stands("house 5 @100, user 2 @100")
    before = world.exchange.state_hash()
    assert [] == world.advance(3600)
    assert before == world.exchange.state_hash()


@pytest.mark.parametrize("seconds", [0.0, 0.1, 0.249, 0.25, 1.0, 10.0])
def test_a_restored_exchange_lets_the_same_come_back_at_the_same_time(seconds: float) -> None:
    world = took(5000, of=9000)
    world.advance(3)
    restored = Exchange.restore(world.exchange.snapshot())
    expected = world.advance(seconds)
    assert expected == restored.apply(Stamped(world.time_us, Advance()))
    assert world.exchange.state_hash() == restored.state_hash()
