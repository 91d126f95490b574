"""What a message may look like, and what is answered to one that is none.

Source: web-socket-api.md, 'Request format'.
"""

import json
from typing import Any

import pytest

from tests.api.wsapi.talk import Talk, Talks, open_talks

NOT_JSON = {"code": -1135, "msg": "Invalid JSON Request"}
BAD_ID = {
    "code": -1135,
    "msg": "Invalid 'id' in JSON request; expected an integer, a string matching '^[a-zA-Z0-9-_]{1,36}$', or null.",
}
BAD_METHOD = {"code": -1135, "msg": "Invalid 'method' in JSON request; expected a string."}
BAD_PARAMS = {"code": -1135, "msg": "Invalid 'params' in JSON request; expected an object."}
UUID = "e2a85d9f-07a5-4f94-8d5f-789dc3deb097"


def no_method(name: str) -> dict[str, Any]:
    return {"code": -1020, "msg": f"This operation is not supported. There is no method '{name}'."}


@pytest.mark.parametrize("request_id", [1, 0, -1, 2**63 - 1, -(2**63), "1", "a_B-9", UUID, None])
async def test_an_id_comes_back_as_it_was_sent(talk: Talk, request_id: Any) -> None:
    talk.send({"id": request_id, "method": "ping"})
    assert {"id": request_id, "status": 200, "result": {}} == await talk.read()


# message, id, status, error
MESSAGES: tuple[tuple[str, Any, int, Any], ...] = (
    ("", None, 400, NOT_JSON),
    ("{", None, 400, NOT_JSON),
    ("nonsense", None, 400, NOT_JSON),
    ("[]", None, 400, NOT_JSON),
    ("1", None, 400, NOT_JSON),
    ("null", None, 400, NOT_JSON),
    ("[" * 5000, None, 400, NOT_JSON),
    ('{"id":1,"method":"ping","params":' + '{"a":' * 5000, None, 400, NOT_JSON),
    ('{"id":1,"method":"\\ud800"}', None, 400, NOT_JSON),
    ('{"id":1,"method":"ping"} x', None, 400, NOT_JSON),
    ('{"id":1,"method":"ping","params":{"a":tru}}', None, 400, NOT_JSON),
    ('{"method":"ping"}', None, 400, BAD_ID),
    ('{"id":1.0,"method":"ping"}', None, 400, BAD_ID),
    ('{"id":1e3,"method":"ping"}', None, 400, BAD_ID),
    ('{"id":9223372036854775808,"method":"ping"}', None, 400, BAD_ID),
    ('{"id":true,"method":"ping"}', None, 400, BAD_ID),
    ('{"id":[1],"method":"ping"}', None, 400, BAD_ID),
    ('{"id":"","method":"ping"}', None, 400, BAD_ID),
    ('{"id":"a b","method":"ping"}', None, 400, BAD_ID),
    (json.dumps({"id": "x" * 37, "method": "ping"}), None, 400, BAD_ID),
    ('{"id":7}', 7, 400, BAD_METHOD),
    ('{"id":7,"method":null}', 7, 400, BAD_METHOD),
    ('{"id":7,"method":5}', 7, 400, BAD_METHOD),
    ('{"id":"7","method":"ping","params":[]}', "7", 400, BAD_PARAMS),
    ('{"id":"7","method":"ping","params":"a"}', "7", 400, BAD_PARAMS),
    ('{"id":"7","method":"ping","params":null}', "7", 400, BAD_PARAMS),
    ('{"id":7,"method":"nothing"}', 7, 404, no_method("nothing")),
    ('{"id":7,"method":"Ping"}', 7, 404, no_method("Ping")),
    ('{"id":7,"method":"v1/ping"}', 7, 404, no_method("v1/ping")),
    ('{"id":7,"method":"v3/v3/ping"}', 7, 404, no_method("v3/ping")),
    ('{"id":7,"method":""}', 7, 404, no_method("")),
)


@pytest.mark.parametrize(("message", "request_id", "status", "error"), MESSAGES)
async def test_what_is_no_request_is_refused_and_the_connection_lives(
    talk: Talk, message: str, request_id: Any, status: int, error: Any
) -> None:
    talk.send(message)
    assert {"id": request_id, "status": status, "error": error} == await talk.read()
    assert {} == await talk.result("ping")


