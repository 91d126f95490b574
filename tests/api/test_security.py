"""Who may call: what is missing or wrong, in the order in which it is looked at."""

import pytest

from hypersim.identity import generate
from tests.api.client import Client
from tests.api.lab import Lab


def missing(name: str) -> tuple[int, dict[str, object]]:
    sentence = f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed."
    return 400, {"code": -1102, "msg": sentence}


def empty(name: str) -> tuple[int, dict[str, object]]:
    return 400, {"code": -1105, "msg": f"Parameter '{name}' was empty."}


BAD_FORMAT = (401, {"code": -2014, "msg": "API-key format invalid."})
BAD_KEY = (401, {"code": -2015, "msg": "Invalid API-key, IP, or permissions for action."})
BAD_SIGNATURE = (400, {"code": -1022, "msg": "Signature for this request is not valid."})
UNREAD = (
    400,
    {"code": -1104, "msg": "Not all sent parameters were read; read '2' parameter(s) but was sent '3'."},
)
TOO_OLD = (400, {"code": -1021, "msg": "Timestamp for this request is outside of the recvWindow."})


def illegal(name: str, legal: str) -> tuple[int, dict[str, object]]:
    sentence = f"Illegal characters found in parameter '{name}'; legal range is '{legal}'."
    return 400, {"code": -1100, "msg": sentence}


# the API key, what is sent ({sign} is the signature over what comes before it, {now} the time), the refusal.
# Each row has every mistake of the rows after it in its group, so that the order shows.
ROWS: tuple[tuple[str | None, str, tuple[int, dict[str, object]]], ...] = (
    (None, "unknown=1", missing("timestamp")),
    (None, "unknown=1&timestamp=1", missing("signature")),
    (None, "unknown=1&signature=x", missing("timestamp")),
    (
        None,
        "unknown=1&timestamp=&signature=x",
        empty("timestamp"),
    ),
    (
        None,
        "unknown=1&timestamp=1&signature=",
        empty("signature"),
    ),
    (None, "unknown=1&timestamp=1&signature=x", BAD_FORMAT),
    ("", "unknown=1&timestamp=1&signature=x", BAD_FORMAT),
    ("short", "unknown=1&timestamp=1&signature=x", BAD_FORMAT),
    ("unknown_key_with_underscores", "unknown=1&timestamp=1&signature=x", BAD_FORMAT),
    ("x" * 65, "unknown=1&timestamp=1&signature=x", BAD_FORMAT),
    ("unknown", "unknown=1&timestamp=1&signature=x", BAD_KEY),
    ("alice_key", "unknown=1&timestamp=1&signature=x", BAD_SIGNATURE),
    ("bob_key", "unknown=1&timestamp=1&signature={sign}", BAD_SIGNATURE),
    ("alice_key", "unknown=1&timestamp=soon&signature={sign}", illegal("timestamp", "^[0-9]{1,20}$")),
    (
        "alice_key",
        "unknown=1&timestamp=1&recvWindow=x&signature={sign}",
        illegal("recvWindow", r"^([0-9]{1,20})(\.[0-9]{1,20})?$"),
    ),
    (
        "alice_key",
        "unknown=1&timestamp=1&recvWindow=60001&signature={sign}",
        (400, {"code": -1131, "msg": "recvWindow must be less than 60000."}),
    ),
    ("alice_key", "unknown=1&timestamp=1&signature={sign}", TOO_OLD),
    ("alice_key", "unknown=1&timestamp=1483228799999&signature={sign}", TOO_OLD),
    ("alice_key", "unknown=1&timestamp={now}&signature={sign}", UNREAD),
)


@pytest.mark.parametrize(("api_key", "query", "expected"), ROWS)
async def test_mistakes_are_named_in_the_order_in_which_binance_looks(
    lab: Lab, api_key: str | None, query: str, expected: tuple[int, dict[str, object]]
) -> None:
    query = query.replace("{now}", str(lab.now_ms))
    query = query.replace("{sign}", lab.alice.sign(query.partition("&signature")[0]))
    key = "A" * 64 if api_key == "unknown" else api_key
    headers = {} if key is None else {"X-MBX-APIKEY": key}
    answer = await lab.alice.raw("GET", "/v1/openOrders", query, headers=headers)
    assert expected == (answer.status, answer.json)


async def test_market_data_needs_no_key_and_ignores_a_wrong_one(lab: Lab) -> None:
    answer = await lab.alice.public("/v1/ping", {}, **{"X-MBX-APIKEY": "wrong"})
    assert (200, {}) == (answer.status, answer.json)


async def test_a_generated_key_works_as_soon_as_it_is_stored(lab: Lab) -> None:
    issued = lab.world.keys.issue(2, lab.clock.time_us)
    assert issued.secret is not None
    stranger = Client(lab.app, issued.row.api_key, issued.secret)
    assert BAD_KEY[1] == (await stranger.signed("GET", "/v1/account", time=lab.now_ms)).json
    lab.world.keys.add(issued.row)
    assert 2 == (await stranger.signed("GET", "/v1/account", time=lab.now_ms)).json["uid"]


async def test_a_key_without_an_account_may_nothing(lab: Lab) -> None:
    issued = lab.world.keys.issue(99, lab.clock.time_us, api_key=generate(), secret="s")
    lab.world.keys.add(issued.row)
    ghost = Client(lab.app, issued.row.api_key, "s")
    order = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.01"}
    for method, path, arguments in (("GET", "/v1/account", {}), ("POST", "/v1/order", order)):
        answer = await ghost.signed(method, path, arguments, time=lab.now_ms)
        assert BAD_KEY == (answer.status, answer.json)
