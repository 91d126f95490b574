"""The load generators, each against a small HTTP server that counts what it gets."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from benchmarks import wrk
from benchmarks.load import Job, Result, finish, start

GENERATORS = [
    False,
    pytest.param(True, marks=pytest.mark.skipif(wrk.program() is None, reason="wrk is not installed")),
]
CONNECTIONS = 4
BODY = '{"msg":"said \\"so\\" \n é"}'


class Counting(ThreadingHTTPServer):
    """Answers each path /<status>/... with that status, and counts paths; hangs up on /nothing."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        self.paths: Counter[str] = Counter()

    def handle_error(self, request: object, client_address: object) -> None:
        """Who hangs up while he is answered is none."""


class Answering(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Counting

    def do_GET(self) -> None:
        self.server.paths[self.path] += 1
        if self.path == "/nothing":
            self.close_connection = True
            return
        body = BODY.encode()
        head = f"HTTP/1.1 {self.path.split('/')[1]} As asked\r\nContent-Length: {len(body)}\r\n\r\n"
        self.wfile.write(head.encode() + body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Nobody reads it."""


@pytest.fixture
def server() -> Iterator[Counting]:
    with serving() as server:
        yield server


@contextmanager
def serving() -> Iterator[Counting]:
    with Counting() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def get(path: str) -> str:
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


def job(server: Counting, lists: list[list[str]], seconds: float = 1, *, once: bool = False) -> Job:
    requests = [[get(path) for path in paths] for paths in lists]
    return Job("127.0.0.1", server.server_port, requests, seconds, once=once)


@pytest.mark.parametrize("with_wrk", GENERATORS)
def test_each_request_is_sent_once_where_it_is_asked(server: Counting, with_wrk: bool) -> None:
    lists = [[f"/200/{connection}/{number}" for number in range(25)] for connection in range(CONNECTIONS)]
    result = finish(start(job(server, lists, 10, once=True), with_wrk=with_wrk))
    assert {path: 1 for paths in lists for path in paths} == server.paths
    assert {200: 100} == result.statuses
    assert 0 < result.seconds < 10
    assert 0 < result.percentile_ms(0.5) <= result.percentile_ms(0.99) < 10_000


@pytest.mark.parametrize("with_wrk", GENERATORS)
def test_lists_are_sent_over_and_over_in_their_order_for_a_time(server: Counting, with_wrk: bool) -> None:
    result = finish(start(job(server, [["/200/a", "/200/b"]] * CONNECTIONS), with_wrk=with_wrk))
    assert {"/200/a", "/200/b"} == set(server.paths)
    assert abs(server.paths["/200/a"] - server.paths["/200/b"]) <= CONNECTIONS
    assert 0 <= server.paths.total() - result.statuses[200] <= CONNECTIONS  # wrk waits for no last answer
    assert 0.9 < result.seconds < 5


@pytest.mark.parametrize("with_wrk", GENERATORS)
def test_whatever_is_no_success_is_counted_and_told(server: Counting, with_wrk: bool) -> None:
    loading = start(job(server, [["/200/a", "/400/b"], ["/503/c"]], 10, once=True), with_wrk=with_wrk)
    with pytest.raises(RuntimeError, match=re.escape(repr(BODY))) as failed:
        finish(loading)
    for count in ("200: 1", "400: 1", "503: 1", "0 lost"):
        assert count in str(failed.value)


@pytest.mark.parametrize("with_wrk", GENERATORS)
def test_a_connection_that_breaks_is_told(server: Counting, with_wrk: bool) -> None:
    loading = start(job(server, [["/nothing"]]), with_wrk=with_wrk)
    with pytest.raises(RuntimeError, match=r"[1-9]\d* lost"):
        finish(loading)


def test_percentiles_are_those_of_the_latencies() -> None:
    result = Result(1, {200: 100}, [1000 * number for number in range(100, 0, -1)])
    assert (51.0, 100.0, 100.0) == tuple(result.percentile_ms(share) for share in (0.5, 0.99, 1))
