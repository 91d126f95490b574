"""Seeded nonsense: whatever is sent, the answer is a refusal in this dialect's shape, and nothing has changed."""

import random
from typing import Any
from urllib.parse import quote_from_bytes

import msgspec
import pytest

from hypersim.api.unified.refusals import Code
from tests.api.lab import Lab
from tests.api.unified.client import UnifiedClient

ORDER: dict[str, Any] = {"symbol": "BTC/USDT", "type": "limit", "side": "buy", "amount": 0.002, "price": 40000}
TOKENS = (
    *(b"0", b"-1", b"1e400", b"1e-400", b"NaN", b"Infinity", b"0x10", b"1_0", b"01", b"1.", b".1", b"9" * 400),
    *(
        b"0.000000001",
        b"null",
        b"true",
        b"[]",
        b"{}",
        b'""',
        b'"x"',
        b'"\\u0000"',
        b'"\\ud800"',
        b'"\xff"',
        b"[[[[1]]]]",
    ),
    *(b'"1e999"', b'"-0"', b'"BTC/USDT/"', b'"' + b"a" * 3000 + b'"', b"'1'", b"[" * 3000),
)
NAMES = (*ORDER, "cost", "clientOrderId", "timeInForce", "postOnly", "stopPrice", "foo", "", "\u2028")
TARGETS = (
    "/orders",
    "/orders/open",
    "/orders/closed",
    "/myTrades",
    "/order/BTCUSDT-1",
    "/balance",
    "/trades/BTC/USDT",
    "/ohlcv/BTCUSDT",
)
PARAMETERS = ("symbol", "since", "until", "limit", "order", "timeframe", "foo", "")
VALUES = (
    b"",
    b"0",
    b"-1",
    b"1e3",
    b"9" * 30,
    b"\xff",
    b"\x00",
    "１".encode(),
    b"null",
    b"[]",
    b"%zz",
    b"a" * 3000,
    b"' OR 1=1",
)
CODES = {code.value for code in Code}


def refused(status: int, answer: Any) -> bool:
    """Whether an answer is a refusal of this dialect, and none of a fault of ours."""
    error = answer["error"]
    return (
        400 <= status < 500
        and set(answer) == {"error"}
        and set(error) == {"code", "message", "details"}
        and error["code"] in CODES - {"INTERNAL_ERROR"}
        and len(error["message"]) > 5
    )


def body(chance: random.Random) -> bytes:
    """An order's JSON with at least one mistake in it."""
    pairs = [(msgspec.json.encode(name), msgspec.json.encode(value)) for name, value in ORDER.items()]
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(pairs))
        match chance.randrange(4):
            case 0:
                pairs[at] = pairs[at][0], chance.choice(TOKENS)
            case 1:
                pairs.append((msgspec.json.encode(chance.choice(NAMES)), chance.choice(TOKENS)))
            case 2:
                pairs[at] = pairs[at][0], chance.randbytes(chance.randint(0, 12))
            case 3:
                del pairs[at]
                if not pairs:
                    break
    if chance.random() < 0.4:
        pairs.insert(chance.randrange(len(pairs) + 1), (b'"nonsense"', b"1"))
    else:
        pairs.append((chance.choice((b'"price"', b'"amount"')), chance.choice(TOKENS)))  # the last one counts
    text = b"{" + b",".join(name + b":" + value for name, value in pairs) + b"}"
    return text[: chance.randrange(len(text))] if chance.random() < 0.2 else text


@pytest.mark.parametrize("seed", range(4))
async def test_a_nonsensical_body_is_refused_and_changes_nothing(lab: Lab, alice: UnifiedClient, seed: int) -> None:
    chance, before = random.Random(seed), lab.state_hash()
    for _ in range(150):
        sent = body(chance)
        answer = await alice.signed("POST", "/order", sent)
        assert refused(answer.status, answer.json), (sent, answer)
    assert before == lab.state_hash()


@pytest.mark.parametrize("seed", range(2))
async def test_a_nonsensical_query_or_name_is_refused_and_changes_nothing(
    lab: Lab, alice: UnifiedClient, seed: int
) -> None:
    chance, before = random.Random(seed), lab.state_hash()
    for _ in range(150):
        pairs = [(chance.choice(PARAMETERS), chance.choice(VALUES)) for _ in range(chance.randint(1, 3))]
        query = "&".join(f"{name}={quote_from_bytes(value)}" for name, value in (*pairs, ("nonsense", b"1")))
        name = quote_from_bytes(chance.choice((b"BTCUSDT-9", b"\xff", b"-", b"..", b"a" * 500, chance.randbytes(6))))
        target = chance.choice((f"{chance.choice(TARGETS)}?{query}", f"/order/{name}", f"/ticker/{name}", f"/{name}"))
        answer = await alice.signed(chance.choice(("GET", "DELETE", "POST")), target)
        assert refused(answer.status, answer.json), (target, answer)
    assert before == lab.state_hash()


@pytest.mark.parametrize("seed", range(2))
async def test_an_order_is_placed_as_it_was_written_or_not_at_all(lab: Lab, alice: UnifiedClient, seed: int) -> None:
    """Fields at random, right and wrong ones: a success says what was sent, a refusal changes nothing."""
    chance = random.Random(seed)
    for _ in range(60):
        sent = ORDER | {
            "amount": chance.choice((0.002, "0.002", "2e-3", 0, "x", None)),
            "price": chance.choice((40000, "40000.00", 4e4, "", True)),
            "timeInForce": chance.choice((None, "GTC", "PO", "DAY", 5)),
            "clientOrderId": chance.choice((None, f"mine-{chance.randrange(10**9)}", "", "ü")),
        }
        before = lab.state_hash()
        answer = await alice.order(**sent)
        if answer.status == 201:
            shown = float(answer.json["amount"]), answer.json["price"], answer.json["status"]
            assert (float(sent["amount"]), int(float(sent["price"])), "open") == shown
            assert sent["clientOrderId"] in (None, answer.json["clientOrderId"])
            await alice.cancel(answer.json["id"])
        else:
            assert refused(answer.status, answer.json), (sent, answer)
            assert before == lab.state_hash()
