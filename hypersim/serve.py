"""Runs one exchange in this process until it is told to stop: address, event loop, signals, HTTP server.

Guarantees that the address is ours before a database is touched; that the first SIGINT or SIGTERM ends the
exchange in order, everything committed, and a second one ends the process at once (what was acknowledged is
durable either way). Does not decide what is served: that is `hypersim.app`.
"""

import asyncio
import errno
import gc
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType
from typing import Final

import uvicorn

from hypersim import websocket
from hypersim.api.wire import Direct
from hypersim.app import Running, open_exchange
from hypersim.errors import StartError
from hypersim.settings import ANY_ADDRESS, Settings

SWITCH_INTERVAL_S: Final = 0.0005
"""A commit in its thread waits for the interpreter at most this long; the default is ten times it."""
DRAIN_TIMEOUT_S: Final = 1
"""How long requests in flight may take once the exchange was told to stop."""
KEEP_ALIVE_TIMEOUT_S: Final = 75
"""Longer than clients keep idle connections, so that it is they who close."""
COLLECT_AFTER: Final = 50_000
"""Young objects before the collector looks at them: rows and events are plain values and die by count."""
FORCED_EXIT: Final = 130


def serve(settings: Settings, announce: Callable[[Running, str], None], *, while_stdin_is_open: bool = False) -> None:
    """Serves until a signal comes; `announce` is called with the address once requests are answered.

    `while_stdin_is_open`: the end of standard input is a signal too, so that the exchange of a program that
    holds the other end never outlives it. Raises StartError when it cannot begin, and what the exchange
    failed with when it fails for good.
    """
    listener = bind(settings.host, settings.port)
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    with listener, asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_serve(settings, listener, announce, while_stdin_is_open))


def bind(host: str, port: int) -> socket.socket:
    """A socket with that address. Raises StartError when somebody else has it or it is not ours to take."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except socket.gaierror as error:
        raise StartError(
            f"{host} is no address of this machine ({error.strerror}); try HYPERSIM_HOST=127.0.0.1"
        ) from None
    listener = socket.socket(family, kind, protocol)
    try:
        if sys.platform == "win32":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        # Others are turned away from now on; whoever connects before the exchange is ready waits for it.
        listener.listen(2048)
    except OSError as error:
        listener.close()
        raise StartError(_why_not(error, host, port)) from None
    listener.setblocking(False)
    return listener


def _why_not(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"{port} is taken; try HYPERSIM_PORT={port + 1 if port < 65_535 else 8081} make run"
    if error.errno == errno.EACCES:
        return f"{port} is a port for the system's own programs; try HYPERSIM_PORT=8080 make run"
    return f"cannot listen on {host} port {port}: {error.strerror}"


def url_of(listener: socket.socket) -> str:
    """How a client on this machine reaches the listener."""
    host, port = listener.getsockname()[:2]
    if host in ANY_ADDRESS:
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


async def _serve(
    settings: Settings,
    listener: socket.socket,
    announce: Callable[[Running, str], None],
    while_stdin_is_open: bool,
) -> None:
    with _stopping() as stopping:
        if while_stdin_is_open:
            threading.Thread(target=stopping.ask_when_stdin_ends, daemon=True).start()
        async with open_exchange(settings) as running:
            url = url_of(listener)
            gc.collect()
            gc.freeze()
            gc.set_threshold(COLLECT_AFTER, 20, 100)
            server = _Server(_config(running), on_ready=lambda: announce(running, url), on_stop=running.stopping)
            stopping.server = server
            serving = asyncio.create_task(server.serve(sockets=[listener]))
            await asyncio.wait((serving, running.failure), return_when=asyncio.FIRST_COMPLETED)
            server.should_exit = True
            await serving
            if running.failure.done():
                running.failure.result()


def _config(running: Running) -> uvicorn.Config:
    websocket.allow_long_addresses()
    return uvicorn.Config(
        running.app,
        lifespan="off",
        workers=1,
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        http=_http_protocol(running.app),
        ws=websocket.Protocol,
        ws_ping_interval=websocket.PING_INTERVAL_S,
        ws_ping_timeout=websocket.PONG_TIMEOUT_S,
        ws_max_size=websocket.LONGEST_MESSAGE,
        ws_per_message_deflate=False,
        timeout_keep_alive=KEEP_ALIVE_TIMEOUT_S,
        timeout_graceful_shutdown=2 * DRAIN_TIMEOUT_S,
    )


class _Server(uvicorn.Server):
    """uvicorn's server without its signal handlers, which would end the process by the signal."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None], on_stop: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready, self._on_stop = on_ready, on_stop

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._on_stop()
        overdue = asyncio.get_running_loop().call_later(DRAIN_TIMEOUT_S, self._hang_up)
        await super().shutdown(sockets)
        overdue.cancel()

    def _hang_up(self) -> None:
        """Ends the connections whose requests are still not done, as if their clients had left."""
        for connection in list(self.server_state.connections):
            if connection.transport is not None:
                connection.transport.abort()


class _Stopping:
    """What a signal does: ends the server if there is one, else the start that is under way."""

    def __init__(self) -> None:
        self.server: uvicorn.Server | None = None
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.current_task()
        self._asked = False

    def ask(self, _signal: int, _frame: FrameType | None) -> None:
        if self._asked:
            os._exit(FORCED_EXIT)
        self._stop()

    def ask_when_stdin_ends(self) -> None:
        """Waits for that, in a thread of its own."""
        while os.read(0, 4096):
            pass
        self._loop.call_soon_threadsafe(self._stop)

    def _stop(self) -> None:
        self._asked = True
        if self.server is not None:
            self.server.should_exit = True
        elif self._task is not None:
            self._loop.call_soon_threadsafe(self._task.cancel)


@contextmanager
def _stopping() -> Generator[_Stopping, None, None]:
    stopping = _Stopping()
    signals = [signal.SIGINT, signal.SIGTERM]
    if sys.platform == "win32":
        signals.append(signal.SIGBREAK)
    before = {number: signal.signal(number, stopping.ask) for number in signals}
    try:
        yield stopping
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _http_protocol(app: Direct) -> "type[asyncio.Protocol] | str":
    try:
        from hypersim import http
    except ImportError:  # httptools is not for every system: then without the direct way
        return "auto"
    return http.serving(app)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:  # Windows, PyPy
        return None
    return uvloop.new_event_loop
