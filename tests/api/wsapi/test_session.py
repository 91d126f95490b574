"""Who acts on a connection. Source: web-socket-api.md, 'Request security' and 'Session Authentication'."""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

import pytest

from hypersim.identity import PublicKey
from tests.api.client import Client, PairClient
from tests.api.lab import Lab
from tests.api.wsapi.talk import Talk, Talks, signature_payload
from tests.pairs import PAIRS, Pair

ORDER = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.001", "price": 40000}
BY_WHOM = "account.status"


def key_of(lab: Lab, pair: Pair, api_key: str, account_id: int = 1) -> PairClient:
    """A key of an account, with a public half."""
    issued = lab.world.keys.issue(
        account_id, lab.clock.time_us, api_key=api_key, public_key=PublicKey(pair.kind, pair.public)
    )
    lab.world.keys.add(issued.row)
    return PairClient(lab.app, api_key, pair)


async def uid(talk: Talk, params: Mapping[str, Any]) -> Any:
    return (await talk.result(BY_WHOM, params))["uid"]


# from the document: parameters, signature by the secret that is printed there
DOCUMENTED = (
    (
        {"symbol": "BTCUSDT", "quantity": "0.01000000", "side": "SELL", "price": "52000.00", "recvWindow": 100},
        "aa1b5712c094bc4e57c05a1a5c1fd8d88dcd628338ea863fec7b88e59fe2db24",
    ),
    (
        {"symbol": "１２３４５６", "quantity": "1.00000000", "side": "BUY", "price": "0.10000000", "recvWindow": 5000},
        "b33892ae8e687c939f4468c6268ddd4c40ac1af18ad19a064864c47bae0752cd",
    ),
)


@pytest.mark.parametrize(("params", "signature"), DOCUMENTED)
async def test_the_signatures_of_the_document_are_right(
    talks: Talks, params: Mapping[str, Any], signature: str
) -> None:
    lab, talk = talks.lab, await talks.open()
    key = "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A"
    secret = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"
    lab.world.keys.add(lab.world.keys.issue(1, lab.clock.time_us, api_key=key, secret=secret).row)
    sent = {**params, "type": "LIMIT", "timeInForce": "GTC", "timestamp": 1645423376532, "apiKey": key}
    payload = signature_payload(sent).encode()
    assert signature == hmac.new(secret.encode(), payload, hashlib.sha256).hexdigest()
    # the key and the signature are found in order, so that it is the time that is refused
    assert (400, -1021) == await talk.problem("order.place", {**sent, "signature": signature})
    assert (400, -1022) == await talk.problem("order.place", {**sent, "signature": signature[::-1]})


@pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS)
async def test_a_pair_signs_what_it_says_and_nothing_else(talks: Talks, talk: Talk, pair: Pair) -> None:
    client = key_of(talks.lab, pair, "pair_key")
    sent = talk.signed(ORDER, client)
    assert "NEW" == (await talk.result("order.place", sent))["status"]
    assert (400, -1022) == await talk.problem("order.place", {**sent, "price": 40001})
    assert (400, -1022) == await talk.problem("order.place", talk.signed(ORDER) | {"apiKey": "pair_key"})


# a price as JSON has it, the text that must be signed, whether other texts are refused
@pytest.mark.parametrize("number", ["40000", "40000.0", "40000.10", "40000.00000000"])
async def test_a_number_is_signed_as_it_is_written(talks: Talks, talk: Talk, number: str) -> None:
    sent = {**ORDER, "price": number, "timestamp": talks.lab.now_ms, "apiKey": "alice_key"}
    other = number + ("0" if "." in number else ".0")
    answers = []
    for signed_text in (number, other):
        signature = talks.lab.alice.sign(signature_payload({**sent, "price": signed_text}))
        texts = ",".join(
            f'"{name}":{value if name in ("price", "timestamp") else chr(34) + str(value) + chr(34)}'
            for name, value in {**sent, "signature": signature}.items()
        )
        talk.send(f'{{"id":1,"method":"order.test","params":{{{texts}}}}}')
        answers.append((await talk.read())["status"])
    assert [200, 400] == answers


