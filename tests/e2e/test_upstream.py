"""One exchange as the upstream of another, over real HTTP: what is quoted, traded and remembered there is so here."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ccxt
import httpx
import pytest

from ccxt_adapter import hypersim
from hypersim.testing import Account, ServerProcess, running_server
from tests.e2e.patience import eventually

LEVELS = {
    "bids": [["49990", "2"], ["49980.5", "3"], ["49000", "10"]],
    "asks": [["50010", "1.5"], ["50020", "4"]],
}


@pytest.fixture(scope="module")
def above() -> Iterator[ServerProcess]:
    """The upstream, moved by hand."""
    with running_server("--memory", "--fresh", "--feed", "manual", "--symbols", "BTCUSDT,ETHUSDT") as server:
        server.move_market("BTCUSDT", print={"side": "BUY", "price": "50010", "quantity": "0.5"})
        server.move_market("BTCUSDT", **LEVELS)
        time.sleep(1)  # klines tell nothing of the second in which the one below begins to listen
        yield server


@pytest.fixture(scope="module")
def below(above: ServerProcess) -> Iterator[ServerProcess]:
    """What follows it; AAPL/USDT is not to be had there."""
    with running_server(
        *("--memory", "--fresh", "--feed", "binance", "--symbols", "BTCUSDT,AAPLUSDT"),
        environment={
            "HYPERSIM_BINANCE_API_URL": above.url,
            "HYPERSIM_MARKET_UPDATE_INTERVAL": "200ms",
            "HYPERSIM_UPSTREAM_WEIGHT": "6000",  # so that history is not asked for last, and late
        },
    ) as server:
        yield server


def exchange_of(account: Account) -> ccxt.Exchange:
    return hypersim({"hostname": account.server.hostname, **account.credentials})


def get(server: ServerProcess, path: str) -> Any:
    return httpx.get(server.url + path).json()


def book(server: ServerProcess) -> Any:
    depth = get(server, "/v1/depth?symbol=BTCUSDT")
    return depth["bids"], depth["asks"]


def test_the_book_is_the_upstream_s_level_by_level(above: ServerProcess, below: ServerProcess) -> None:
    eventually(lambda: book(below), book(above))
    above.move_market("BTCUSDT", bids=[["49995", "1"], *LEVELS["bids"]], asks=LEVELS["asks"])
    eventually(lambda: book(below), book(above))
    above.move_market("BTCUSDT", **LEVELS)
    eventually(lambda: book(below), book(above))


def test_one_call_says_whether_a_quote_is_real_and_how_old_it_is(above: ServerProcess, below: ServerProcess) -> None:
    eventually(lambda: get(below, "/sim/v1/market/BTCUSDT")["sight"], "stream")
    made_up, followed = (get(below, f"/sim/v1/market/{symbol}") for symbol in ("AAPLUSDT", "BTCUSDT"))

    assert ("synthetic", None, True) == (made_up["feed"], made_up["sight"], made_up["quoted"])
    assert "binance has no AAPLUSDT, so its prices are made up" == made_up["note"]
    assert ("binance", "stream", True, None) == (
        followed["feed"],
        followed["sight"],
        followed["quoted"],
        followed["note"],
    )
    assert not followed["real"]  # it is Binance's address that makes prices real
    assert 0 <= followed["quoteAgeMs"] < 2000
    source = get(below, "/sim/v1/status")["feed"]["sources"]["binance"]
    assert (above.url, "websocket", 6000) == (
        f"http://{source['host']}",
        source["transport"],
        source["weightPerMinute"],
    )
    assert 0 < source["weightSpent"] <= 6000


def test_what_is_traded_upstream_fills_orders_here_in_their_place_in_the_queue(
    above: ServerProcess, below: ServerProcess
) -> None:
    here = exchange_of(below.open_account())
    eventually(lambda: book(below), book(above))
    order = here.create_order("BTC/USDT", "limit", "sell", 1, 50010)  # behind the 1.5 that stand there
    above.move_market("BTCUSDT", print={"side": "BUY", "price": "50010", "quantity": "1"})
    eventually(lambda: [row["qty"] for row in get(below, "/v1/trades?symbol=BTCUSDT")], ["1.00000000"])
    untouched = here.fetch_order(order["id"], "BTC/USDT")["filled"]
    above.move_market("BTCUSDT", print={"side": "BUY", "price": "50010", "quantity": "0.75"})
    eventually(lambda: here.fetch_order(order["id"], "BTC/USDT")["filled"], 0.25)

    assert 0 == untouched
    here.cancel_order(order["id"], "BTC/USDT")
    above.move_market("BTCUSDT", **LEVELS)
    eventually(lambda: book(below), book(above))


def test_history_begins_with_the_upstream_s_and_counts_nothing_twice(
    above: ServerProcess, below: ServerProcess
) -> None:
    path = "/v1/klines?symbol=BTCUSDT&interval=1d"
    expected = [row[1:6] for row in get(above, path)]
    eventually(lambda: [row[1:6] for row in get(below, path)], expected, of=below)

    def day(server: ServerProcess) -> list[str]:
        shown = get(server, "/v1/ticker/24hr?symbol=BTCUSDT")
        return [shown[name] for name in ("volume", "lastPrice", "highPrice", "lowPrice")]

    eventually(lambda: day(below), day(above), of=below)


def test_another_feed_states_the_jump_before_it_is_made_and_is_kept(above: ServerProcess) -> None:
    with running_server(
        *("--memory", "--fresh", "--symbols", "BTCUSDT"), environment={"HYPERSIM_BINANCE_API_URL": above.url}
    ) as server:
        eventually(lambda: get(server, "/sim/v1/market/BTCUSDT")["bid"], ["49990.00000000", "2.00000000"])
        server.move_market("BTCUSDT", price="40000")
        stated = server.simulate("feed", {"feed": ["synthetic"]})
        unchanged = get(server, "/sim/v1/status")["feed"]["name"]
        server.simulate("feed", {"feed": "manual", "confirm": True})
        server.move_market("BTCUSDT", price="40000")
        by_hand = get(server, "/sim/v1/market/BTCUSDT")
        back = server.simulate("feed", {"feed": "binance"})
        changed = server.simulate("feed", {"feed": "binance", "confirm": True})
        eventually(lambda: get(server, "/sim/v1/market/BTCUSDT")["bid"], ["49990.00000000", "2.00000000"])

    assert ("synthetic", False, "binance") == (stated["feed"], stated["changed"], unchanged)
    assert ["BTCUSDT"] == [jump["symbol"] for jump in stated["jumps"]]
    assert (None, False, "40000.00000000") == (by_hand["feed"], by_hand["real"], by_hand["lastPrice"])
    jump = {"symbol": "BTCUSDT", "feed": "binance", "before": "40000.00000000", "after": "50000.00000000"}
    assert [{**jump, "percent": "+25.000"}] == back["jumps"]
    assert (False, True) == (back["changed"], changed["changed"])


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"feed": "nonsense"}, 400, "invalid_field"),
        ({"feed": "binance,manual"}, 400, "invalid_field"),
        ({"feed": ["binance", "binance"]}, 400, "invalid_field"),
        ({"feed": "ccxt:krakn"}, 400, "invalid_field"),
        ({"feed": 7}, 400, "invalid_field"),
        ({"feed": []}, 400, "invalid_field"),
        ({"feed": ""}, 400, "invalid_field"),
        ({}, 400, "invalid_field"),
        ({"feed": "ccxt:kraken", "confirm": True}, 503, "feed_silent"),
    ],
)
def test_a_feed_that_cannot_be_had_changes_nothing(
    below: ServerProcess, body: dict[str, Any], status: int, code: str
) -> None:
    before = get(below, "/sim/v1/status")["feed"]["name"]
    answer = httpx.post(f"{below.url}/sim/v1/feed", json=body, timeout=20)

    assert (status, code) == (answer.status_code, answer.json()["error"]["code"])
    assert before == get(below, "/sim/v1/status")["feed"]["name"]


@pytest.mark.parametrize(("feed", "stands_in"), [("binance", None), ("binance,synthetic", "synthetic")])
def test_an_upstream_that_goes_away_and_comes_back_is_followed_again(feed: str, stands_in: str | None) -> None:
    with running_server("--memory", "--fresh", "--feed", "manual", "--symbols", "BTCUSDT") as upstream:
        upstream.move_market("BTCUSDT", **LEVELS)
        with running_server(
            *("--memory", "--fresh", "--feed", feed, "--symbols", "BTCUSDT"),
            environment={"HYPERSIM_BINANCE_API_URL": upstream.url, "HYPERSIM_MARKET_UPDATE_INTERVAL": "200ms"},
        ) as server:
            upstream.kill()
            eventually(lambda: get(server, "/sim/v1/status")["feed"]["failure"] is not None, True)
            serving = httpx.get(f"{server.url}/v1/depth?symbol=BTCUSDT").status_code
            if stands_in is not None:
                eventually(lambda: get(server, "/sim/v1/market/BTCUSDT")["feed"], stands_in)
                eventually(lambda: get(server, "/sim/v1/market/BTCUSDT")["quoted"], True)
            meanwhile = get(server, "/sim/v1/status")["feed"]["sources"]
            upstream.start()
            upstream.move_market("BTCUSDT", bids=[["48000", "1"]], asks=[["48010", "1"]])
            eventually(lambda: book(server), ([["48000.00000000", "1.00000000"]], [["48010.00000000", "1.00000000"]]))
            eventually(lambda: get(server, "/sim/v1/status")["feed"]["failure"], None)  # its history's, too
            report = get(server, "/sim/v1/status")["feed"]

    assert 200 == serving
    assert {name: name != "binance" for name in feed.split(",")} == {
        name: source["speaking"] for name, source in meanwhile.items()
    }
    assert report["gaps"] >= 1
    assert {name: name == "binance" for name in feed.split(",")} == {
        name: source["wanted"] for name, source in report["sources"].items()
    }


def test_a_feed_that_somebody_chose_is_kept_over_a_restart_and_a_kill(above: ServerProcess, tmp_path: Path) -> None:
    with running_server(
        *("--symbols", "BTCUSDT", "--database-url", f"sqlite:///{tmp_path / 'x.db'}"),
        environment={"HYPERSIM_BINANCE_API_URL": above.url},
    ) as server:
        begun = get(server, "/sim/v1/status")["feed"]["name"]
        server.simulate("feed", {"feed": "synthetic", "confirm": True})
        server.kill()
        server.start()
        kept = get(server, "/sim/v1/status")["feed"]
        server.simulate("feed", {"feed": "auto", "confirm": True})
        server.restart()
        again = get(server, "/sim/v1/status")["feed"]["name"]

    assert ("binance", "synthetic", "kept: somebody chose it", "binance") == (begun, kept["name"], kept["why"], again)
