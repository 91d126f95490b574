"""Price paths over HTTP: prices go where somebody sends them; what that fills; and that it outlives the process."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from ccxt_adapter import hypersim
from hypersim.testing import ServerProcess, running_server
from tests.e2e.patience import eventually


@pytest.fixture(scope="module")
def server() -> Iterator[ServerProcess]:
    with running_server() as running:
        yield running


def market(server: ServerProcess, symbol: str = "BTCUSDT") -> Any:
    return httpx.get(f"{server.url}/sim/v1/market/{symbol}").json()


def cancel(server: ServerProcess, symbol: str = "BTCUSDT") -> httpx.Response:
    return httpx.delete(f"{server.url}/sim/v1/market/{symbol}/path")


def test_a_path_fills_what_it_reaches_once_and_says_so_and_the_feed_s_prices_come_back(server: ServerProcess) -> None:
    account = server.open_account()
    exchange = hypersim({"hostname": server.hostname, **account.credentials})
    price = float(market(server)["bid"][0])
    order = exchange.create_order("BTC/USDT", "limit", "buy", 0.01, round(price * 0.96, 2))

    begun = server.move_market("BTCUSDT", path="-5% in 1s, hold 1m")
    eventually(lambda: exchange.fetch_order(order["id"], "BTC/USDT")["status"], "closed")
    eventually(lambda: market(server)["path"]["factor"], "0.95000000")
    bent = market(server)
    listed = httpx.get(f"{server.url}/sim/v1/status").json()["symbols"]["BTCUSDT"]["path"]
    cancelled = cancel(server).json()
    eventually(lambda: abs(float(market(server)["bid"][0]) / price - 1) < 0.01, True)

    assert ([], "-5% in 1s, hold 1m", False) == (begun["filled"], begun["path"]["text"], begun["path"]["done"])
    assert (True, False) == (abs(float(bent["bid"][0]) / price - 0.95) < 0.01, bent["real"])
    filled = [(row["accountId"], row["orderId"], row["status"], row["executedQty"]) for row in bent["filled"]]
    assert [(account.account_id, int(order["id"]), "FILLED", "0.01000000")] == filled
    assert filled == [
        (row["accountId"], row["orderId"], row["status"], row["executedQty"]) for row in cancelled["filled"]
    ]
    assert ("-5% in 1s, hold 1m", 1) == (listed["text"], listed["filledOrders"])
    assert (404, "no_price_path", None) == (
        cancel(server).status_code,
        cancel(server).json()["error"]["code"],
        market(server)["path"],
    )


@pytest.mark.parametrize(
    ("body", "status", "sentence"),
    [
        ({"path": "up"}, 400, "path: leg 1, 'up', is not like '-10% in 30s', '+5%', 'hold 10s' or 'back in 1m'"),
        ({"path": "-5%", "price": "1"}, 400, "path: comes alone"),
        ({"path": ""}, 400, None),
        ({"path": 5}, 400, None),
        ({"path": "-100%"}, 400, None),
        ({"path": "+5% in 400h"}, 400, None),
    ],
)
def test_a_path_that_cannot_be_is_refused_and_moves_nothing(
    server: ServerProcess, body: dict[str, Any], status: int, sentence: str | None
) -> None:
    answer = httpx.post(f"{server.url}/sim/v1/market/ETHUSDT", json=body)
    message = answer.json()["error"]["message"]

    assert status == answer.status_code
    assert message.startswith("path") if sentence is None else sentence == message
    assert market(server, "ETHUSDT")["path"] is None


def test_a_path_goes_on_where_it_would_be_by_now_when_the_exchange_was_killed(tmp_path: Path) -> None:
    with running_server("--feed", "synthetic", "--database-url", f"sqlite:///{tmp_path / 'x.db'}") as server:
        price = float(market(server)["bid"][0])
        server.move_market("BTCUSDT", path="-20%, +10% in 1s")
        eventually(lambda: market(server)["path"]["factor"], "0.88000000")
        server.kill()
        server.start()
        after = market(server)
        server.simulate("reset", {})
        anew = market(server)

    assert ("0.88000000", True) == (after["path"]["factor"], abs(float(after["bid"][0]) / price - 0.88) < 0.01)
    assert (None, True) == (anew["path"], abs(float(anew["bid"][0]) / price - 1) < 0.01)
