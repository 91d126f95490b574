"""The reference: a valid document with every operation once, a page that needs nothing from elsewhere, and
examples that work as they stand."""

import hmac
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from hypersim.api.binance import openapi
from hypersim.api.binance.endpoints import Endpoint
from hypersim.api.binance.routes import ENDPOINTS
from hypersim.settings import DEMO_KEY, DEMO_SECRET
from tests.api.lab import Lab

BASE = "http://127.0.0.1:8080"


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def test_the_document_is_valid_openapi() -> None:
    OpenAPIV31SpecValidator(openapi.document(ENDPOINTS, BASE)).validate()


def test_each_operation_is_there_once_with_an_example() -> None:
    document = openapi.document(ENDPOINTS, BASE)
    listed = [(method, path) for method, path, _ in operations(document)]
    assert sorted((each.method, each.prefixes[0] + each.path) for each in ENDPOINTS) == sorted(listed)
    names = Counter(operation["operationId"] for _, _, operation in operations(document))
    assert {1} == set(names.values())
    assert all(operation["x-codeSamples"][0]["source"] for _, _, operation in operations(document))


def test_the_document_says_what_the_parser_does() -> None:
    order = openapi.document(ENDPOINTS, BASE)["paths"]["/v1/order"]
    form = order["post"]["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"]
    assert ["symbol", "side", "type", "timestamp", "signature"] == form["required"]
    assert ["GTC", "IOC", "FOK"] == form["properties"]["timeInForce"]["enum"]
    query = {row["name"]: row for row in order["get"]["parameters"]}
    assert ["symbol", "orderId", "origClientOrderId", "recvWindow", "timestamp", "signature"] == list(query)
    assert (True, False) == (query["symbol"]["required"], query["orderId"]["required"])
    assert [{"apiKey": []}] == order["get"]["security"]


def form_of(path: str) -> dict[str, Any]:
    """The parameters of a call that places something."""
    operation = openapi.document(ENDPOINTS, BASE)["paths"][path]["post"]
    form: dict[str, Any] = operation["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"]
    return form


def test_the_document_says_what_each_order_of_a_list_may_be() -> None:
    form = form_of("/v1/orderList/otoco")
    roles = ("working", "pendingAbove", "pendingBelow")
    alternatives = ["LIMIT_MAKER", "STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT", "TAKE_PROFIT_LIMIT"]
    assert [["LIMIT", "LIMIT_MAKER"], alternatives, alternatives] == [
        form["properties"][f"{role}Type"]["enum"] for role in roles
    ]
    assert [
        "symbol",
        "workingSide",
        "workingType",
        "workingQuantity",
        "pendingSide",
        "pendingQuantity",
        "pendingAboveType",
        "pendingBelowType",
        "timestamp",
        "signature",
    ] == form["required"]
    assert "RESULT" == form["properties"]["newOrderRespType"]["default"]
    assert "workingStopPrice" not in form["properties"]
    assert "pendingQuantity" not in form_of("/v1/orderList/opoco")["properties"]


def test_parameters_of_one_rule_are_described_each_for_itself() -> None:
    form = form_of("/v1/order/cancelReplace")["properties"]
    assert ("unique among your open orders; made when not sent", "names the cancel itself", None) == tuple(
        form[name].get("description")
        for name in ("newClientOrderId", "cancelNewClientOrderId", "cancelOrigClientOrderId")
    )


def test_the_document_says_how_many_orders_a_call_counts() -> None:
    paths = openapi.document(ENDPOINTS, BASE)["paths"]
    for path, said in (
        ("/v1/order", " Counts 1 unfilled order."),
        ("/v1/orderList/oco", " Counts 2 unfilled orders."),
        ("/v1/orderList/otoco", " Counts 3 unfilled orders."),
        ("/v1/order/test", "parameters."),
    ):
        assert paths[path]["post"]["description"].endswith(said), path


async def test_the_document_is_served_with_the_address_at_which_it_was_asked_for(lab: Lab) -> None:
    answer = await lab.alice.raw("GET", "/schema/openapi.json")
    assert (200, "3.1.0", [{"url": BASE}]) == (
        answer.status,
        answer.json["openapi"],
        answer.json["servers"],
    )


