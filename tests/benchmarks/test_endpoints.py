"""What the part `endpoints` asks, and that a cancel is one."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from benchmarks.endpoints import LEVELS, OPEN, Desk
from benchmarks.targets import Target, stamp

CANCELS = 450


@pytest.fixture(scope="module")
def desk(target: Target) -> Desk:
    return Desk(target, CANCELS)


def test_each_call_is_answered_with_what_its_name_says(target: Target, desk: Desk) -> None:
    told = {name: answered(target, make()) for name, make in desk.requests().items()}
    assert "NEW" == told["GET order (open)"]["status"]
    assert ("FILLED", "SELL") == (told["GET order (filled)"]["status"], told["GET order (filled)"]["side"])
    assert OPEN == len(told["GET openOrders"])
    assert ["BTC", "USDT"] == sorted(
        balance["asset"] for balance in told["GET account"]["balances"] if float(balance["free"])
    )
    assert [LEVELS, LEVELS] == [len(told["GET depth"][side]) for side in ("bids", "asks")]
    assert ["50000.00000000", "0.00100000"] == [told["GET ticker/24hr"][name] for name in ("lastPrice", "volume")]


def test_every_cancel_is_of_an_order_of_its_own_and_leaves_nothing(target: Target, desk: Desk) -> None:
    before = standing(desk, target)
    assert {200: CANCELS} == desk.cancel(0).statuses
    assert before == standing(desk, target)


def standing(desk: Desk, target: Target) -> tuple[list[Any], int]:
    """The book, and how many orders the accounts have whose orders are cancelled."""
    book = answered(target, desk.requests()["GET depth"]())
    makers = [target.call(maker, "GET", "/v1/openOrders", stamp()) for maker in desk.makers]
    return [book["bids"], book["asks"]], sum(map(len, makers))


def answered(target: Target, request: str) -> Any:
    """The answer to a request as text."""
    line, _, headers = request.partition("\r\n")
    method, path, _ = line.split(" ")
    sent = dict(header.split(": ") for header in headers.strip().splitlines())
    answer = httpx.request(method, f"http://127.0.0.1:{target.port}{path}", headers=sent, trust_env=False)
    answer.raise_for_status()
    return answer.json()
