"""Feeds in real server processes: one exchange as the upstream of another, and a world that is
opened again.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from hypersim.testing import ServerProcess, running_server

TIMEOUT_S = 30


def asked(server: ServerProcess, path: str, **parameters: str | int) -> Any:
    answer = httpx.get(f"{server.url}{path}", params=parameters, timeout=TIMEOUT_S)
    answer.raise_for_status()
    return answer.json()


def wait_until(condition: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + TIMEOUT_S
    while not condition():
        assert time.monotonic() < deadline_s, "it did not come true"
        time.sleep(0.05)


def touch(server: ServerProcess, symbol: str = "BTCUSDT") -> dict[str, str]:
    found: dict[str, str] = asked(server, "/api/v3/ticker/bookTicker", symbol=symbol)
    return found


@pytest.mark.parametrize("feed", ["binance", "auto"])
def test_another_exchange_is_an_upstream(feed: str) -> None:
    with running_server("--memory", "--fresh", "--feed", "manual") as upstream:
        book = {"bids": [["50000", "3"], ["49990", "1"]], "asks": [["50001", "2"]]}
        upstream.move_market("BTCUSDT", print={"side": "BUY", "price": "50001", "quantity": "0.5"}, **book)
        environment = {
            "HYPERSIM_BINANCE_API_URL": upstream.url,
            "HYPERSIM_MARKET_UPDATE_INTERVAL": "100ms",
            "HYPERSIM_UPSTREAM_WEIGHT": "6000",
            "HYPERSIM_RATE_LIMITS": "off",
        }
        with running_server("--memory", "--fresh", "--feed", feed, environment=environment) as follower:
            assert touch(upstream) == touch(follower)
            assert "50001.00000000" == asked(follower, "/api/v3/ticker/price", symbol="BTCUSDT")["price"]
            status = asked(follower, "/sim/v1/status")
            assert ("binance", None, True) == (
                status["feed"]["name"],
                status["feed"]["failure"],
                status["symbols"]["BTCUSDT"]["quoted"],
            )

            upstream.move_market("BTCUSDT", bids=[["40000", "3"]], asks=[["40001", "2"]])
            wait_until(lambda: touch(upstream) == touch(follower))

            upstream.kill()
            wait_until(lambda: asked(follower, "/sim/v1/status")["feed"]["failure"] is not None)
            assert "40000.00000000" == touch(follower)["bidPrice"]


def test_without_an_upstream_prices_are_made_up_and_it_says_why() -> None:
    environment = {"HYPERSIM_BINANCE_API_URL": "http://127.0.0.1:9"}
    with running_server("--memory", "--fresh", environment=environment) as server:
        feed = asked(server, "/sim/v1/status")["feed"]

        assert ("synthetic", True) == (feed["name"], "127.0.0.1:9 cannot be reached" in feed["why"])
        assert all(float(touch(server, symbol)["bidPrice"]) for symbol in ("BTCUSDT", "ETHBTC", "AAPLUSDT"))


def test_a_world_that_is_opened_again_has_the_same_past_and_goes_on_from_its_prices(tmp_path: Path) -> None:
    arguments = ("--feed", "synthetic", "--seed", "7")
    with running_server(*arguments, folder=str(tmp_path)) as server:
        server.move_market("BTCUSDT", price="123456")
        wait_until(lambda: float(touch(server)["bidPrice"]) > 120_000)
        past = [
            asked(server, "/api/v3/klines", symbol="BTCUSDT", interval=interval, limit=5, endTime=end_ms(server))
            for interval in ("1s", "1m", "1h", "1d", "1M")
        ]
        began_ms = end_ms(server)
        server.restart()
        again = [
            asked(server, "/api/v3/klines", symbol="BTCUSDT", interval=interval, limit=5, endTime=began_ms)
            for interval in ("1s", "1m", "1h", "1d", "1M")
        ]

        assert [bars[:-1] for bars in past] == [bars[:-1] for bars in again]
        assert [5] * 5 == [len(bars) for bars in past]
        assert abs(float(touch(server)["bidPrice"]) / 123_456 - 1) < 0.02


def end_ms(server: ServerProcess) -> int:
    """The second before this world's first trade."""
    [first] = asked(server, "/api/v3/historicalTrades", symbol="BTCUSDT", fromId=1, limit=1)
    return int(first["time"]) // 1000 * 1000 - 1000
