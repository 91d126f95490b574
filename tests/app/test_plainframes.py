"""What a client sends comes as websockets alone would have it, however it is cut and whatever is in it."""

import asyncio
import random
import struct
from collections.abc import Sequence
from typing import Any

import pytest
import uvicorn
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.frames import Frame, Opcode, apply_mask  # type: ignore[attr-defined]  # as in plainframes

from hypersim import websocket
from hypersim.plainframes import MASKED, TEXT, PlainFrames, text_frame
from tests.app.test_websocket import HANDSHAKE, soon

SEEDS = 150
MOST_SENT = 40


class Ordinary(websocket.Protocol):
    """Reads every frame by websockets' parser."""

    data_received = WebSocketsSansIOProtocol.data_received


class Listening:
    """ASGI application that notes what each client said."""

    def __init__(self) -> None:
        self.heard: list[list[Any]] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept", "subprotocol": None, "headers": []})
        heard: list[Any] = []
        self.heard.append(heard)
        while not heard or heard[-1]["type"] != "websocket.disconnect":
            heard.append(await receive())


class Wire(asyncio.Transport):
    """Keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self._closing = False

    def write(self, data: Any) -> None:
        if not self._closing:
            self.written += data

    def close(self) -> None:
        self._closing = True

    def abort(self) -> None:
        self._closing = True

    def is_closing(self) -> bool:
        return self._closing

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass


def frame(opcode: Opcode, payload: bytes, *, fin: bool = True) -> bytes:
    return Frame(opcode, payload, fin=fin).serialize(mask=True)


CLOSE = frame(Opcode.CLOSE, struct.pack("!H", 1000) + b"bye")
UNUSUAL: Sequence[bytes] = (
    frame(Opcode.TEXT, b"\xff\xfe"),
    frame(Opcode.TEXT, "币".encode()[:2]),
    frame(Opcode.TEXT, b"x" * 70_000),
    frame(Opcode.TEXT, b"x" * 1_000_001),
    frame(Opcode.CONT, b"of nothing"),
    frame(Opcode.TEXT, b"begun", fin=False),
    frame(Opcode.PONG, b"unasked"),
    CLOSE,
    Frame(Opcode.TEXT, b"not masked").serialize(mask=False),
    bytes((0x83, 0x81, 1, 2, 3, 4, 5)),
    bytes((0xC1, 0x81, 1, 2, 3, 4, 5)),
    bytes((0x89, 0xFE, 0, 200, 1, 2, 3, 4)) + b"x" * 200,
)
"""What websockets decides on, mostly for the end of the connection."""


def said(chance: random.Random) -> list[bytes]:
    """The frames that a client sends next, in good order for the most part."""
    kind = chance.random()
    if kind < 0.7:
        size = chance.choice((0, 1, 40, 62, 63, 300, 20_000))
        return [frame(Opcode.TEXT, "".join(chance.choices("aé币\r\n{}", k=size)).encode())]
    if kind < 0.8:
        return [frame(Opcode.PING, bytes(chance.choices(range(256), k=chance.randrange(126))))]
    if kind < 0.85:
        return [frame(Opcode.BINARY, b"\x00\xff" * chance.randrange(200))]
    if kind < 0.96:
        begun, amid = frame(Opcode.TEXT, b"a part ", fin=False), frame(Opcode.PING, b"amid it")
        return [begun, amid, frame(Opcode.CONT, b"and the rest")]
    return [chance.choice(UNUSUAL)]


def in_pieces(stream: bytes, chance: random.Random) -> list[bytes]:
    pieces = []
    while stream:
        size = chance.choice((1, 2, 3, 7, 50, 1_000, 100_000, 2_000_000))
        pieces.append(stream[:size])
        stream = stream[size:]
    return pieces


async def told(
    protocol: type[websocket.Protocol], pieces: Sequence[bytes], begun: Sequence[bytes] = (HANDSHAKE % b"",)
) -> tuple[list[Any], bytes]:
    """What the application hears, and what is written, when the bytes come in these pieces: up to the end of the
    handshake those of `begun`.
    """
    app, wire = Listening(), Wire()
    config = uvicorn.Config(app, log_config=None, ws_per_message_deflate=False, ws_max_size=websocket.LONGEST_MESSAGE)
    line = protocol(config, ServerState(), {}, asyncio.get_running_loop())
    line.connection_made(wire)
    for piece in begun:
        line.data_received(piece)
    await soon(lambda: bool(app.heard))
    wire.written = b""
    for piece in pieces:
        if not wire.is_closing():
            line.data_received(piece)
    line.connection_lost(None)
    await soon(lambda: bool(app.heard[0]) and app.heard[0][-1]["type"] == "websocket.disconnect")
    return app.heard[0], wire.written


def test_whatever_comes_in_whatever_pieces_is_told_as_websockets_tells_it_of_whole_frames() -> None:
    async def main() -> None:
        for seed in range(SEEDS):
            chance = random.Random(seed)
            frames = [each for _ in range(chance.randrange(1, MOST_SENT)) for each in said(chance)] + [CLOSE]
            expected = await told(Ordinary, frames)
            assert expected == await told(websocket.Protocol, in_pieces(b"".join(frames), chance)), seed

    asyncio.run(main())


@pytest.mark.parametrize("early", range(8))
def test_who_does_not_wait_for_the_handshake_is_heard_wherever_its_end_is_cut(early: int) -> None:
    mask = bytes((0x00, 0x85, 0, 0))  # as the head of a frame of which more is to come
    frame = bytes((TEXT, MASKED | 5)) + mask + apply_mask(b"early", mask)
    sent, cut = HANDSHAKE % b"" + frame, len(HANDSHAKE % b"") - 1
    begun = (sent[:cut], sent[cut : cut + 1 + early])

    async def main() -> None:
        expected = await told(Ordinary, [sent[cut + 1 + early :]], begun)
        assert {"type": "websocket.receive", "text": "early"} == expected[0][0]
        assert expected == await told(websocket.Protocol, [sent[cut + 1 + early :]], begun)

    asyncio.run(main())


@pytest.mark.parametrize("cut", range(1, 20))
def test_a_plain_text_is_taken_out_wherever_it_is_cut(cut: int) -> None:
    taken: list[str] = []
    others: list[bytes] = []

    def take(text: str) -> bool:
        taken.append(text)
        return True

    sent = frame(Opcode.TEXT, b"one") + frame(Opcode.TEXT, b"two") + frame(Opcode.PING, b"")
    reader = PlainFrames(100, take, others.append)
    reader.feed(sent[:cut])
    reader.feed(sent[cut:])

    assert (["one", "two"], [sent[-6:]]) == (taken, others)


@pytest.mark.parametrize("length", [0, 1, 125, 126, 127, 65535, 65536, 100_000])
def test_a_text_frame_is_that_of_the_library(length: int) -> None:
    text = b"x" * length

    assert Frame(Opcode.TEXT, text).serialize(mask=False) == text_frame(text)
