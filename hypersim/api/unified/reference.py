"""The reference of this dialect: an OpenAPI 3.1 document, made from the table of operations and their types."""

import re
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from hypersim import __version__
from hypersim.api.unified.operations import PREFIX, Operation
from hypersim.api.unified.refusals import API_KEY, SIGNATURE, TIMESTAMP, Problem

COMPONENT: Final = "#/components/schemas/{name}"
KEY_ALONE: Final[dict[str, list[str]]] = {"apiKey": []}
SIGNED: Final[dict[str, list[str]]] = {"apiKey": [], "timestamp": [], "signature": []}

DESCRIPTION: Final = f"""CCXT's structures as plain JSON. Numbers are JSON numbers with exact digits; times are
milliseconds UTC. Signed operations take {API_KEY}, {TIMESTAMP} and {SIGNATURE}, which is HMAC-SHA256 in hex of
timestamp + method + path with query + body; in open mode {API_KEY} alone suffices."""


def document(operations: Sequence[Operation]) -> dict[str, Any]:
    """The OpenAPI document, with addresses below that of whoever serves it."""
    types = [Problem, *(each.answers for each in operations), *(each.arguments for each in operations)]
    (problem, *schemas), components = msgspec.json.schema_components(types, ref_template=COMPONENT)
    paths: dict[str, dict[str, Any]] = {}
    for operation, answers in zip(operations, schemas, strict=False):  # the schemas of arguments follow
        shown = _operation(operation, answers, components[operation.arguments.__name__], problem)
        paths.setdefault(PREFIX + operation.path, {})[operation.method.lower()] = shown
    return {
        "openapi": "3.1.0",
        "info": {"title": "Hyper-Sim: the unified dialect", "version": __version__, "description": DESCRIPTION},
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                name: {"type": "apiKey", "in": "header", "name": header}
                for name, header in (("apiKey", API_KEY), ("timestamp", TIMESTAMP), ("signature", SIGNATURE))
            },
        },
    }


def _operation(operation: Operation, answers: Any, arguments: Any, problem: Any) -> dict[str, Any]:
    refused = {"description": "A refusal.", "content": {"application/json": {"schema": problem}}}
    shown: dict[str, Any] = {
        "operationId": _operation_id(operation),
        "summary": operation.summary,
        "responses": {
            str(operation.status): {
                "description": "What was asked for.",
                "content": {"application/json": {"schema": answers}},
            },
            "4XX": refused,
            "5XX": refused,
        },
    }
    if operation.signed:
        shown["security"] = [SIGNED, KEY_ALONE]
    if operation.method == "POST":
        shown["requestBody"] = {"required": True, "content": {"application/json": {"schema": arguments}}}
        return shown
    parameters = [
        {"name": name, "in": "query", "required": False, "schema": schema}
        for name, schema in arguments["properties"].items()
    ]
    if operation.named is not None:
        text = {"type": "string"}
        parameters.insert(0, {"name": operation.named, "in": "path", "required": True, "schema": text})
    if parameters:
        shown["parameters"] = parameters
    return shown


def _operation_id(operation: Operation) -> str:
    """getOrdersOpen; the name in braces counts as a word: getOrderId."""
    words = re.findall("[A-Za-z]+", operation.path)
    return operation.method.lower() + "".join(word[0].upper() + word[1:] for word in words)
