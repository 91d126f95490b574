"""The simulation API on a real server: accounts, faucet, market, reset, status, connect, and who may ask."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from hypersim.connect import CLIENTS
from hypersim.testing import Account, ServerProcess, running_server
from tests.e2e.trader import Trader


@pytest.fixture(scope="module")
def manual() -> Iterator[ServerProcess]:
    """An exchange whose outside market is only what a test says."""
    with running_server("--memory", "--fresh", "--feed", "manual", "--rate-limits", "off") as server:
        yield server


def post(server: ServerProcess, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
    answer = httpx.post(f"{server.url}/sim/v1/{path}", json=body, headers=headers)
    return answer.status_code, answer.json()


def refusal(status: int, code: str, message: str, *details: Any) -> tuple[int, Any]:
    return status, {"error": {"code": code, "message": message, "details": list(details)}}


async def test_a_new_account_has_what_it_was_given_and_a_key_that_works(
    hypersim_server: ServerProcess,
) -> None:
    account = hypersim_server.open_account({"USDT": "10000", "BTC": "1", "ETH": "0"}, label="bot")

    assert (64, 64) == (len(account.api_key), len(account.secret))
    async with httpx.AsyncClient() as client:
        trader = Trader(account, client)
        assert {"USDT": ("10000.00000000", "0.00000000"), "BTC": ("1.00000000", "0.00000000")} == (
            await trader.balances()
        )


async def test_key_secret_and_fees_can_be_chosen(hypersim_server: ServerProcess) -> None:
    account = hypersim_server.open_account(
        {"USDT": "1000"}, apiKey="my-key", secretKey="my-secret", fees={"maker": "0", "taker": "0.002"}
    )

    assert ("my-key", "my-secret") == (account.api_key, account.secret)
    async with httpx.AsyncClient() as client:
        shown = await Trader(account, client).done("GET", "/account")
        assert ("0.00000000", "0.00200000") == (
            shown["commissionRates"]["maker"],
            shown["commissionRates"]["taker"],
        )
    assert refusal(409, "duplicate_api_key", "An account has this API key already.") == post(
        hypersim_server, "accounts", {"apiKey": "my-key"}
    )


def test_the_faucet_credits_the_account_of_the_key(hypersim_account: Account) -> None:
    server = hypersim_account.server
    key = {"X-MBX-APIKEY": hypersim_account.api_key}

    assert post(server, "faucet", {"asset": "SOL", "amount": "2.5"}, **key) == (
        200,
        {
            "accountId": hypersim_account.account_id,
            "asset": "SOL",
            "amount": "2.50000000",
            "free": "2.50000000",
            "locked": "0.00000000",
        },
    )
    for body, refused in (
        ({"asset": "XYZ", "amount": "1"}, refusal(404, "no_such_asset", "There is no such asset.")),
        (
            {"asset": "SOL", "amount": "0"},
            refusal(400, "invalid_field", "amount: must be above 0", "amount", "must be above 0"),
        ),
    ):
        assert refused == post(server, "faucet", body, **key)
    assert 401 == post(server, "faucet", {"asset": "SOL", "amount": "1"})[0]
    assert 401 == post(server, "faucet", {"asset": "SOL", "amount": "1"}, **{"X-MBX-APIKEY": "nobody"})[0]


async def test_a_ladder_by_hand_is_the_book_and_fills_what_it_crosses(manual: ServerProcess) -> None:
    account = manual.open_account({"USDT": "10000"})
    moved = manual.move_market("BTC_USDT", bids=[["99", "1"]], asks=[["101", "2"]])
    assert [] == moved["filled"]

    async with httpx.AsyncClient() as client:
        trader = Trader(account, client)
        depth = await trader.public("/depth", symbol="BTCUSDT")
        order = await trader.limit("BUY", "0.5", "100", newClientOrderId="mine")
    assert ([["99.00000000", "1.00000000"]], [["101.00000000", "2.00000000"]]) == (
        depth["bids"],
        depth["asks"],
    )
    moved = manual.move_market("BTCUSDT", bids=[["97", "1"]], asks=[["98", "0.2"]])

    [filled] = moved["filled"]
    assert ("BTCUSDT", account.account_id, order["orderId"], "mine") == (
        moved["symbol"],
        filled["accountId"],
        filled["orderId"],
        filled["clientOrderId"],
    )
    assert ("PARTIALLY_FILLED", "0.20000000") == (filled["status"], filled["executedQty"])
    [fill] = filled["fills"]
    assert ("100.00000000", "0.20000000", "0.00020000", "BTC") == (
        fill["price"],
        fill["qty"],
        fill["commission"],
        fill["commissionAsset"],
    )


async def test_a_print_by_hand_trades_by_price_and_time(manual: ServerProcess) -> None:
    account = manual.open_account({"ETH": "10"})
    manual.move_market("ETHUSDT", bids=[["1999", "1"]], asks=[["2001", "5"]])
    async with httpx.AsyncClient() as client:
        trader = Trader(account, client)
        order = {"symbol": "ETHUSDT", "side": "SELL", "type": "LIMIT", "timeInForce": "GTC", "quantity": "3"}
        await trader.done("POST", "/order", **order, price="2001")

    ahead = manual.move_market("ETHUSDT", print={"side": "BUY", "price": "2001", "quantity": "5"})
    then = manual.move_market("ETHUSDT", print={"side": "BUY", "price": "2001", "quantity": "1"})

    assert [] == ahead["filled"], "the outside stood first"
    assert ["1.00000000"] == [order["executedQty"] for order in then["filled"]]


async def test_a_price_by_hand_fills_what_the_outside_went_through(manual: ServerProcess) -> None:
    account = manual.open_account({"USDT": "100000"})
    manual.move_market("BNBUSDT", price="600")
    async with httpx.AsyncClient() as client:
        order = {"symbol": "BNBUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "1"}
        trader = Trader(account, client)
        await trader.done("POST", "/order", **order, price="550")
        moved = manual.move_market("BNBUSDT", price="540")
        price = await trader.public("/ticker/price", symbol="BNBUSDT")

    assert [("FILLED", "1.00000000")] == [(row["status"], row["executedQty"]) for row in moved["filled"]]
    assert {"symbol": "BNBUSDT", "price": "540.00000000"} == price


@pytest.mark.parametrize(
    ("symbol", "body", "status", "code"),
    [
        ("NOPE", {"price": "1"}, 404, "bad_symbol"),
        ("SOLUSDT", {}, 400, "invalid_field"),
        ("SOLUSDT", {"price": "NaN"}, 400, "invalid_field"),
        ("SOLUSDT", {"price": "0"}, 400, "invalid_field"),
        ("SOLUSDT", {"price": "1", "bids": []}, 400, "invalid_field"),
        ("SOLUSDT", {"bids": [["101", "1"]], "asks": [["100", "1"]]}, 400, "outside_crossed"),
        ("SOLUSDT", {"print": {"side": "HOLD", "price": "1", "quantity": "1"}}, 400, "invalid_field"),
        ("SOLUSDT", {"print": {"side": "BUY", "price": "1", "quantity": "0"}}, 400, "invalid_field"),
        ("SOLUSDT", {"pirce": "1"}, 400, "invalid_field"),
    ],
)
def test_an_update_that_means_nothing_is_refused_and_changes_nothing(
    manual: ServerProcess, symbol: str, body: Any, status: int, code: str
) -> None:
    seen = f"{manual.url}/api/v3/depth?symbol=SOLUSDT"
    before = httpx.get(seen).json()
    answered, answer = post(manual, f"market/{symbol}", body)

    assert (status, code) == (answered, answer["error"]["code"])
    assert before == httpx.get(seen).json()


def test_a_hand_on_the_market_works_beside_a_running_feed(hypersim_server: ServerProcess) -> None:
    before = float(httpx.get(f"{hypersim_server.url}/v1/ticker/price?symbol=XRPUSDT").json()["price"])
    moved = hypersim_server.move_market("XRPUSDT", price=f"{before * 1.5:.4f}")
    after = float(httpx.get(f"{hypersim_server.url}/v1/ticker/price?symbol=XRPUSDT").json()["price"])

    assert "XRPUSDT" == moved["symbol"]
    assert after > before * 1.4


def test_without_an_outside_there_is_nothing_to_move() -> None:
    with running_server("--memory", "--feed", "none") as server:
        assert refusal(
            409,
            "no_outside_here",
            "This exchange has no outside market (feed none): its users trade only with one another.",
        ) == post(server, "market/BTCUSDT", {"price": "1"})


async def test_a_reset_empties_the_world_and_keeps_the_keys() -> None:
    with running_server("--memory", "--feed", "synthetic") as server:
        first, second = server.open_account({"USDT": "5000"}), server.open_account({"BTC": "1"})
        async with httpx.AsyncClient() as client:
            one, two = Trader(first, client), Trader(second, client)
            await one.limit("BUY", "0.01", "20000")
            await one.done("POST", "/order", symbol="BTCUSDT", side="BUY", type="MARKET", quoteOrderQty="100")

            assert 200 == post(server, "reset", {})[0]
            assert {"USDT": ("5000.00000000", "0.00000000")} == await one.balances()
            assert [] == await one.done("GET", "/openOrders")
            assert [] == await one.done("GET", "/allOrders", symbol="BTCUSDT")
            assert [] == await one.done("GET", "/myTrades", symbol="BTCUSDT")

            assert 200 == post(server, "reset", {"balances": {"USDT": "1"}})[0]
            everyone = {"USDT": ("1.00000000", "0.00000000")}
            assert (everyone, everyone) == (await one.balances(), await two.balances())
            book = await one.public("/ticker/bookTicker", symbol="BTCUSDT")
            assert float(book["bidPrice"]) > 0, "the outside is still there"


def test_status_says_what_the_world_is_made_of(hypersim_server: ServerProcess) -> None:
    report = httpx.get(f"{hypersim_server.url}/sim/v1/status").json()
    bitcoin = report["symbols"]["BTCUSDT"]

    assert ("serving", True, 7, "synthetic", None) == (
        report["state"],
        report["open"],
        report["seed"],
        report["feed"]["name"],
        report["feed"]["failure"],
    )
    assert report["durableSequence"] > 0
    assert 0 <= report["feed"]["quoteAgeMs"] < 30_000
    assert ("TRADING", True) == (bitcoin["status"], bitcoin["quoted"])
    assert {"recoveryHalfLifeMs": 10_000, "queueExponent": 1} == bitcoin["realism"]
    assert float(bitcoin["bid"][0]) < float(bitcoin["ask"][0])


def test_connect_prints_a_configuration_for_each_client(hypersim_server: ServerProcess) -> None:
    for client in CLIENTS:
        answer = httpx.get(f"{hypersim_server.url}/sim/v1/connect/{client}")
        assert (200, "text/plain; charset=utf-8") == (answer.status_code, answer.headers["content-type"])
        assert hypersim_server.hostname in answer.text
    unknown = httpx.get(f"{hypersim_server.url}/sim/v1/connect/excel")
    assert (400, "invalid_field") == (unknown.status_code, unknown.json()["error"]["code"])
    assert "ccxt, python-binance" in unknown.json()["error"]["message"]


@pytest.mark.parametrize(
    ("headers", "content", "status", "code"),
    [
        ({"content-type": "text/plain"}, b"{}", 415, "not_json"),
        ({"content-type": "application/x-www-form-urlencoded"}, b"a=b", 415, "not_json"),
        ({}, b"", 415, "not_json"),
        (
            {"content-type": "application/json", "origin": "https://evil.example"},
            b"{}",
            403,
            "forbidden_origin",
        ),
        ({"content-type": "application/json", "host": "evil.example"}, b"{}", 403, "forbidden_origin"),
        ({"content-type": "application/json"}, b"[" * 2_000_000, 413, "body_too_large"),
        ({"content-type": "application/json"}, b"\xff\xfe", 400, "invalid_field"),
        ({"content-type": "application/json"}, b"{", 400, "invalid_field"),
    ],
)
def test_a_write_from_elsewhere_or_in_another_form_is_refused(
    hypersim_server: ServerProcess, headers: dict[str, str], content: bytes, status: int, code: str
) -> None:
    answer = httpx.post(f"{hypersim_server.url}/sim/v1/accounts", content=content, headers=headers)

    assert (status, code) == (answer.status_code, answer.json()["error"]["code"])


@pytest.mark.parametrize(
    ("request_line", "rest", "status"),
    [
        (b"GET /%ff%fe", b"", 404),
        (b"GET /\xff\xfe", b"", 400),
        (b"GET /sim/v1/connect/%ff", b"", 400),
        (b"FOO /", b"", 400),
        (b"GET /" + b"a" * 100_000, b"", 400),
        (b"GET /../../etc/passwd", b"", 404),
        (b"GET /sim/v1/status?%zz=&&&=", b"", 200),
        (b"POST /sim/v1/accounts", b"Content-Type: application/json\r\nContent-Length: abc\r\n", 400),
        (b"POST /sim/v1/accounts", b"Content-Type: application/json\r\nContent-Length: 99999999999\r\n", 413),
        (b"POST /sim/v1/accounts", b"Content-Type:\r\nContent-Length: 0\r\n", 415),
        (
            b"POST /sim/v1/faucet",
            b"X-MBX-APIKEY: \xff\r\nContent-Type: application/json\r\nContent-Length: 0\r\n",
            401,
        ),
    ],
)
def test_nonsense_on_the_wire_is_a_client_error_and_nothing_worse(
    hypersim_server: ServerProcess, request_line: bytes, rest: bytes, status: int
) -> None:
    host, _, port = hypersim_server.hostname.partition(":")
    with socket.create_connection((host, int(port)), timeout=10) as client:
        client.sendall(request_line + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + rest + b"\r\n")
        answered = client.recv(4096).split()

    assert [b"HTTP/1.1", str(status).encode()] == answered[:2]
    assert "Traceback" not in hypersim_server.said


def test_outside_of_open_mode_the_simulation_is_closed_and_trading_is_not() -> None:
    closed = {"HYPERSIM_OPEN": "off", "HYPERSIM_MASTER_KEY": "the key of this test"}
    with running_server("--memory", "--feed", "synthetic", environment=closed) as server:
        assert "apiKey" not in server.ready
        answers = [
            httpx.get(f"{server.url}/sim/v1/status"),
            httpx.post(f"{server.url}/sim/v1/accounts", json={}),
            httpx.post(f"{server.url}/sim/v1/reset", json={}),
        ]
        assert [(403, "admin_only")] * 3 == [(a.status_code, a.json()["error"]["code"]) for a in answers]
        assert 200 == httpx.get(f"{server.url}/v1/ticker/price").status_code
        demo = httpx.get(
            f"{server.url}/v1/account",
            params={"timestamp": "1", "signature": "x"},
            headers={"X-MBX-APIKEY": "test_key_123"},
        )
        assert 400 <= demo.status_code < 500


def test_the_root_and_unknown_paths_name_the_prefixes_to_programs_and_to_people(
    hypersim_server: ServerProcess,
) -> None:
    program = httpx.get(f"{hypersim_server.url}/")
    person = httpx.get(f"{hypersim_server.url}/", headers={"accept": "text/html,application/xhtml+xml"})
    lost = httpx.get(f"{hypersim_server.url}/apiv3/ping")
    lost_person = httpx.get(f"{hypersim_server.url}/<b>", headers={"accept": "text/html"})

    assert {"/v1", "/api/v3", "/sim/v1"} <= set(program.json()["prefixes"])
    assert (200, "text/html; charset=utf-8") == (person.status_code, person.headers["content-type"])
    assert "/sim/v1" in person.text
    assert (404, "unknown_path") == (lost.status_code, lost.json()["error"]["code"])
    assert "/api/v3" in lost.json()["error"]["message"]
    assert (404, True) == (lost_person.status_code, "/sim/v1" in lost_person.text)
    assert "<b>" not in lost_person.text


def test_what_a_client_asks_of_binance_and_is_not_there_has_code_and_sentence(hypersim_server: ServerProcess) -> None:
    lost = httpx.put(f"{hypersim_server.url}/api/v3/orderBook")
    person = httpx.get(f"{hypersim_server.url}/api/v3", headers={"accept": "text/html"})

    assert (404, -1020) == (lost.status_code, lost.json()["code"])
    assert lost.json()["msg"].startswith("This operation is not supported. There is nothing at /api/v3/orderBook")
    assert (404, "text/html; charset=utf-8") == (person.status_code, person.headers["content-type"])


@pytest.mark.parametrize("path", ["/sim/v1/status", "/sim/v1/connect/ccxt", "/health", "/"])
def test_head_is_answered_as_get_is_without_a_body(hypersim_server: ServerProcess, path: str) -> None:
    read, headed = (httpx.request(method, f"{hypersim_server.url}{path}") for method in ("GET", "HEAD"))

    assert (200, read.headers["content-type"], b"") == (
        headed.status_code,
        headed.headers["content-type"],
        headed.content,
    )


def test_a_method_that_a_path_does_not_have_is_405_and_says_which_it_has(
    hypersim_server: ServerProcess,
) -> None:
    answer = httpx.post(f"{hypersim_server.url}/sim/v1/status", json={})

    assert (405, "method_not_allowed") == (answer.status_code, answer.json()["error"]["code"])
    assert "GET" in answer.headers["allow"]


def test_health_is_green_while_it_serves(hypersim_server: ServerProcess) -> None:
    answer = httpx.get(f"{hypersim_server.url}/health")

    assert (200, "green", "serving") == (answer.status_code, answer.json()["status"], answer.json()["state"])


async def test_a_withdrawal_is_ended_by_hand(manual: ServerProcess) -> None:
    account = manual.open_account({"USDT": "100"})
    async with httpx.AsyncClient() as client:
        sapi = Trader(account, client, prefix="/sapi/v1")
        out = {"coin": "USDT", "amount": "60", "address": "0x94df8b352de7f46f64b01d3666bf6e936e44ce60"}
        sent = await sapi.done("POST", "/capital/withdraw/apply", **out)
        path = f"withdrawal/{sent['id']}"
        unknown = refusal(404, "withdrawal_not_found", "No withdrawal with this id is on its way.")
        assert unknown == post(manual, "withdrawal/nobody", {"status": "failed"})
        for body, told in (({"status": "processing"}, "status"), ({}, "status"), ({"statsu": "failed"}, "statsu")):
            status, answer = post(manual, path, body)
            assert (400, "invalid_field") == (status, answer["error"]["code"])
            assert told in str(answer["error"])
        ended = {"id": sent["id"], "accountId": account.account_id, "asset": "USDT"}
        assert (200, ended | {"amount": "59.00000000", "fee": "1.00000000", "status": "failed"}) == (
            post(manual, path, {"status": "failed"})
        )
        assert unknown == post(manual, path, {"status": "completed"})
        assert {"USDT": ("100.00000000", "0.00000000")} == await Trader(account, client).balances()