async def test_what_is_about_the_answer_is_signed_too(talk: Talk) -> None:
    assert {} == await talk.result("order.test", talk.signed({**ORDER, "returnRateLimits": False}))
    unsigned = talk.signed(ORDER) | {"returnRateLimits": False}
    assert (400, -1022) == await talk.problem("order.test", unsigned)


async def test_the_case_of_an_hmac_does_not_count(talk: Talk) -> None:
    sent = talk.signed(ORDER)
    assert {} == await talk.result("order.test", sent | {"signature": sent["signature"].upper()})


# what is changed in a signed request (None: taken out), status, code: the order of the checks
WRONG: tuple[tuple[Mapping[str, Any], int, int], ...] = (
    ({"timestamp": None, "signature": None, "apiKey": None}, 400, -1102),
    ({"signature": None, "apiKey": None}, 400, -1102),
    ({"signature": ""}, 400, -1105),
    ({"timestamp": ""}, 400, -1105),
    ({"apiKey": None}, 400, -1102),
    ({"apiKey": ""}, 400, -1105),
    ({"apiKey": "nobody", "signature": "0" * 64}, 401, -2014),
    ({"apiKey": "x" * 64, "signature": "0" * 64}, 401, -2015),
    ({"apiKey": "bob_key"}, 400, -1022),
    ({"signature": "é"}, 400, -1022),
    ({"signature": 5}, 400, -1022),
    ({"recvWindow": 60001}, 400, -1022),
)


@pytest.mark.parametrize(("changes", "status", "code"), WRONG)
async def test_the_first_thing_that_is_wrong_is_told(
    talk: Talk, changes: Mapping[str, Any], status: int, code: int
) -> None:
    sent = {name: value for name, value in (talk.signed(ORDER) | dict(changes)).items() if value is not None}
    before = talk.lab.state_hash()
    assert (status, code) == await talk.problem("order.place", sent)
    assert before == talk.lab.state_hash()


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"recvWindow": 60001}, -1131),
        ({"recvWindow": "5000.1234"}, -1111),
        ({"timestamp": 1}, -1021),
        ({"timestamp": 1700000001000}, -1021),
        ({"timestamp": 1699999994999}, -1021),
        ({"timestamp": "now"}, -1100),
        ({"symbol": "NOPE"}, -1121),
    ],
)
async def test_what_is_signed_is_checked_as_in_rest(talk: Talk, params: Mapping[str, Any], code: int) -> None:
    assert (400, code) == await talk.problem("order.place", talk.signed(ORDER | dict(params)))


@pytest.mark.parametrize("stamp", [1699999995000, 1700000000999, 1700000000999999, "1700000000000"])
async def test_a_time_within_the_window_is_taken(talk: Talk, stamp: Any) -> None:
    assert {} == await talk.result("order.test", talk.signed({**ORDER, "timestamp": stamp}))


async def test_who_logged_on_needs_neither_key_nor_signature(talks: Talks, talk: Talk) -> None:
    client = key_of(talks.lab, PAIRS["Ed25519"], "pair_key")
    now_ms = talks.lab.now_ms
    nobody = {
        "apiKey": None,
        "authorizedSince": None,
        "connectedSince": now_ms,
        "returnRateLimits": False,
        "serverTime": now_ms,
        "userDataStream": False,
    }
    assert nobody == await talk.result("session.status")
    talks.lab.clock.time_us += 5_000_000
    somebody = nobody | {"apiKey": "pair_key", "authorizedSince": now_ms + 5000, "serverTime": now_ms + 5000}
    assert somebody == await talk.result("session.logon", talk.signed({}, client))
    stamp = {"timestamp": now_ms + 5000}
    assert 1 == await uid(talk, stamp)
    assert (400, -1102) == await talk.problem(BY_WHOM, {}), "the time is needed all the same"
    assert (400, -1021) == await talk.problem(BY_WHOM, {"timestamp": now_ms - 1})
    assert somebody == await talk.result("session.status")
    assert nobody | {"serverTime": now_ms + 5000} == await talk.result("session.logout")
    assert (400, -1102) == await talk.problem(BY_WHOM, stamp)
    assert nobody | {"serverTime": now_ms + 5000} == await talk.result("session.logout"), "which does nothing then"


