"""The reference: an OpenAPI 3.1 document and a page for people, both made from the endpoint tables.

Each operation is there once, under its first prefix, with its parameters' rules, its weight, and a curl line
that works as it stands on an exchange in open mode. The page needs nothing from elsewhere and no scripts.
"""

import html
import re
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlencode

from hypersim import __version__
from hypersim.api.binance.endpoints import Endpoint, Parameter
from hypersim.api.binance.security import SIGNED
from hypersim.settings import DEMO_KEY, DEMO_SECRET

DEFAULT_BASE: Final = "http://127.0.0.1:8080"
HOST: Final = re.compile(rb"[A-Za-z0-9.:\[\]_-]{1,255}")

OK: Final = {"description": "What was asked for.", "content": {"application/json": {"schema": {}}}}
REFUSED: Final = {
    "description": "A refusal, in Binance's words.",
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
JSON_TYPES: Final[dict[str, type]] = {"integer": int, "boolean": bool, "string": str}
"""What a default must be to be one of a schema's values; others are in units of the exchange's own."""

FORM: Final = "application/x-www-form-urlencoded"


def base_url(scheme: str, host: bytes | None) -> str:
    """The address under which a reader reached the reference, so that its examples work where he is."""
    if host is None or HOST.fullmatch(host) is None:
        return DEFAULT_BASE
    return f"{scheme}://{host.decode()}"


def document(endpoints: Sequence[Endpoint], base: str) -> dict[str, Any]:
    """The OpenAPI document."""
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in endpoints:
        path = endpoint.prefixes[0] + endpoint.path
        paths.setdefault(path, {})[endpoint.method.lower()] = _operation(endpoint, base)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Hyper-Sim: the Binance Spot dialect",
            "version": __version__,
            "description": "The operations under /v1 answer under /api/v3, too. "
            "The unified dialect has a document of its own: /unified/v1/openapi.json.",
        },
        "servers": [{"url": base}],
        "tags": [{"name": tag} for tag in dict.fromkeys(endpoint.tag for endpoint in endpoints)],
        "paths": paths,
        "components": {
            "schemas": {
                "Problem": {
                    "type": "object",
                    "required": ["code", "msg"],
                    "properties": {"code": {"type": "integer"}, "msg": {"type": "string"}},
                }
            },
            "securitySchemes": {"apiKey": {"type": "apiKey", "in": "header", "name": "X-MBX-APIKEY"}},
        },
    }


def _operation(endpoint: Endpoint, base: str) -> dict[str, Any]:
    parameters = _parameters(endpoint)
    operation: dict[str, Any] = {
        "operationId": _operation_id(endpoint),
        "summary": endpoint.summary,
        "description": _cost(endpoint),
        "tags": [endpoint.tag],
        "responses": {"200": OK, "4XX": REFUSED, "5XX": REFUSED},
        "x-codeSamples": [{"lang": "Shell", "label": "curl", "source": curl(endpoint, base)}],
    }
    if endpoint.security.keyed:
        operation["security"] = [{"apiKey": []}]
    if endpoint.method in ("POST", "PUT"):
        operation["requestBody"] = {
            "required": any(parameter.mandatory for parameter in parameters),
            "content": {
                FORM: {
                    "schema": {
                        "type": "object",
                        "properties": {parameter.name: _schema(parameter) for parameter in parameters},
                        "required": [parameter.name for parameter in parameters if parameter.mandatory],
                    }
                }
            },
        }
    elif parameters:
        operation["parameters"] = [
            {
                "name": parameter.name,
                "in": "query",
                "required": parameter.mandatory,
                "schema": _schema(parameter),
            }
            for parameter in parameters
        ]
    return operation


def _parameters(endpoint: Endpoint) -> tuple[Parameter[Any], ...]:
    return (*endpoint.parameters, *(SIGNED if endpoint.security.signed else ()))


def _schema(parameter: Parameter[Any]) -> dict[str, Any]:
    schema = {**parameter.rule.schema()}  # a rule may be that of several parameters
    if parameter.description:
        schema["description"] = parameter.description
    default = parameter.default
    if isinstance(default, JSON_TYPES.get(schema["type"], ())) and isinstance(default, bool) == (
        schema["type"] == "boolean"
    ):
        schema["default"] = default
    return schema


def _operation_id(endpoint: Endpoint) -> str:
    words = re.findall("[A-Za-z0-9]+", endpoint.prefixes[0].removeprefix("/v1") + endpoint.path)
    return endpoint.method.lower() + "".join(word[0].upper() + word[1:] for word in words)


def _security(endpoint: Endpoint) -> str:
    if not endpoint.security.keyed:
        return "Needs no key."
    return f"Security {endpoint.security.name}, {'signed' if endpoint.security.signed else 'by the key alone'}."


