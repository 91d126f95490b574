"""Open mode trusts whoever reaches it, so web pages of others must not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import pytest
from litestar.enums import ScopeType

from hypersim.api.guard import HostGuard
from hypersim.api.wire import Answer, Request, Responder


class Somebody:
    """Who answers by the direct way."""

    async def respond(self, request: Request) -> Answer:
        raise AssertionError("the guard asks for nothing")


SOMEBODY = Somebody()


class Inside:
    """The application behind the guard: counts what got through."""

    def __init__(self) -> None:
        self.requests = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.requests += 1

    def direct(self, path: str, headers: Mapping[bytes, bytes]) -> Responder | None:
        return SOMEBODY


async def ask(guard: HostGuard, headers: dict[str, str], kind: ScopeType = ScopeType.HTTP) -> list[Any]:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        raise AssertionError("the guard reads nothing")

    scope: Any = {"type": kind, "headers": [(k.encode(), v.encode()) for k, v in headers.items()]}
    await guard(scope, receive, send)
    return sent


@pytest.mark.parametrize(
    ("headers", "passes"),
    [
        ({}, True),
        ({"host": "127.0.0.1:8080"}, True),
        ({"host": "localhost:8080"}, True),
        ({"host": "[::1]:8080"}, True),
        ({"host": "LOCALHOST"}, True),
        ({"host": "localhost.:8080"}, True),
        ({"host": "box.lan."}, True),
        ({"host": "hut.lan"}, True),
        ({"host": "evil.example."}, False),
        ({"host": "box.lan:8080"}, True),
        ({"host": "127.0.0.1:8080", "origin": "http://localhost:3000"}, True),
        ({"host": "127.0.0.1:8080", "origin": "https://Box.lan"}, True),
        ({"host": "evil.example"}, False),
        ({"host": "evil.example:8080"}, False),
        ({"host": "127.0.0.1.evil.example"}, False),
        ({"host": "box.lan.evil.example"}, False),
        ({"host": "evil.example@127.0.0.1"}, False),
        ({"host": "127.0.0.1", "origin": "https://evil.example"}, False),
        ({"host": "127.0.0.1", "origin": "null"}, False),
        ({"host": "127.0.0.1", "origin": ""}, False),
        ({"host": ""}, False),
        ({"host": "[::1"}, False),
        ({"host": "\xff\xfe"}, False),
    ],
)
async def test_only_hosts_of_this_machine_and_allowed_ones_pass(headers: dict[str, str], passes: bool) -> None:
    inside = Inside()
    guard = HostGuard(inside, ["Box.lan", "hut.lan."])
    sent = await ask(guard, headers)
    direct = guard.direct("/v1/time", {name.encode(): value.encode() for name, value in headers.items()})

    assert (int(passes), not passes) == (inside.requests, bool(sent))
    assert (SOMEBODY if passes else None) is direct


async def test_a_foreign_page_gets_403_and_the_sentence_says_how_to_let_it_in() -> None:
    [start, body] = await ask(HostGuard(Inside(), []), {"host": "evil.example"})

    assert (403, (b"content-type", b"application/json")) == (start["status"], start["headers"][0])
    assert msgspec.json.decode(body["body"]) == {
        "error": {
            "code": "forbidden_origin",
            "message": (
                "evil.example is not a host of this exchange: in open mode it answers only this machine. "
                "Start it with HYPERSIM_ALLOWED_HOSTS=evil.example to let that host in."
            ),
            "details": ["evil.example"],
        }
    }


async def test_a_foreign_web_socket_is_closed_before_it_is_accepted() -> None:
    sent = await ask(HostGuard(Inside(), []), {"origin": "https://evil.example"}, ScopeType.WEBSOCKET)

    assert [{"type": "websocket.close", "code": 1008, "reason": "foreign origin"}] == sent
