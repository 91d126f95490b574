"""The synthetic feed: what it shows, and that it shows it again."""

import math
import statistics
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from itertools import pairwise

import pytest
from msgspec.structs import replace

from hypersim.clock import MICROSECONDS
from hypersim.engine.commands import OpenAccount, OutsideUpdate, PlaceOrder
from hypersim.engine.events import OrderChanged
from hypersim.engine.market import Market
from hypersim.engine.orders import OrderStatus, OrderType, Side, TimeInForce
from hypersim.feeds.supervisor import FeedSupervisor
from hypersim.feeds.synthetic.feed import SyntheticFeed, trades_per_second
from hypersim.feeds.synthetic.pairs import with_legs
from hypersim.feeds.synthetic.process import SECONDS_OF_DAY
from hypersim.units import AMOUNT_ONE, ONE
from tests.feeds.desk import START_US, Desk, SteppingClock, VirtualClock, fed_by, settle
from tests.feeds.markets import MARKETS, SYNTHETIC
from tests.feeds.tasks import running

STEP_MS = 250


def feed(
    clock: VirtualClock,
    *,
    seed: int = 1,
    step_ms: int = STEP_MS,
    symbols: Sequence[str] = tuple(MARKETS),
    last: Mapping[str, int] | None = None,
) -> SyntheticFeed:
    return SyntheticFeed(
        clock=clock,
        markets=[MARKETS[symbol] for symbol in symbols],
        synthetic=SYNTHETIC,
        seed=seed,
        step_ms=step_ms,
        last_prices=lambda: last or {},
    )


async def watch(made: SyntheticFeed, steps: int, symbols: int = len(MARKETS)) -> dict[str, list[OutsideUpdate]]:
    """The first updates of each symbol."""
    found: dict[str, list[OutsideUpdate]] = {}
    async with aclosing(made.updates()) as updates:
        for _ in range(steps * symbols):
            update = await anext(updates)
            found.setdefault(update.symbol, []).append(update)
    return found


def touch(update: OutsideUpdate) -> tuple[int, int]:
    assert update.ladder is not None
    return update.ladder.bids[0][0], update.ladder.asks[0][0]


def middles(updates: Sequence[OutsideUpdate]) -> list[float]:
    return [sum(touch(update)) / 2 for update in updates]


async def test_the_same_seed_shows_the_same_and_another_seed_something_else() -> None:
    shown, again, other = [await watch(feed(SteppingClock(), seed=seed), 40) for seed in (1, 1, 2)]

    assert shown == again
    assert all(shown[symbol] != other[symbol] for symbol in MARKETS)


async def test_a_market_does_not_depend_on_which_others_are_listed() -> None:
    all_of_them = await watch(feed(SteppingClock()), 40)
    two = await watch(feed(SteppingClock(), symbols=("SOLUSDT", "BTCUSDT")), 40, 2)

    assert {symbol: all_of_them[symbol] for symbol in two} == two


@pytest.mark.parametrize("market", MARKETS.values(), ids=MARKETS)
async def test_everything_shown_is_on_the_grid_and_trades_happen_where_quotes_stood(market: Market) -> None:
    shown = (await watch(feed(SteppingClock()), 400))[market.symbol]
    quoted: dict[Side, dict[int, int]] = {Side.BUY: {}, Side.SELL: {}}
    trades = 0
    for at, update in enumerate(shown):
        ladder = update.ladder
        assert ladder is not None
        assert ladder.full
        assert touch(update)[0] < touch(update)[1]
        assert (ladder.bids[-1][0], ladder.asks[-1][0]) == (ladder.bid_floor, ladder.ask_ceiling)
        for price, size in (*ladder.bids, *ladder.asks):
            assert (0, 0) == (price % market.tick_size, size % market.step_size)
        if at:
            for trade in update.prints:
                resting = quoted[trade.aggressor.opposite]
                assert 0 < trade.quantity <= resting[trade.price], (at, trade)
                resting[trade.price] -= trade.quantity
                # nothing better is passed by
                better = [
                    price
                    for price, size in resting.items()
                    if size and (price < trade.price if trade.aggressor is Side.BUY else price > trade.price)
                ]
                assert [] == better, (at, trade)
                trades += 1
        quoted = {Side.BUY: dict(ladder.bids), Side.SELL: dict(ladder.asks)}
    assert trades > 5


