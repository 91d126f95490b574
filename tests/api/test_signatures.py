"""What a signature covers, for every kind of key: the very bytes of query and body, however they are divided."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from hypersim.identity import read_public_key
from tests.api.client import Client, PairClient
from tests.api.lab import Lab
from tests.pairs import PAIRS

SIGNED = (400, {"code": -1022, "msg": "Signature for this request is not valid."})
KINDS = ("HMAC", *PAIRS)


def client(lab: Lab, kind: str) -> Client:
    """Alice, with a key of that kind."""
    if kind == "HMAC":
        return lab.alice
    issued = lab.world.keys.issue(1, 0, public_key=read_public_key(PAIRS[kind].public))
    lab.world.keys.add(issued.row)
    return PairClient(lab.app, issued.row.api_key, PAIRS[kind])


def spoilt(signature: str) -> str:
    """With another first letter."""
    return ("1" if signature[0] == "0" else "0") + signature[1:]


# {1} and {2} are the two halves of the parameters, {whole} is the signature of one after the other with an
# ampersand between them, {apart} the one without
WAYS = {
    "in the query": ("{1}&{2}&signature={whole}", ""),
    "in the query, first": ("signature={whole}&{1}&{2}", ""),
    "in the query, in the middle": ("{1}&signature={whole}&{2}", ""),
    "in the body": ("", "{1}&{2}&signature={whole}"),
    "in the body, first": ("", "signature={whole}&{1}&{2}"),
    "parameters in the query, signature in the body": ("{1}&{2}", "signature={whole}"),
    "parameters in the body, signature in the query": ("signature={whole}", "{1}&{2}"),
    "divided, signature in the body": ("{1}", "{2}&signature={apart}"),
    "divided, signature in the query": ("{1}&signature={apart}", "{2}"),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("way", WAYS)
async def test_a_signed_order_may_be_divided_between_query_and_body_in_every_way(lab: Lab, kind: str, way: str) -> None:
    who = client(lab, kind)
    first = "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC"
    second = f"quantity=0.001&price=40000&recvWindow=5000&timestamp={lab.now_ms}"
    key = {"X-MBX-APIKEY": who.api_key}
    for spoil, expected in ((False, 200), (True, 400)):
        signs = [who.sign(payload) for payload in (f"{first}&{second}", first + second)]
        whole, apart = (quote(spoilt(sign) if spoil else sign, safe="") for sign in signs)
        query, body = (part.format("", first, second, whole=whole, apart=apart) for part in WAYS[way])
        answer = await who.raw("POST", "/v1/order", query, body, key)
        assert (expected, SIGNED[1] if spoil else "NEW") == (
            answer.status,
            answer.json if spoil else answer.json["status"],
        )


@pytest.mark.parametrize("kind", KINDS)
async def test_where_a_name_is_in_both_places_both_are_signed_and_the_query_counts(lab: Lab, kind: str) -> None:
    who = client(lab, kind)
    query = f"symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.001&price=40000&timestamp={lab.now_ms}"
    body, key = "price=1&quantity=9&timestamp=1", {"X-MBX-APIKEY": who.api_key}
    signature = quote(who.sign(query + body), safe="")
    answer = await who.raw("POST", "/v1/order", query, f"{body}&signature={signature}", key)
    assert ("40000.00000000", "0.00100000") == (answer.json["price"], answer.json["origQty"])
    changed = await who.raw("POST", "/v1/order", query, f"price=2&quantity=9&timestamp=1&signature={signature}", key)
    assert SIGNED == (changed.status, changed.json)


# what is sent, how else it could be written, the code of the refusal that comes after the signature
SPELLINGS = (
    ("symbol=%EF%BC%91%EF%BC%92", "symbol=%ef%bc%91%ef%bc%92", -1121),
    ("symbol=%ef%bc%91%ef%bc%92", "symbol=１２", -1121),
    ("symbol=%42TCUSDX", "symbol=BTCUSDX", -1121),
    ("x=a+b", "x=a%20b", -1104),
    ("x=a%20b", "x=a b", -1104),
    ("x=a%20b", "x=a+b", -1104),
    ("x=%5B%22A%22,%22B%22%5D", 'x=["A","B"]', -1104),
    ('x=["A","B"]', "x=%5B%22A%22%2C%22B%22%5D", -1104),
    ("x=a%2Bb", "x=a+b", -1104),
    ("x=a&", "x=a", -1104),
    ("x", "x=", -1104),
)


@pytest.mark.parametrize("kind", ["HMAC", "Ed25519"])
@pytest.mark.parametrize(("sent", "other", "code"), SPELLINGS)
async def test_the_signature_is_over_what_was_sent_and_over_no_other_spelling_of_it(
    lab: Lab, kind: str, sent: str, other: str, code: int
) -> None:
    who, time = client(lab, kind), f"timestamp={lab.now_ms}"
    key = {"X-MBX-APIKEY": who.api_key}
    payload = f"{time}&{sent}"
    for signed, expected in ((payload, code), (f"{time}&{other}", -1022)):
        signature = quote(who.sign(signed), safe="")
        answer = await who.raw("GET", "/v1/openOrders", f"signature={signature}&{payload}", headers=key)
        assert (400, expected) == (answer.status, answer.json["code"])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("place", ["query", "body"])
async def test_what_is_not_percent_encoded_has_no_valid_signature(lab: Lab, kind: str, place: str) -> None:
    """CHANGELOG.md, 2025-12-17: encode first, sign then."""
    who = client(lab, kind)
    key = {"X-MBX-APIKEY": who.api_key}
    payload = f"symbol=１２&orderId=1&timestamp={lab.now_ms}"
    sent = f"{payload}&signature={quote(who.sign(payload), safe='')}"
    query, body = (sent, "") if place == "query" else ("", sent)
    answer = await who.raw("DELETE", "/v1/order", query, body, key)
    assert SIGNED == (answer.status, answer.json)


@pytest.mark.parametrize("kind", PAIRS)
async def test_base64_is_percent_encoded_where_a_plus_sign_would_be_a_space(lab: Lab, kind: str) -> None:
    who = client(lab, kind)
    key, payload, signature = {"X-MBX-APIKEY": who.api_key}, "", ""
    while "+" not in signature or "/" not in signature:
        lab.clock.time_us += 1000
        payload = f"timestamp={lab.now_ms}"
        signature = who.sign(payload)
    for written, expected in (
        (quote(signature, safe=""), 200),
        (quote(signature, safe="").replace("%2F", "%2f").replace("%2B", "%2b"), 200),
        (signature.replace("+", "%2B"), 200),
        (signature, 400),
        (signature.replace("+", "-").replace("/", "_"), 400),
    ):
        answer = await who.raw("GET", "/v1/openOrders", f"{payload}&signature={written}", headers=key)
        assert (written, expected) == (written, answer.status)
        assert answer.json == ([] if expected == 200 else SIGNED[1])


@pytest.mark.parametrize("kind", KINDS)
async def test_a_text_that_is_no_signature_of_any_key_is_a_wrong_one(lab: Lab, kind: str) -> None:
    """Of whatever letters and length: -1022 rather than -1100."""
    who = client(lab, kind)
    key, payload = {"X-MBX-APIKEY": who.api_key}, f"timestamp={lab.now_ms}"
    others = [client(lab, other).sign(payload) for other in KINDS if other != kind]
    for signature in ("x", "0" * 64, "0" * 63, "A" * 86 + "==", "=", "%", "é", "\0", "A" * 9000, *others):
        answer = await who.raw("GET", "/v1/openOrders", f"{payload}&signature={quote(signature, safe='')}", headers=key)
        assert (signature, SIGNED) == (signature, (answer.status, answer.json))


DOCUMENTED_KEY = "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A"
DOCUMENTED_SECRET = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"
SECOND_HALF = "&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559"
DOCUMENTED = (
    ("symbol=LTCBTC", "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71"),
    (
        "symbol=%EF%BC%91%EF%BC%92%EF%BC%93%EF%BC%94%EF%BC%95%EF%BC%96",
        "e1353ec6b14d888f1164ae9af8228a3dbd508bc82eb867db8ab6046442f33ef3",
    ),
)


@pytest.mark.parametrize(("symbol", "signature"), DOCUMENTED)
async def test_the_documented_orders_are_believed_with_the_documented_signatures(
    lab: Lab, symbol: str, signature: str
) -> None:
    """rest-api.md, 'HMAC Keys': this exchange does not have the symbols, and says so once it knows who asks."""
    issued = lab.world.keys.issue(1, 0, api_key=DOCUMENTED_KEY, secret=DOCUMENTED_SECRET)
    lab.world.keys.add(issued.row)
    lab.clock.time_us = 1_499_827_319_559_000
    key = {"X-MBX-APIKEY": DOCUMENTED_KEY}
    unknown = (400, {"code": -1121, "msg": "Invalid symbol."})
    for sign, expected in ((signature, unknown), (signature.upper(), unknown), (signature[:-1] + "0", SIGNED)):
        answer = await lab.alice.raw("POST", "/api/v3/order", f"{symbol}{SECOND_HALF}&signature={sign}", headers=key)
        assert expected == (answer.status, answer.json)
