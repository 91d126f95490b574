"""What the classes say about themselves, before anything is sent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import ccxt
import ccxt.pro
import pytest

from ccxt_adapter import async_support, hypersim, pro
from ccxt_adapter.description import HAS, HAS_OVER_WEBSOCKETS
from hypersim.engine.orders import SelfTradePrevention

HERE = "127.0.0.1:8080"


def strings(value: Any) -> Iterator[str]:
    """Every text in a nest of dictionaries and lists, but for the keys."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from strings(inner)
    elif isinstance(value, str):
        yield value


@pytest.fixture
def plain() -> hypersim:
    return hypersim()


@pytest.fixture
def streaming() -> pro.hypersim:
    return pro.hypersim()


def without(description: dict[str, Any], names: set[str]) -> dict[str, Any]:
    return {name: value for name, value in description.items() if name not in names}


def without_streams(urls: dict[str, Any]) -> dict[str, Any]:
    """A class's `urls`, of REST alone."""
    return {name: without(value, {"ws"}) if isinstance(value, dict) else value for name, value in urls.items()}


def shape(addresses: Any) -> Any:
    """The names in a nest of dictionaries."""
    return {name: shape(inner) for name, inner in addresses.items()} if isinstance(addresses, dict) else None


def test_the_exchange_is_ccxts_binance_under_its_own_name(plain: hypersim) -> None:
    assert isinstance(plain, ccxt.binance)
    assert ("hypersim", "Hyper-Sim", HERE) == (plain.id, plain.name, plain.hostname)


async def test_the_asynchronous_class_is_described_alike(plain: hypersim) -> None:
    async with async_support.hypersim() as twin:
        twin.timeout_on_exit = 0
        assert isinstance(twin, ccxt.async_support.binance)
        assert plain.describe() == twin.describe()


def test_the_class_with_streams_is_described_alike_but_for_them(plain: hypersim, streaming: pro.hypersim) -> None:
    differing = {"has", "options", "pro", "streaming", "urls"}

    assert isinstance(streaming, ccxt.pro.binance)
    assert (True, {**HAS, **HAS_OVER_WEBSOCKETS}) == (
        streaming.pro,
        {call: value for call, value in streaming.has.items() if value or call in HAS},
    )
    assert plain.urls == without_streams(streaming.urls)
    assert without(plain.describe(), differing) == without(streaming.describe(), differing)


def test_no_address_of_another_host_is_left(plain: hypersim) -> None:
    addresses = set(strings(plain.urls))

    assert {"http://{hostname}"} == {address[: len("http://{hostname}")] for address in addresses}
    assert [] == [text for text in strings(plain.describe()) if "://" in text and text not in addresses]


def test_no_stream_of_another_host_is_left(plain: hypersim, streaming: pro.hypersim) -> None:
    worlds = ("api", "test", "demo")
    streams = set(strings([streaming.urls[world]["ws"] for world in worlds]))
    described = set(strings(streaming.describe()))

    assert {"ws://{hostname}"} == {address[: len("ws://{hostname}")] for address in streams}
    assert set(strings(plain.urls)) | streams == {text for text in described if "://" in text}


def test_live_sandbox_and_demo_have_every_stream_of_binance(streaming: pro.hypersim) -> None:
    theirs = ccxt.pro.binance().describe()["urls"]["api"]["ws"]

    assert [shape(theirs)] * 3 == [shape(streaming.urls[world]["ws"]) for world in ("api", "test", "demo")]


def test_live_sandbox_and_demo_have_every_section_of_binance(plain: hypersim) -> None:
    urls = ccxt.binance().describe()["urls"]
    sections = {*urls["api"], *urls["test"], *urls["demo"]}

    assert [sections] * 3 == [set(plain.urls[world]) for world in ("api", "test", "demo")]


def test_has_says_what_is_served_and_no_more(plain: hypersim) -> None:
    said = {call: value for call, value in plain.has.items() if value}

    assert {call: value for call, value in HAS.items() if value} == said
    assert set(ccxt.binance().has) <= set(plain.has)


@pytest.mark.parametrize("kind", ["margin", "swap", "future", "option", "index", "ws"])
def test_it_has_spot_and_nothing_else(plain: hypersim, kind: str) -> None:
    assert plain.has["spot"] is True
    assert plain.has[kind] is False