@pytest.mark.parametrize(
    ("kind", "told"),
    [("Ed25519", 200), ("HMAC", 200), ("RSA, 2048 bits", (400, -1022)), ("RSA, 4096 bits", (400, -1022))],
)
async def test_who_may_log_on(talks: Talks, talk: Talk, kind: str, told: Any) -> None:
    client: Client = talks.lab.alice if kind == "HMAC" else key_of(talks.lab, PAIRS[kind], "pair_key")
    answer = await talk.ask("session.logon", talk.signed({}, client))
    assert told == (200 if "result" in answer else (answer["status"], answer["error"]["code"]))
    assert (client.api_key if told == 200 else None) == (await talk.result("session.status"))["apiKey"]


async def test_an_explicit_key_counts_before_that_of_the_session(talks: Talks, talk: Talk) -> None:
    lab = talks.lab
    await talk.result("session.logon", talk.signed())
    stamp = {"timestamp": lab.now_ms}
    assert [1, 2, 1] == [await uid(talk, params) for params in (stamp, talk.signed({}, lab.bob), stamp)]
    assert (400, -1102) == await talk.problem(BY_WHOM, {**stamp, "apiKey": "bob_key"}), "not without a signature"
    assert (400, -1022) == await talk.problem(BY_WHOM, {**stamp, "signature": "0" * 64})
    own = {**stamp, "signature": lab.alice.sign(signature_payload(stamp))}
    assert 1 == await uid(talk, own), "a signature alone is that of the session's key"
    await talk.result("session.logon", talk.signed({}, lab.bob))
    assert 2 == await uid(talk, stamp), "another login takes the place of the first"
    assert (400, -1022) == await talk.problem("session.logon", talk.signed() | {"apiKey": "bob_key"})
    assert 2 == await uid(talk, stamp), "one that fails does not"


async def test_a_login_is_of_one_connection(talks: Talks, talk: Talk) -> None:
    await talk.result("session.logon", talk.signed())
    other = await talks.open()
    assert (400, -1102) == await other.problem(BY_WHOM, {"timestamp": talks.lab.now_ms})


@pytest.mark.parametrize("method", ["session.logon", "userDataStream.subscribe.signature"])
@pytest.mark.parametrize("missing", ["timestamp", "apiKey", "signature"])
async def test_what_must_be_signed_is_signed_by_whoever_logged_on_too(talk: Talk, method: str, missing: str) -> None:
    sent = talk.signed()
    del sent[missing]
    assert (400, -1102) == await talk.problem(method, sent)
    assert (400, -1101) == await talk.problem("session.status", {"foo": 1})


async def test_requests_are_signed_for_in_the_order_in_which_they_came(talks: Talks, talk: Talk) -> None:
    stamp = {"timestamp": talks.lab.now_ms}
    requests: tuple[tuple[str, dict[str, Any]], ...] = (
        (BY_WHOM, stamp),
        ("session.logon", talk.signed()),
        (BY_WHOM, stamp),
        ("session.logon", talk.signed({}, talks.lab.bob)),
        (BY_WHOM, stamp),
        ("session.logout", {}),
        (BY_WHOM, stamp),
    )
    for number, (method, params) in enumerate(requests):
        talk.send({"id": number, "method": method, "params": params})
    answers = {answer["id"]: answer for answer in [await talk.read() for _ in requests]}
    told = [answers[number].get("result", {}).get("uid") for number in (0, 2, 4, 6)]
    assert [None, 1, 2, None] == told