@pytest.mark.parametrize(
    ("scheme", "host", "base"),
    [
        ("http", b"localhost:9000", "http://localhost:9000"),
        ("https", b"sim.example.org", "https://sim.example.org"),
        ("http", b"[::1]:8080", "http://[::1]:8080"),
        ("http", None, BASE),
        ("http", b"x'><script>", BASE),
        ("http", b"$(reboot)", BASE),
    ],
)
def test_a_strange_host_does_not_get_into_the_examples(scheme: str, host: bytes | None, base: str) -> None:
    assert base == openapi.base_url(scheme, host)


def test_the_page_shows_every_operation_and_fetches_nothing() -> None:
    page = openapi.page(ENDPOINTS, BASE)
    shown = re.findall(r"<b>(\w+)</b> <code>([^<]+)</code>", page)
    assert sorted((each.method, each.prefixes[0] + each.path) for each in ENDPOINTS) == sorted(shown)
    assert [] == re.findall(r"<script|<link|<img|<iframe|@import|url\(", page)
    assert {"/schema/openapi.json", "/unified/v1/openapi.json"} == {
        address for address in re.findall(r'(?:href|src)="([^"]+)"', page) if not address.startswith("#")
    }


FIRST = (("POST", "/order"), ("POST", "/orderList/oco"))
"""What other examples refer to."""


@pytest.mark.parametrize(
    "endpoint", [each for each in ENDPOINTS if not each.security.keyed], ids=lambda each: each.path
)
async def test_a_public_example_works_as_it_stands(lab: Lab, endpoint: Endpoint) -> None:
    answer = await lab.alice.public(endpoint.prefixes[0] + endpoint.path, endpoint.example)
    assert (400 if endpoint.refuses else 200) == answer.status, answer.json


@pytest.mark.parametrize(
    "endpoint",
    [each for each in ENDPOINTS if each.security.signed and not each.path.startswith("/sor")],
    ids=lambda each: f"{each.method} {each.path}",
)
async def test_a_signed_example_works_as_it_stands(lab: Lab, endpoint: Endpoint) -> None:
    for first in (each for each in ENDPOINTS if (each.method, each.path) in FIRST):
        if endpoint is not first:
            await lab.alice.signed("POST", f"/v1{first.path}", first.example, time=lab.now_ms)
    path = endpoint.prefixes[0] + endpoint.path
    answer = await lab.alice.signed(endpoint.method, path, endpoint.example, time=lab.now_ms)
    if endpoint.refuses:
        assert (400, True) == (answer.status, -5999 <= answer.json["code"] <= -3000), answer.json
    else:
        assert 200 == answer.status, answer.json


@pytest.mark.skipif(shutil.which("openssl") is None, reason="the shell examples sign with openssl")
@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda each: f"{each.method} {each.path}")
def test_the_shell_of_an_example_sends_what_it_says(endpoint: Endpoint) -> None:
    """The line is run with curl replaced by a function that shows its arguments."""
    script = f'curl() {{ printf "%s\\n" "$@"; }}\n{openapi.curl(endpoint, BASE)}'
    shell = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
    *options, url = shell.stdout.splitlines()
    expected = [] if endpoint.method == "GET" else ["-X", endpoint.method]
    address, _, query = url.partition("?")
    assert f"{BASE}{endpoint.prefixes[0]}{endpoint.path}" == address
    if not endpoint.security.signed:
        expected += ["-H", f"X-MBX-APIKEY: {DEMO_KEY}"] if endpoint.security.keyed else []
        assert (expected, dict(endpoint.example)) == (options, dict(parse_qsl(query)))
        return
    assert [*expected, "-H", f"X-MBX-APIKEY: {DEMO_KEY}"] == options
    payload, _, signature = query.partition("&signature=")
    assert hmac.new(DEMO_SECRET.encode(), payload.encode(), "sha256").hexdigest() == signature
    sent = dict(parse_qsl(payload))
    assert re.fullmatch("[0-9]{13}", sent.pop("timestamp"))
    assert dict(endpoint.example) == sent
