"""A guard on this process's sockets: it sees each name looked up and each connection made.

It listens to the interpreter's own audit events, so it does not matter which library opens the socket, in
which thread, or whether that library took `socket.create_connection` for itself long ago. Event loops that
open sockets outside the interpreter (uvloop) are out of its sight; asyncio's own are not.
"""

from __future__ import annotations

import sys
from typing import Any, Final

WATCHED: Final = frozenset(
    {
        "socket.connect",
        "socket.getaddrinfo",
        "socket.gethostbyaddr",
        "socket.gethostbyname",
        "socket.sendmsg",
        "socket.sendto",
    }
)


class ForeignHost(AssertionError):
    """Something in this process tried to reach a host that it must not."""


class Guard:
    """Stops what is not in `allowed`, (host, port) each, while it is `on`.

    `reached` are the connections it let through, `foreign` is what it stopped. One for a process: the
    interpreter never forgets an audit hook.
    """

    def __init__(self) -> None:
        self.on = False
        self.allowed: set[tuple[str, int]] = set()
        self.reached: list[tuple[str, int]] = []
        self.foreign: list[str] = []
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.on or event not in WATCHED:
            return
        target = arguments[:2] if event == "socket.getaddrinfo" else arguments[-1]
        address = host_and_port(target)
        if address in self.allowed:
            if event == "socket.connect":
                self.reached.append(address)
            return
        self.foreign.append(f"{event} {target!r}")
        raise ForeignHost(self.foreign[-1])


def host_and_port(target: Any) -> tuple[str, int]:
    """Of an address; (the text of it, 0) for one without a port, which is then nobody's."""
    match target:
        case (str() | bytes() as host, int() | str() | bytes() as port, *_):
            return host.decode() if isinstance(host, bytes) else host, int(port)
        case _:
            return str(target), 0