def test_features_speak_of_spot_without_margin_and_with_every_kind_of_order(plain: hypersim) -> None:
    order = plain.features["spot"]["createOrder"]
    granted = ["triggerPrice", "stopLossPrice", "takeProfitPrice", "trailing", "icebergAmount", "marketBuyByCost"]
    denied = ["marginMode", "hedged", "leverage", "triggerDirection"]

    assert {"spot"} == {kind for kind, features in plain.features.items() if features}
    assert [True] * len(granted) + [False] * len(denied) == [order[feature] for feature in granted + denied]
    assert {"IOC": True, "FOK": True, "PO": True, "GTD": False, "GTC": True} == order["timeInForce"]
    assert {mode.value for mode in SelfTradePrevention} == set(order["selfTradePrevention"])


def test_describing_leaves_ccxts_own_class_alone() -> None:
    before = ccxt.binance().describe()
    hypersim()

    assert before == ccxt.binance().describe()


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (
            400,
            '{"code":-2010,"msg":"Account has insufficient balance for requested action."}',
            "InsufficientFunds",
        ),
        (400, '{"code":-2010,"msg":"Order would immediately match and take."}', "OrderImmediatelyFillable"),
        (400, '{"code":-2010,"msg":"Order would trigger immediately."}', "OrderImmediatelyFillable"),
        (400, '{"code":-2010,"msg":"Duplicate order sent."}', "InvalidOrder"),
        (400, '{"code":-2022,"msg":"Order cancel-replace failed.","data":{}}', "BadResponse"),
        (409, '{"code":-2021,"msg":"Order cancel-replace partially failed.","data":{}}', "BadResponse"),
        (400, '{"code":-2010,"msg":"This symbol is not permitted for this account."}', "PermissionDenied"),
        (400, '{"code":-2011,"msg":"Unknown order sent."}', "OrderNotFound"),
        (400, '{"code":-2011,"msg":"This action is disabled on this account."}', "AccountSuspended"),
        (400, '{"code":-2013,"msg":"Order does not exist."}', "OrderNotFound"),
        (401, '{"code":-2014,"msg":"API-key format invalid."}', "AuthenticationError"),
        (
            401,
            '{"code":-2015,"msg":"Invalid API-key, IP, or permissions for action."}',
            "AuthenticationError",
        ),
        (400, '{"code":-1022,"msg":"Signature for this request is not valid."}', "AuthenticationError"),
        (
            400,
            '{"code":-1021,"msg":"Timestamp for this request is outside of the recvWindow."}',
            "InvalidNonce",
        ),
        (400, '{"code":-1121,"msg":"Invalid symbol."}', "BadSymbol"),
        (400, '{"code":-1151,"msg":"Symbol is present multiple times in the list."}', "BadSymbol"),
        (400, '{"code":-1013,"msg":"Market is closed."}', "MarketClosed"),
        (400, '{"code":-1013,"msg":"Filter failure: LOT_SIZE"}', "InvalidOrder"),
        (400, '{"code":-1013,"msg":"Filter failure: PRICE_FILTER"}', "InvalidOrder"),
        (400, '{"code":-1013,"msg":"Filter failure: PERCENT_PRICE_BY_SIDE"}', "InvalidOrder"),
        (400, '{"code":-1131,"msg":"recvWindow must be less than 60000."}', "BadRequest"),
        (429, '{"code":-1003,"msg":"Too much request weight used"}', "DDoSProtection"),
        (
            503,
            '{"code":-1008,"msg":"Server is currently overloaded with other requests."}',
            "OperationFailed",
        ),
        (503, '{"code":-1007,"msg":"Timeout waiting for response from backend server."}', "RequestTimeout"),
    ],
)
def test_a_refusal_is_the_exception_that_it_is_at_binance(plain: hypersim, status: int, body: str, error: str) -> None:
    url = "http://127.0.0.1:8080/api/v3/order"
    with pytest.raises(ccxt.BaseError) as raised:
        plain.handle_errors(status, "", url, "POST", {}, body, plain.parse_json(body), {}, "")

    assert getattr(ccxt, error) is raised.type
