"""The reference: a valid document that has every operation, and the shapes of what they really answer."""

from typing import Any

import msgspec
from openapi_spec_validator import OpenAPIV31SpecValidator

from hypersim.api.unified.arguments import described
from hypersim.api.unified.reference import document
from hypersim.api.unified.routes import OPERATIONS
from tests.api.lab import Lab
from tests.api.unified.client import UnifiedClient


def test_the_document_is_valid_openapi() -> None:
    OpenAPIV31SpecValidator(document(OPERATIONS)).validate()


async def test_the_document_is_served_and_has_every_operation(alice: UnifiedClient) -> None:
    answer = await alice.public("/openapi.json")
    listed = [(method.upper(), path) for path, methods in answer.json["paths"].items() for method in methods]
    assert sorted((each.method, f"/unified/v1{each.path}") for each in OPERATIONS) == sorted(listed)
    assert msgspec.json.decode(msgspec.json.encode(document(OPERATIONS))) == answer.json


def test_every_field_says_what_is_expected_in_it() -> None:
    for operation in OPERATIONS:
        assert all(described(operation.arguments).values()), operation.path


def test_the_document_says_what_is_read() -> None:
    paths = document(OPERATIONS)["paths"]
    order = paths["/unified/v1/order"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert ["symbol", "type", "side"] == order["required"]
    assert ["limit", "market"] == order["properties"]["type"]["enum"]
    assert ["number", "string", "null"] == order["properties"]["price"]["type"]
    assert order["additionalProperties"] is False
    candles = {row["name"]: row for row in paths["/unified/v1/ohlcv/{symbol}"]["get"]["parameters"]}
    assert ["symbol", "timeframe", "since", "until", "limit"] == list(candles)
    assert ("path", True, 500) == (
        candles["symbol"]["in"],
        candles["symbol"]["required"],
        candles["limit"]["schema"]["default"],
    )


async def test_an_answer_has_the_keys_that_the_document_says(lab: Lab, alice: UnifiedClient) -> None:
    await alice.order(symbol="BTC/USDT", type="market", side="buy", cost=100)
    await alice.order(symbol="BTC/USDT", type="limit", side="buy", amount=0.001, price=40000)
    shown = document(OPERATIONS)
    for operation in OPERATIONS:
        if operation.method != "GET":
            continue
        answer = (await alice.get(operation.path.replace("{symbol}", "BTC/USDT").replace("{id}", "BTCUSDT-1"))).json
        assert answer or operation.path == "/ping"
        responses = shown["paths"][f"/unified/v1{operation.path}"]["get"]["responses"]
        check(answer, responses["200"]["content"]["application/json"]["schema"], shown["components"]["schemas"])


def check(value: Any, schema: dict[str, Any], components: dict[str, Any]) -> None:
    """Raises AssertionError where a value has other keys than its schema."""
    if "$ref" in schema:
        schema = components[schema["$ref"].rpartition("/")[2]]
    for option in schema.get("anyOf", ()):
        if (option.get("type") == "null") == (value is None):
            check(value, option, components)
    if "properties" in schema:
        assert list(schema["properties"]) == list(value)
        for key, each in schema["properties"].items():
            check(value[key], each, components)
    elif schema.get("type") == "array" and isinstance(schema.get("items"), dict):
        for each in value[:1]:
            check(each, schema["items"], components)