def _cost(endpoint: Endpoint) -> str:
    """What a call needs, and what it costs."""
    counted = f" Counts {endpoint.orders} unfilled order{'s' * (endpoint.orders > 1)}." if endpoint.orders else ""
    return f"{_security(endpoint)} {_weight(endpoint)}{counted}"


def _weight(endpoint: Endpoint) -> str:
    if not isinstance(endpoint.weight, int):
        return "The weight depends on the parameters."
    if endpoint.free_when_done:
        return f"Weight {endpoint.weight} when it fails, none when it succeeds."
    if endpoint.free_when is not None:
        return f"Weight {endpoint.weight}; some successes have none."
    return f"Weight {endpoint.weight}."


def curl(endpoint: Endpoint, base: str) -> str:
    """Shell that makes the endpoint's example call: one line, or two where it must be signed."""
    url = base + endpoint.prefixes[0] + endpoint.path
    query = urlencode(endpoint.example)
    method = "" if endpoint.method == "GET" else f" -X {endpoint.method}"
    if not endpoint.security.signed:
        key = f" -H 'X-MBX-APIKEY: {DEMO_KEY}'" if endpoint.security.keyed else ""
        return f"curl{method}{key} '{url}{'?' if query else ''}{query}'"
    start = query + ("&" if query else "")
    sign = f"""printf %s "$q" | openssl dgst -sha256 -hmac {DEMO_SECRET} | sed 's/^.* //'"""
    return (
        f'q="{start}timestamp=$(date +%s)000"\n'
        f"curl{method} -H 'X-MBX-APIKEY: {DEMO_KEY}' \"{url}?$q&signature=$({sign})\""
    )


STYLE: Final = """
body{font:16px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem;color:#1b1f24}
h2{margin-top:3rem;border-bottom:1px solid #d0d7de}
h3 code{font-size:1rem}h3 b{display:inline-block;min-width:4.5rem;color:#0b5fa5}
table{border-collapse:collapse;width:100%}td{padding:.2rem .8rem .2rem 0;vertical-align:top}
td:last-child{color:#57606a}tr{border-bottom:1px solid #eaeef2}
pre{background:#f6f8fa;padding:.7rem 1rem;overflow-x:auto;border-radius:6px}nav a{margin-right:1rem}
@media(prefers-color-scheme:dark){body{background:#0d1117;color:#e6edf3}pre{background:#161b22}
h3 b{color:#58a6ff}a{color:#58a6ff}td:last-child{color:#9198a1}tr,h2{border-color:#30363d}}
"""


def page(endpoints: Sequence[Endpoint], base: str) -> str:
    """The reference as one HTML page."""
    tags = list(dict.fromkeys(endpoint.tag for endpoint in endpoints))
    contents = "".join(f'<a href="#{_anchor(tag)}">{html.escape(tag)}</a>' for tag in tags)
    sections = "".join(
        f'<h2 id="{_anchor(tag)}">{html.escape(tag)}</h2>'
        + "".join(_section(endpoint, base) for endpoint in endpoints if endpoint.tag == tag)
        for tag in tags
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>Hyper-Sim: API reference</title><style>{STYLE}</style></head><body>"
        "<h1>Hyper-Sim: the Binance Spot API</h1>"
        "<p>What answers under <code>/v1</code> answers under <code>/api/v3</code>, too. "
        "The examples work as they stand with the demo account. For programs: "
        '<a href="/schema/openapi.json">openapi.json</a>. The unified dialect has its own: '
        '<a href="/unified/v1/openapi.json">/unified/v1/openapi.json</a>.</p>'
        f"<nav>{contents}</nav>{sections}</body></html>"
    )


def _anchor(tag: str) -> str:
    return tag.lower().replace(" ", "-")


def _section(endpoint: Endpoint, base: str) -> str:
    rows = "".join(
        f"<tr><td><code>{parameter.name}</code></td>"
        f"<td>{'mandatory' if parameter.mandatory else ''}</td>"
        f"<td>{html.escape(_explained(parameter))}</td></tr>"
        for parameter in _parameters(endpoint)
    )
    return (
        f'<h3 id="{_operation_id(endpoint)}"><b>{endpoint.method}</b> '
        f"<code>{endpoint.prefixes[0]}{endpoint.path}</code></h3>"
        f"<p>{html.escape(endpoint.summary)}. {_cost(endpoint)}</p>"
        f"<table>{rows}</table><pre>{html.escape(curl(endpoint, base))}</pre>"
    )


def _explained(parameter: Parameter[Any]) -> str:
    """What one may send, in a line."""
    schema = parameter.rule.schema()
    kind = " | ".join(schema["enum"]) if "enum" in schema else schema["type"]
    described = parameter.description or schema.get("description", "")
    return f"{kind}: {described}" if described else str(kind)
