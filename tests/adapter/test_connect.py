"""`hypersim connect`: each text is run by the client it is for, under a guard."""

from __future__ import annotations

import ast
import asyncio
import inspect
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import ccxt
import ccxt.pro
import pytest
from binance import BinanceSocketManager, Client
from binance.base_client import BaseClient
from binance.exceptions import BinanceAPIException, BinanceRegionException

from hypersim.connect import CLIENTS, UnknownClientError, configuration
from hypersim.signed_curl import by_secret
from tests.adapter.calls import implicit_calls
from tests.adapter.guard import Guard
from tests.adapter.listener import SERVER_TIME_MS, echoing, listening

KEY, SECRET = "test_key_123", "test_secret_456"

UNCALLABLE = (AttributeError, BinanceRegionException, LookupError, TypeError, ValueError)
"""What python-binance raises for arguments that it does not understand, and for binance.us alone."""


@pytest.fixture
def here(listener: tuple[str, int]) -> str:
    """The listener's host and port."""
    host, port = listener
    return f"{host}:{port}"


def text(client: str, here: str) -> str:
    return configuration(client, base_url=f"http://{here}/", api_key=KEY, secret_key=SECRET)


def hosts(value: Any) -> Iterator[str]:
    """The host of every address in a nest of dictionaries, lists and texts."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from hosts(inner)
    elif isinstance(value, str):
        yield from re.findall(r"\b(?:https?|wss?)://([^/\s\"']*)", value)


@pytest.fixture
def ccxt_config(here: str) -> dict[str, Any]:
    """What the text for ccxt passes to the class."""
    names: dict[str, Any] = {}
    exec(text("ccxt", here), names)  # noqa: S102 - it is ours, and this is what its reader does with it
    exchange = names["exchange"]
    assert type(exchange) is ccxt.binance
    urls = {world: exchange.urls[world] for world in ("api", "test", "demo")}
    return {"apiKey": exchange.apiKey, "secret": exchange.secret, "urls": urls, "options": exchange.options}


@pytest.mark.parametrize("client", CLIENTS)
def test_no_text_names_another_host(client: str, here: str) -> None:
    assert {here} == set(hosts(text(client, here)))


@pytest.mark.parametrize("client", CLIENTS)
def test_every_text_has_the_keys_and_ends_its_last_line(client: str, here: str) -> None:
    written = text(client, here)

    assert KEY in written
    assert SECRET in written
    assert written.endswith("\n")
    assert not written.endswith("\n\n")


@pytest.mark.parametrize("client", ["ccxt", "python-binance", "binance-connector", "binance-sdk-spot", "nautilus"])
def test_what_is_meant_for_python_is_python_whatever_the_keys(client: str) -> None:
    strange = "a\"b\\c'd\n{e}"
    written = configuration(client, base_url="https://sim.example", api_key=strange, secret_key="")

    literals = {node.value for node in ast.walk(ast.parse(written)) if isinstance(node, ast.Constant)}
    assert strange in literals
    assert "wss://sim.example" in {str(literal)[: len("wss://sim.example")] for literal in literals}


def test_an_unknown_client_is_told_the_known_ones() -> None:
    with pytest.raises(UnknownClientError) as raised:
        configuration("hummingbot", base_url="http://127.0.0.1:8080", api_key="", secret_key="")

    assert f"no configuration for 'hummingbot'; there is one for {', '.join(CLIENTS)}" == str(raised.value)


@pytest.mark.parametrize("make", [ccxt.binance, ccxt.pro.binance])
async def test_ccxt_keeps_no_address_of_binance(make: Any, ccxt_config: dict[str, Any], here: str) -> None:
    exchange = make(ccxt_config)
    worlds = {world: exchange.urls[world] for world in ("api", "test", "demo")}
    if make is ccxt.pro.binance:
        await exchange.close()

    assert {here} == set(hosts(worlds))


@pytest.mark.parametrize("world", ["live", "sandbox", "demo"])
def test_every_call_of_plain_ccxt_arrives_here(
    ccxt_config: dict[str, Any], guard: Guard, listener: tuple[str, int], world: str
) -> None:
    exchange = ccxt.binance(ccxt_config | {"enableRateLimit": False})
    if world == "sandbox":
        exchange.set_sandbox_mode(True)
    if world == "demo":
        exchange.enable_demo_trading(True)
    assert ["BTC/USDT"] == list(exchange.load_markets())
    outcomes = set()
    for name in implicit_calls().values():
        try:
            getattr(exchange, name)()
        except ccxt.BaseError as error:
            outcomes.add(type(error).__name__)
    exchange.session.close()

    assert {"BadSymbol"} == outcomes
    assert {listener} == set(guard.reached)


@pytest.fixture
def python_binance(monkeypatch: pytest.MonkeyPatch, here: str, guard: Guard) -> Iterator[Client]:
    """The client that the text for python-binance makes; its classes are as before afterwards."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)  # it takes the current one, or makes one and leaves it open
    for holder in (BaseClient, BinanceSocketManager):
        for name in vars(holder):
            if name.endswith("_URL"):
                monkeypatch.setattr(holder, name, getattr(holder, name))
    names: dict[str, Any] = {}
    exec(text("python-binance", here), names)  # noqa: S102 - it is ours, and this is what its reader does with it
    client = names["client"]
    assert type(client) is Client
    yield client
    client.close_connection()
    asyncio.set_event_loop(None)
    loop.close()