async def test_a_new_world_opens_at_its_prices_with_a_trade_each() -> None:
    for symbol, [opening] in (await watch(feed(SteppingClock()), 1)).items():
        bid, ask = touch(opening)
        [trade] = opening.prints

        assert trade.price in (bid, ask)
        assert abs(trade.price / SYNTHETIC[symbol].price - 1) < 0.001, symbol
        assert START_US == opening.source_time_us


async def test_a_world_that_traded_goes_on_from_its_last_prices_without_a_trade() -> None:
    last = {symbol: 3 * synthetic.price for symbol, synthetic in SYNTHETIC.items()}

    for symbol, [opening] in (await watch(feed(SteppingClock(), last=last), 1)).items():
        assert () == opening.prints
        assert abs(middles([opening])[0] / last[symbol] - 1) < 0.001, symbol


async def test_spreads_volumes_and_moves_are_those_of_the_market() -> None:
    """Forty minutes of each market; days differ, so the bounds are wide."""
    shown = await watch(feed(SteppingClock(), step_ms=1000), 2400)
    of_day = 2400 / SECONDS_OF_DAY
    for symbol, updates in shown.items():
        market, synthetic = MARKETS[symbol], SYNTHETIC[symbol]
        spreads = [(ask - bid) / market.tick_size for bid, ask in map(touch, updates)]
        bps = statistics.fmean(spreads) * market.tick_size / synthetic.price * 10_000
        trades = [trade for update in updates for trade in update.prints]
        rate = len({(update.source_time_us, t.aggressor) for update in updates for t in update.prints})
        volume = sum(trade.quantity for trade in trades) / synthetic.daily_volume / of_day
        minutes = middles(updates)[::60]
        moves = [math.log(after / before) for before, after in pairwise(minutes)]
        volatility = math.sqrt(statistics.fmean(move**2 for move in moves) * 1440)

        assert min(spreads) >= 1
        assert bps < 0.4 or statistics.fmean(spreads) < 1.2, symbol
        assert 0.2 < rate / 2400 / trades_per_second(market, synthetic) < 3, symbol
        assert 0.2 < volume < 5, symbol
        assert 0.2 < volatility / (synthetic.daily_volatility_bps / 10_000) < 4, symbol


async def test_pairs_agree_with_their_legs_within_their_spread() -> None:
    shown = await watch(feed(SteppingClock(), symbols=("ETHBTC", "BTCUSDT", "ETHUSDT")), 1_500, 3)
    tick = MARKETS["ETHBTC"].tick_size
    off_ticks = [
        (cross - eth / btc * ONE) / tick
        for btc, eth, cross in zip(*(middles(shown[s]) for s in ("BTCUSDT", "ETHUSDT", "ETHBTC")), strict=True)
    ]

    assert max(map(abs, off_ticks)) < 3
    assert abs(statistics.fmean(off_ticks)) < 0.5


async def test_a_price_set_by_hand_is_where_the_market_goes_on() -> None:
    made = feed(SteppingClock(), symbols=("BTCUSDT",))
    async with aclosing(made.updates()) as updates:
        await anext(updates)
        made.moved("BTCUSDT", 50_000 * ONE)
        shown = [await anext(updates) for _ in range(2)]

    assert () == shown[0].prints
    assert [True, True] == [abs(middle / (50_000 * ONE) - 1) < 0.001 for middle in middles(shown)]


async def test_a_price_inside_the_spread_moves_nothing() -> None:
    moved, unmoved = feed(SteppingClock()), feed(SteppingClock())
    shown = []
    for made in (moved, unmoved):
        updates = made.updates()
        opening = [await anext(updates) for _ in MARKETS]
        if made is moved:
            made.moved(opening[0].symbol, touch(opening[0])[0])
        shown.append([await anext(updates) for _ in MARKETS])

    assert shown[0] == shown[1]


