"""Seeded nonsense: whatever is sent, the answer is a refusal in Binance's shape, and nothing has changed."""

import random
from urllib.parse import quote_from_bytes

import pytest

from tests.api.lab import Lab

ORDER = {
    "symbol": b"BTCUSDT",
    "side": b"BUY",
    "type": b"LIMIT",
    "timeInForce": b"GTC",
    "quantity": b"0.001",
    "price": b"40000",
}
TARGETS = (
    ("POST", "/v1/order"),
    ("POST", "/v1/order/test"),
    ("DELETE", "/v1/order"),
    ("GET", "/v1/order"),
    ("DELETE", "/v1/openOrders"),
    ("GET", "/v1/allOrders"),
    ("GET", "/v1/myTrades"),
    ("POST", "/sapi/v1/capital/withdraw/apply"),
    ("GET", "/sapi/v1/capital/withdraw/history"),
    ("POST", "/sapi/v1/bnbBurn"),
)
NAMES = (
    *ORDER,
    "orderId",
    "limit",
    "startTime",
    "newClientOrderId",
    "recvWindow",
    "stopPrice",
    "foo",
    "",
    "a\0b",
)
VALUES = (
    *(b"", b"0", b"-1", b"+1", b"1e400", b"1e-400", b"NaN", b"inf", b"0x10", b"1_0", b"." * 40, b"9" * 20),
    *(b"9" * 19, b"9" * 5000, b"1.", b".1", b"0.000000001", b"null", b"None", b"[]", b'["BTCUSDT"]', b"{}"),
    *(
        b"true",
        b"\x00",
        b"\xff\xfe",
        b"\xc3\x28",
        b"\xed\xa0\x80",
        "\u2028".encode(),
        "１".encode(),
        b"%",
        b"%zz",
    ),
    *(b"' OR 1=1 --", b"<script>", b"../../etc/passwd", b"\r\nX: y", b" 1", b"1 ", b"a" * 3000, b"BTCUSDT\n"),
)


def mutated(chance: random.Random) -> bytes:
    """A payload with at least one mistake in it, as raw or percent-encoded bytes."""
    pairs = [(name.encode(), value) for name, value in ORDER.items()]
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(pairs))
        match chance.randrange(4):
            case 0:
                pairs[at] = pairs[at][0], chance.choice(VALUES)
            case 1:
                pairs.append((chance.choice(NAMES).encode(), chance.choice(VALUES)))
            case 2:
                pairs.append(pairs[at])
            case 3:
                pairs[at] = pairs[at][0], bytes(chance.randbytes(chance.randint(0, 12)))
    pairs.append((b"nonsense", b"1"))
    raw = chance.random() < 0.3
    joined = []
    for name, value in pairs:
        if raw:
            joined.append(name + b"=" + value.replace(b"&", b"").replace(b"#", b"").replace(b"\r\n", b""))
        else:
            joined.append(quote_from_bytes(name).encode() + b"=" + quote_from_bytes(value).encode())
    return b"&".join(joined)


@pytest.mark.parametrize("seed", range(20))
async def test_nonsense_is_refused_and_changes_nothing(lab: Lab, seed: int) -> None:
    chance = random.Random(seed)
    before = lab.state_hash()
    for _ in range(40):
        method, path = chance.choice(TARGETS)
        payload = mutated(chance) + f"&timestamp={lab.now_ms}".encode()
        signed = payload + b"&signature=" + lab.alice.sign(payload).encode()
        headers = {"X-MBX-APIKEY": "alice_key"}
        in_body = method == "POST" or (method == "DELETE" and chance.random() < 0.5)
        answer = await (
            lab.alice.raw(method, path, body=signed, headers=headers)
            if in_body
            else lab.alice.raw(method, path, signed, headers=headers)
        )
        assert 400 <= answer.status < 500, (method, path, payload, answer.json)
        assert {"code", "msg"} == set(answer.json), (payload, answer.json)
        assert answer.json["code"] < -1000, (payload, answer.json)
    assert before == lab.state_hash()


@pytest.mark.parametrize("seed", range(5))
async def test_random_bytes_are_refused_and_change_nothing(lab: Lab, seed: int) -> None:
    chance = random.Random(seed)
    before = lab.state_hash()
    for _ in range(40):
        method, path = chance.choice(TARGETS)
        answer = await lab.alice.raw(
            method,
            path,
            bytes(chance.randbytes(chance.randint(0, 60))).replace(b"#", b""),
            bytes(chance.randbytes(chance.randint(0, 300))) if method != "GET" else b"",
            {"X-MBX-APIKEY": chance.choice(("alice_key", "", "x" * 64))},
        )
        assert 400 <= answer.status < 500, answer.json
        assert {"code", "msg"} == set(answer.json)
    assert before == lab.state_hash()
