"""From the small Kraken through the supervisor into the real exchange."""

from __future__ import annotations

import asyncio

from hypersim.engine.orders import Side
from hypersim.feeds.supervisor import FeedSupervisor
from hypersim.units import parse
from tests.feeds.desk import Desk, VirtualClock, fed_by
from tests.feeds.markets import MARKETS
from tests.feeds.tasks import running, until
from tests.feeds.via_ccxt.kraken import Kraken
from tests.feeds.via_ccxt.rig import OURS, WATCHED, Rig


async def test_the_exchange_s_book_is_the_one_there_and_after_a_failure_again(kraken: Kraken) -> None:
    markets = [MARKETS[symbol] for symbol in OURS]
    desk = Desk(VirtualClock(), markets)
    rig = Rig(kraken, ["BTCUSDT"], config=WATCHED, traded=())
    supervisor = FeedSupervisor(ask=desk, clock=rig.clock, sources=fed_by(markets, rig.feed), seed=1)
    desk.listeners.append(supervisor.fold)
    async with running(supervisor.run()), asyncio.timeout(10):
        await supervisor.ready()
        before = desk.house(Side.BUY, "BTCUSDT"), desk.exchange.venues["BTCUSDT"].last_price
        await until(lambda: rig.feed.report().transport == "websocket")
        kraken.trade("BTC/USD", "60000.0", "0.5", "sell")
        kraken.lay("BTC/USD", {"60000.0": "1"}, {})
        await until(lambda: desk.house(Side.BUY, "BTCUSDT")[parse("60000")] == parse("1"))
        pushed = desk.exchange.venues["BTCUSDT"].last_price
        kraken.misbehave = lambda _: (503, {}, b"")
        await until(lambda: supervisor.status().failure is not None)
        kraken.lay("BTC/USD", {"60000.0": "7"}, {})
        kraken.misbehave = lambda _: None
        await until(lambda: desk.house(Side.BUY, "BTCUSDT")[parse("60000")] == parse("7"))
        await until(lambda: supervisor.status().failure is None)

    assert ({parse("60000"): parse("1.5"), parse("59999.9"): parse("2")}, parse("60000.1")) == before
    assert parse("60000") == pushed
    assert 1 == supervisor.status().symbols["BTCUSDT"].gaps