async def test_an_emptied_world_begins_anew() -> None:
    clock = SteppingClock()
    last = {"BTCUSDT": 3 * ONE}
    made = feed(clock, last=last)
    updates = made.updates()
    for _ in MARKETS:
        await anext(updates)
    last.clear()
    for symbol in MARKETS:
        made.moved(symbol, None)
    anew = [await anext(updates) for _ in MARKETS]
    fresh = await watch(feed(SteppingClock()), 1)

    def without_time(update: OutsideUpdate) -> OutsideUpdate:
        return replace(update, source_time_us=0)

    assert [without_time(fresh[update.symbol][0]) for update in anew] == [without_time(update) for update in anew]


async def test_a_machine_that_slept_is_not_caught_up_with() -> None:
    clock = SteppingClock()
    async with aclosing(feed(clock, symbols=("BTCUSDT",)).updates()) as updates:
        await anext(updates)
        clock.skip(3600)
        shown = [await anext(updates) for _ in range(2)]

    woke_us = START_US + 3600 * MICROSECONDS
    assert [woke_us, woke_us + STEP_MS * 1000] == [update.source_time_us for update in shown]


async def test_right_after_the_start_a_market_order_fills_whole_on_every_market() -> None:
    clock = VirtualClock()
    desk = Desk(clock, MARKETS.values())
    supervisor = FeedSupervisor(ask=desk, clock=clock, sources=fed_by(MARKETS.values(), feed(clock)), seed=1)
    rich = tuple((name, 10**9 * AMOUNT_ONE) for name in desk.exchange.assets)
    await desk(OpenAccount(account_id=1, maker_rate=0, taker_rate=0, balances=rich))
    async with running(supervisor.run()):
        await supervisor.ready()
        for market in MARKETS.values():
            for side in Side:
                quote = 100 * ONE if market.quote == "USDT" else ONE // 100
                order = PlaceOrder(
                    account_id=1,
                    symbol=market.symbol,
                    side=side,
                    type=OrderType.MARKET,
                    time_in_force=TimeInForce.GTC,
                    client_order_id="first",
                    quote_quantity=quote,
                )
                outcome = await desk(order)
                [*_, last] = [event for event in outcome.events if isinstance(event, OrderChanged)]
                assert OrderStatus.FILLED is last.order.status, (market.symbol, side)


async def test_the_book_follows_the_feed() -> None:
    """Through the supervisor and the real exchange: the house is the newest ladder, the tape its trades."""
    clock = VirtualClock()
    desk = Desk(clock, MARKETS.values())
    supervisor = FeedSupervisor(ask=desk, clock=clock, sources=fed_by(MARKETS.values(), feed(clock)), seed=1)
    async with running(supervisor.run()):
        await settle()
        await clock.pass_time(20)
        shown = await watch(feed(SteppingClock()), 81)
        for symbol, updates in shown.items():
            ladder = updates[-1].ladder
            assert ladder is not None
            assert dict(ladder.bids) == desk.house(Side.BUY, symbol)
            assert dict(ladder.asks) == desk.house(Side.SELL, symbol)
            told = [trade for update in desk.updates if update.symbol == symbol for trade in update.prints]
            assert [trade for update in updates for trade in update.prints] == told


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ("ETH/BTC BTC/USDT ETH/USDT", "BTCUSDT ETHUSDT ETHBTC=ETHUSDT/BTCUSDT"),
        ("ETH/BTC BTC/USDT", "ETHBTC BTCUSDT"),
        ("ETH/BTC ETH/USDT BTC/EUR", "ETHBTC ETHUSDT BTCEUR"),
        (
            "BNB/ETH BNB/USDT ETH/BTC ETH/USDT BTC/USDT",
            "BNBUSDT ETHUSDT BTCUSDT BNBETH=BNBUSDT/ETHUSDT ETHBTC=ETHUSDT/BTCUSDT",
        ),
        ("A/B B/C C/A", "AB BC CA"),
        # one another's legs: the first stands for itself
        ("A/B A/C B/C C/B", "BC CB AB AC=AB/CB"),
    ],
)
def test_pairs_follow_their_legs(pairs: str, expected: str) -> None:
    markets = []
    for pair in pairs.split():
        base, _, quote = pair.partition("/")
        markets.append(replace(MARKETS["BTCUSDT"], symbol=base + quote, base=base, quote=quote))

    shown = [
        market.symbol if legs is None else f"{market.symbol}={legs[0]}/{legs[1]}" for market, legs in with_legs(markets)
    ]
    assert expected == " ".join(shown)
