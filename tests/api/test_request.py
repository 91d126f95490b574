"""What a request carries, and what its signature covers."""

import hashlib
import hmac

import pytest

from hypersim.api.binance.request import Sent
from hypersim.errors import Reason, Refused

SECRET = b"NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"

# query, body, values, payload
READ: tuple[tuple[bytes, bytes, dict[str, str], bytes], ...] = (
    (b"", b"", {}, b""),
    (b"a=1&b=2", b"", {"a": "1", "b": "2"}, b"a=1&b=2"),
    (b"a=1&signature=ff", b"", {"a": "1", "signature": "ff"}, b"a=1"),
    (b"signature=ff&a=1", b"", {"a": "1", "signature": "ff"}, b"a=1"),
    (b"a=1&signature=ff&b=2", b"", {"a": "1", "signature": "ff", "b": "2"}, b"a=1&b=2"),
    (b"signature=ff", b"a=1&b=2", {"signature": "ff", "a": "1", "b": "2"}, b"a=1&b=2"),
    (b"a=1&b=2", b"signature=ff", {"a": "1", "b": "2", "signature": "ff"}, b"a=1&b=2"),
    (b"a=1", b"b=2&signature=ff", {"a": "1", "b": "2", "signature": "ff"}, b"a=1b=2"),
    (b"a=query", b"a=body&b=2", {"a": "query", "b": "2"}, b"a=querya=body&b=2"),
    (b"a=", b"", {"a": ""}, b"a="),
    (b"a", b"", {"a": ""}, b"a"),
    (b"a=1&", b"", {"a": "1"}, b"a=1&"),
    (b"a=b=c", b"", {"a": "b=c"}, b"a=b=c"),
    (b"a=x+y%20z", b"", {"a": "x y z"}, b"a=x+y%20z"),
    (b"%61=1", b"", {"a": "1"}, b"%61=1"),
    (b"symbols=%5B%22A%22,%22B%22%5D", b"", {"symbols": '["A","B"]'}, b"symbols=%5B%22A%22,%22B%22%5D"),
    (b"s=%EF%BC%91", b"", {"s": "１"}, b"s=%EF%BC%91"),
    ("s=１".encode(), b"", {"s": "１"}, "s=１".encode()),
    (b"a=%00", b"", {"a": "\0"}, b"a=%00"),
)


@pytest.mark.parametrize(("query", "body", "values", "payload"), READ)
def test_values_and_payload_are_what_was_sent(
    query: bytes, body: bytes, values: dict[str, str], payload: bytes
) -> None:
    sent = Sent(query, body)
    assert (values, payload) == (sent.values, sent.payload)


@pytest.mark.parametrize(
    ("query", "body", "reason"),
    [
        (b"a=1&a=1", b"", Reason.DUPLICATE_PARAMETER),
        (b"a=1&a=2", b"", Reason.DUPLICATE_PARAMETER),
        (b"a=1&%61=2", b"", Reason.DUPLICATE_PARAMETER),
        (b"", b"a=1&a=2", Reason.DUPLICATE_PARAMETER),
        (b"signature=aa&signature=bb", b"", Reason.DUPLICATE_PARAMETER),
        (b"a=%", b"", Reason.ILLEGAL_CHARACTERS),
        (b"a=%4", b"", Reason.ILLEGAL_CHARACTERS),
        (b"a=%zz", b"", Reason.ILLEGAL_CHARACTERS),
        (b"a=%ff", b"", Reason.ILLEGAL_CHARACTERS),
        (b"a=\xff", b"", Reason.ILLEGAL_CHARACTERS),
        (b"", b"a=\xc3\x28", Reason.ILLEGAL_CHARACTERS),
        (b"%ff=1", b"", Reason.ILLEGAL_CHARACTERS),
    ],
)
def test_what_cannot_be_read_for_certain_is_refused(query: bytes, body: bytes, reason: Reason) -> None:
    with pytest.raises(Refused) as refused:
        Sent(query, body)
    assert reason is refused.value.reason


# The worked examples of rest-api.md, 'HMAC Keys'.
REST = b"&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559"
DOCUMENTED = (
    (
        b"symbol=LTCBTC" + REST,
        "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71",
    ),
    (
        b"symbol=%EF%BC%91%EF%BC%92%EF%BC%93%EF%BC%94%EF%BC%95%EF%BC%96" + REST,
        "e1353ec6b14d888f1164ae9af8228a3dbd508bc82eb867db8ab6046442f33ef3",
    ),
)


@pytest.mark.parametrize(("payload", "signature"), DOCUMENTED)
def test_the_documented_requests_have_the_documented_signatures(payload: bytes, signature: str) -> None:
    pair = b"signature=" + signature.encode()
    for query, body in ((payload + b"&" + pair, b""), (payload, pair), (b"", payload + b"&" + pair)):
        sent = Sent(query, body)
        assert signature == hmac.new(SECRET, sent.payload, hashlib.sha256).hexdigest()
        assert signature == sent.values["signature"]