def test_python_binance_keeps_no_address_of_binance(python_binance: Client, here: str) -> None:
    addresses = {
        f"{type(holder).__name__}.{name}": getattr(holder, name)
        for holder in (python_binance, BinanceSocketManager(python_binance))
        for name in dir(holder)
        if name.endswith("_URL")
    }
    addresses["ws_api"] = python_binance.ws_api._url
    addresses["ws_future"] = python_binance.ws_future._url

    assert {name: [here] for name in addresses} == {name: list(hosts(url)) for name, url in addresses.items()}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of calls that Binance will drop
def test_every_call_of_python_binance_arrives_here(
    python_binance: Client, guard: Guard, listener: tuple[str, int]
) -> None:
    refused, called = 0, 0
    for name, method in inspect.getmembers(python_binance, inspect.ismethod):
        if name.startswith(("_", "ws_", "close_connection")):
            continue
        needed = [
            "1"
            for parameter in inspect.signature(method).parameters.values()
            if parameter.default is parameter.empty and parameter.kind is parameter.POSITIONAL_OR_KEYWORD
        ]
        called += 1
        try:
            method(*needed)
        except BinanceAPIException as error:
            refused += error.code == -1121
        except UNCALLABLE:
            continue

    assert refused > 0.95 * called
    assert {listener} == set(guard.reached)


def test_freqtrades_ccxt_arrives_here(here: str, guard: Guard) -> None:
    settings = json.loads(text("freqtrade", here))
    exchange = settings["exchange"]
    client = ccxt.binance(
        {"apiKey": exchange["key"], "secret": exchange["secret"], "enableRateLimit": False} | exchange["ccxt_config"]
    )
    worlds = {world: client.urls[world] for world in ("api", "test", "demo")}
    markets = client.load_markets()
    client.session.close()

    assert {here} == set(hosts(worlds))
    assert ["BTC/USDT"] == list(markets)


def test_freqtrade_trades_for_real_here_and_downloads_nothing_elsewhere(here: str) -> None:
    settings = json.loads(text("freqtrade", here))
    exchange = settings["exchange"]

    assert (False, "spot") == (settings["dry_run"], settings["trading_mode"])
    assert ("binance", KEY, SECRET) == (exchange["name"], exchange["key"], exchange["secret"])
    assert exchange["only_from_ccxt"] is True
    assert settings["order_types"]["stoploss_on_exchange"] is True


def test_nautilus_is_given_names_that_its_configurations_have(here: str) -> None:
    passed = {
        ast.unparse(call.func): sorted(keyword.arg or "**" for keyword in call.keywords)
        for call in ast.walk(ast.parse(text("nautilus", here)))
        if isinstance(call, ast.Call)
    }

    assert ["**", "base_url_ws"] == passed["BinanceDataClientConfig"]
    assert ["**", "base_url_ws"] == passed["BinanceExecClientConfig"]
    assert ["data_clients", "exec_clients"] == passed["TradingNodeConfig"]
    assert ["load_all"] == passed["InstrumentProviderConfig"]


@pytest.mark.parametrize(
    ("version", "path"),
    [
        ("1.221.0", ""),
        ("1.222.0", ""),
        ("1.223.0", "/ws-api/v3"),
        ("1.231.0", "/ws-api/v3"),
        ("2.0.0rc1", "/ws-api/v3"),
    ],
)
def test_nautilus_finds_user_data_where_its_version_looks_for_it(here: str, version: str, path: str) -> None:
    """As each of those of version 1 was seen to, with tests/e2e/clients/test_nautilus.py."""
    chosen: list[ast.stmt] = [
        node
        for node in ast.parse(text("nautilus", here)).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in ("streams", "by_listen_key", "user_data")
    ]
    names: dict[str, Any] = {"nautilus_trader": SimpleNamespace(__version__=version)}
    exec(compile(ast.Module(chosen, []), "nautilus", "exec"), names)  # noqa: S102 - it is ours

    assert f"ws://{here}{path}" == names["user_data"]


@pytest.mark.skipif(
    shutil.which("curl") is None or shutil.which("openssl") is None,
    reason="no curl or no openssl on this machine",
)
def test_the_shell_script_signs_what_it_sends() -> None:
    def target(path: str, query: str) -> str:
        query = f"{query}&timestamp={SERVER_TIME_MS}"
        return f"{path}?{query}&signature={by_secret(SECRET)(query)}"

    with listening(echoing) as (host, port):
        script = text("curl", f"{host}:{port}")
        ran = subprocess.run(["sh", "-eu"], input=script, capture_output=True, check=True, text=True)

    order = "symbol=BTCUSDT&side=BUY&type=MARKET&quoteOrderQty=100"
    assert [
        {"method": "GET", "target": "/api/v3/ticker/price?symbol=BTCUSDT", "key": None, "body": ""},
        {
            "method": "GET",
            "target": target("/api/v3/account", "omitZeroBalances=true"),
            "key": KEY,
            "body": "",
        },
        {"method": "POST", "target": target("/api/v3/order", order), "key": KEY, "body": ""},
    ] == [json.loads(line) for line in ran.stdout.splitlines()]
