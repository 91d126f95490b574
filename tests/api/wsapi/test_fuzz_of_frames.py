"""Seeded nonsense over one connection: each message has its answer, which is a refusal, and nothing has changed."""

import json
import random
from typing import Any

import pytest

from hypersim.api.binance.wsapi.methods import METHODS
from hypersim.api.binance.wsapi.own import OWN
from tests.api.wsapi.talk import Talk, Talks

NAMES = (
    "symbol",
    "side",
    "type",
    "quantity",
    "price",
    "orderId",
    "limit",
    "timestamp",
    "signature",
    "apiKey",
    "",
    "é\0",
)
VALUES: tuple[Any, ...] = (
    *("", "0", "-1", "1e400", "NaN", "9" * 20, "9" * 3000, "null", "[]", "{}", "\u2028", "１", "%", "' OR 1=1 --"),
    *(0, -1, 1e300, 0.1, 10**30, True, False, None, [], {}, [[]], {"a": {"b": [None]}}, ["BTCUSDT", 1], "BTCUSDT"),
)
ACTING = ("order.place", "order.cancel", "order.cancelReplace", "orderList.place.oco", "openOrders.cancelAll")


def message(chance: random.Random, talk: Talk) -> str:
    """One that cannot be carried out: it has a parameter that nothing has."""
    method = chance.choice((*METHODS, *OWN, *ACTING, "", "nothing"))
    params = {chance.choice(NAMES): chance.choice(VALUES) for _ in range(chance.randrange(5))} | {"nonsense": 1}
    if chance.random() < 0.5:
        params |= {"apiKey": "alice_key", "timestamp": talk.lab.now_ms, "signature": "0" * 64}
    whole: dict[str, Any] = {"id": chance.choice((1, "a", None)), "method": method, "params": params}
    match chance.randrange(6):
        case 0:
            whole[chance.choice(("id", "method", "params"))] = chance.choice(VALUES[14:])
        case 1:
            del whole[chance.choice(("id", "method", "params"))]
            whole.setdefault("params", {"nonsense": 1})
        case 2:
            text = json.dumps(whole)
            at = chance.randrange(len(text))
            return text[:at] + chance.choice(('"', "{", "\\", "\x00", "é", "")) + text[at + 1 :]
        case 3:
            return json.dumps(whole)[: chance.randrange(60)]
    return json.dumps(whole)


@pytest.mark.parametrize("seed", range(10))
async def test_nonsense_is_refused_and_changes_nothing(talks: Talks, seed: int) -> None:
    chance = random.Random(seed)
    talk = await talks.open()
    before = talks.lab.state_hash()
    harmless = {"rateLimits", "id", "status", "error"}
    for _ in range(150):
        sent = message(chance, talk)
        talk.send(sent)
        answer = await talk.read()
        if answer["status"] == 200:  # what was broken is what made it nonsense
            assert "nonsense" not in json.loads(sent).get("params", {}), sent
            continue
        assert harmless == set(answer), sent
        assert 400 <= answer["status"] < 500, (sent, answer)
        assert answer["error"]["code"] < -1000, (sent, answer)
    assert before == talks.lab.state_hash()
    assert talk.wire.closed is None
    assert "result" in await talk.ask("ping")