# the params of a depth request as they are written, status, code
VALUES: tuple[tuple[str, int, int | None], ...] = (
    ('"symbol":"BTCUSDT"', 200, None),
    ('"symbol":"BTCUSDT","limit":5', 200, None),
    ('"symbol":"BTCUSDT","limit":"5"', 200, None),
    ('"limit": 5 , "symbol" : "BTC\\u0055SDT"', 200, None),
    ('"symbol":"BTCUSDT","limit":5.0', 400, -1100),
    ('"symbol":"BTCUSDT","limit":1e1', 400, -1100),
    ('"symbol":"BTCUSDT","limit":-5', 400, -1100),
    ('"symbol":"BTCUSDT","limit":true', 400, -1100),
    ('"symbol":"BTCUSDT","limit":[5]', 400, -1100),
    ('"symbol":"BTCUSDT","limit":{"a":5}', 400, -1100),
    ('"symbol":"BTCUSDT","limit":null', 400, -1105),
    ('"symbol":"BTCUSDT","limit":""', 400, -1105),
    ('"symbol":null', 400, -1105),
    ('"Symbol":"BTCUSDT"', 400, -1102),
    ('"symbol":"btcusdt"', 400, -1100),
    ('"symbol":"BTCUSDT","foo":1', 400, -1104),
    ('"symbol":"BTCUSDT","a":1,"b":2,"c":3', 400, -1101),
    ('"symbol":"BTCUSDT","returnRateLimits":false', 200, None),
    ('"symbol":"BTCUSDT","returnRateLimits":"no"', 400, -1130),
    ('"symbol":"BTCUSDT","apiKey":"whoever"', 200, None),
)


@pytest.mark.parametrize(("params", "status", "code"), VALUES)
async def test_a_value_is_read_by_the_text_that_it_is(talk: Talk, params: str, status: int, code: int | None) -> None:
    talk.send(f'{{"id":1,"method":"depth","params":{{{params}}}}}')
    answer = await talk.read()
    assert (status, code) == (answer["status"], answer.get("error", {}).get("code"))


@pytest.mark.parametrize(
    ("symbols", "told"),
    [
        ('["BTCUSDT", "ETHUSDT"]', ["BTCUSDT", "ETHUSDT"]),
        ('"[\\"BTCUSDT\\"]"', ["BTCUSDT"]),
        ("[]", []),
        ('["BTCUSDT","BTCUSDT"]', -1151),
        ('["btcusdt"]', -1100),
        ("[1]", -1100),
        ("[[]]", -1100),
    ],
)
async def test_symbols_are_an_array(talk: Talk, symbols: str, told: Any) -> None:
    talk.send(f'{{"id":1,"method":"executionRules","params":{{"symbols":{symbols}}}}}')
    answer = await talk.read()
    found = (
        [each["symbol"] for each in answer["result"]["symbolRules"]] if "result" in answer else answer["error"]["code"]
    )
    assert told == found


# in the address, in the request, whether the answer says what was used
SHOWN = (
    ("", None, True),
    ("", False, False),
    ("", "false", False),
    ("", True, True),
    ("returnRateLimits=false", None, False),
    ("returnRateLimits=false", True, True),
    ("returnRateLimits=true", None, True),
    ("returnRateLimits=true", False, False),
)


@pytest.mark.parametrize(("address", "param", "shown"), SHOWN)
async def test_rate_limits_are_told_unless_address_or_request_say_otherwise(
    talks: Talks, address: str, param: Any, shown: bool
) -> None:
    talk = await talks.open(address)
    for method in ("ping", "session.status", "nothing"):
        answer = await talk.ask(method, {} if param is None else {"returnRateLimits": param})
        assert shown == ("rateLimits" in answer), method


@pytest.mark.parametrize(
    ("address", "status", "code"),
    [("timeUnit=SECOND", 400, -1194), ("returnRateLimits=maybe", 400, -1130)],
)
async def test_an_address_that_makes_no_sense_is_refused(talks: Talks, address: str, status: int, code: int) -> None:
    refused = (await talks.open(address)).refusal
    assert (status, code) == (refused[0], refused[1]["code"])


@pytest.mark.parametrize("unit", ["MICROSECOND", "microsecond"])
async def test_times_are_in_the_unit_of_the_address(talks: Talks, unit: str) -> None:
    talk = await talks.open(f"timeUnit={unit}")
    now_us = talks.lab.clock.time_us
    assert {"serverTime": now_us} == await talk.result("time")
    status = await talk.result("session.status")
    assert (now_us, now_us) == (status["connectedSince"], status["serverTime"])


async def test_that_the_exchange_stops_is_told() -> None:
    async with open_talks() as talks:
        talk = await talks.open()
        talks.sockets.stopping()
        assert {"event": {"e": "serverShutdown", "E": talks.lab.now_ms}} == await talk.read()


async def test_a_fault_is_answered_and_the_connection_lives(
    talks: Talks, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    talk = await talks.open("returnRateLimits=false")
    monkeypatch.setattr(talks.lab.world.accounts, "open_orders", None)
    answer = await talk.ask("openOrders.status", talk.signed())
    problem = {"code": -1000, "msg": "An unknown error occurred while processing the request."}
    assert {"id": 1, "status": 500, "error": problem} == answer
    assert ["openOrders.status failed"] == [record.getMessage() for record in caplog.records]
    assert {} == await talk.result("ping")
    caplog.clear()
