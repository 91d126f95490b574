"""Calls a client library on behalf of a process that does not have it: one line of JSON asks, one answers.

Run by the Python of the library's environment. It imports nothing but the library and the standard library, and
changes nothing of either.

    {"configuration": "...", "errors": "binance.error"}    makes `client`, of which later lines speak
    {"call": "new_order", "arguments": {...}}              {"answer": ...} or {"raised": "ClientError", "told": {...}}
"""

from __future__ import annotations

import json
import sys
from importlib import import_module
from operator import attrgetter
from typing import Any


def plain(value: Any) -> Any:
    """What JSON does not know: the models of binance-sdk-spot, whichever of several it is; headers."""
    if hasattr(value, "actual_instance"):
        return value.actual_instance
    return value.to_dict() if hasattr(value, "to_dict") else str(value)


def called(client: Any, errors: Any, call: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """The answer of one call, or what the library raised for it."""
    try:
        answer = attrgetter(call)(client)(**arguments)
        return {"answer": answer.data() if hasattr(answer, "data") else answer}
    except errors.Error as error:
        return {"raised": type(error).__name__, "told": vars(error)}


def relay() -> None:
    """Answers standard input until it ends."""
    client, errors = None, None
    for line in sys.stdin:
        asked = json.loads(line)
        if "configuration" in asked:
            names: dict[str, Any] = {}
            exec(asked["configuration"], names)  # noqa: S102 - the server printed it, to be run
            client, errors = names["client"], import_module(asked["errors"])
            answer: dict[str, Any] = {"answer": None}
        else:
            answer = called(client, errors, asked["call"], asked["arguments"])
        sys.stdout.write(json.dumps(answer, default=plain) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    relay()
