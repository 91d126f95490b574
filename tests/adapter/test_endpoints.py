"""The implicit API: every endpoint that ccxt knows of Binance, called or signed for."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import ccxt
import pytest

from ccxt_adapter import async_support, hypersim
from ccxt_adapter.description import ENDPOINTS
from hypersim.api.binance import openapi, routes
from tests.adapter.calls import described_endpoints, implicit_calls
from tests.adapter.guard import Guard

SERVED = {(section, method, path) for (section, method), paths in ENDPOINTS.items() for path in paths}

ANSWERED = {
    ("public", "GET", "exchangeInfo"),
    ("public", "GET", "ping"),
    ("sapi", "GET", "capital/config/getall"),
}
"""What the listener does not refuse."""

NAMELESS = {
    ("private", "GET", "myFilters"),
    ("private", "GET", "order/amendments"),
    ("private", "PUT", "order/amend/keepPriority"),
}
"""What ccxt has no call for; `exchange.request(path, section, method, params)` sends it."""

SECTIONS = {
    "/v1/": ("public", "private"),
    "/sapi/v1/": ("sapi", "sapi"),
    "/sapi/v3/": ("sapiV3", "sapiV3"),
    "/fapi/v1/": ("futures", "futures"),
}
"""ccxt's section of a path of the server's by what it begins with: without a signature, and with one."""


def documented() -> set[tuple[str, str, str]]:
    """(section, method, path) of each operation in the document at the server's /schema, but for those that it always
    refuses.
    """
    return {
        (SECTIONS[prefix]['"signature"' in json.dumps(operation)], method.upper(), path.removeprefix(prefix))
        for path, operations in openapi.document([each for each in routes.ENDPOINTS if not each.refuses], "")[
            "paths"
        ].items()
        for method, operation in operations.items()
        for prefix in [next(prefix for prefix in SECTIONS if path.startswith(prefix))]
    }


def switched(exchange: Any, world: str) -> Any:
    """The exchange in one of ccxt's three worlds."""
    if world == "sandbox":
        exchange.set_sandbox_mode(True)
    if world == "demo":
        exchange.enable_demo_trading(True)
    return exchange


def outcome(endpoint: tuple[str, str, str]) -> str:
    """What a call of it must come to: only what is served may reach the listener, which refuses it."""
    if endpoint not in SERVED:
        return "NotSupported"
    return "answered" if endpoint in ANSWERED else "BadSymbol"


def test_the_implicit_calls_are_the_described_endpoints() -> None:
    assert described_endpoints() == set(implicit_calls())


def test_every_served_endpoint_but_those_for_the_raw_request_is_one_that_ccxt_knows() -> None:
    assert NAMELESS == SERVED - set(implicit_calls())


def test_what_is_sent_is_what_the_server_documents_but_for_the_futures_that_it_does_not_have() -> None:
    assert documented() == SERVED | {("futures", "GET", "exchangeInfo")}


@pytest.mark.parametrize("world", ["live", "sandbox", "demo"])
def test_every_endpoint_is_signed_for_this_host_or_not_at_all(exchange: hypersim, world: str) -> None:
    switched(exchange, world)
    hosts = set()
    for section, method, path in implicit_calls():
        if (section, method, path) in SERVED:
            hosts.add(urlsplit(exchange.sign(path, [section], method, {})["url"]).netloc)
        else:
            with pytest.raises(ccxt.NotSupported):
                exchange.sign(path, [section], method, {})

    assert {exchange.hostname} == hosts


@pytest.mark.parametrize("world", ["live", "sandbox", "demo"])
def test_without_the_gate_too_every_address_is_of_this_host(exchange: hypersim, world: str) -> None:
    switched(exchange, world)
    hosts = set()
    for section, method, path in implicit_calls():
        request = ccxt.binance.sign(exchange, path, [section], method, {})
        hosts.add(urlsplit(exchange.implode_hostname(request["url"])).netloc)

    assert {exchange.hostname} == hosts


@pytest.mark.parametrize("world", ["live", "sandbox", "demo"])
def test_every_implicit_call_arrives_here_or_is_not_sent(exchange: hypersim, guard: Guard, world: str) -> None:
    switched(exchange, world)
    outcomes = {}
    for endpoint, name in implicit_calls().items():
        try:
            getattr(exchange, name)()
        except ccxt.BaseError as error:
            outcomes[endpoint] = type(error).__name__
        else:
            outcomes[endpoint] = "answered"

    assert {endpoint: outcome(endpoint) for endpoint in implicit_calls()} == outcomes


@pytest.mark.parametrize("world", ["live", "sandbox", "demo"])
async def test_every_asynchronous_implicit_call_arrives_here_or_is_not_sent(
    async_exchange: async_support.hypersim, guard: Guard, world: str
) -> None:
    switched(async_exchange, world)
    outcomes = {}
    for endpoint, name in implicit_calls().items():
        try:
            await getattr(async_exchange, name)()
        except ccxt.BaseError as error:
            outcomes[endpoint] = type(error).__name__
        else:
            outcomes[endpoint] = "answered"

    assert {endpoint: outcome(endpoint) for endpoint in implicit_calls()} == outcomes


def test_the_hostname_can_be_changed_later(exchange: hypersim) -> None:
    exchange.hostname = "sim.example:9000"

    assert "http://sim.example:9000/api/v3/time" == exchange.sign("time", ["public"])["url"]


def test_sandbox_and_demo_lead_back_to_where_they_came_from(exchange: hypersim) -> None:
    live = exchange.sign("account", ["private"], "GET", {"timestamp": 1})["url"]
    for switch in (exchange.set_sandbox_mode, exchange.enable_demo_trading):
        for on in (True, False):
            switch(on)
            assert live == exchange.sign("account", ["private"], "GET", {"timestamp": 1})["url"]
