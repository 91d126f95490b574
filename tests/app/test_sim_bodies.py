"""What the simulation API reads, and how it words what it refuses."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Literal

import msgspec
import pytest

from hypersim.api.sim import bodies
from hypersim.api.sim.paths import on_path
from hypersim.api.sim.refusals import SENTENCES, render
from hypersim.engine.commands import Print
from hypersim.engine.orders import Side
from hypersim.errors import Reason, Refused
from hypersim.feeds.levers.bend import UNBENT
from hypersim.feeds.levers.levers import PathStatus
from hypersim.feeds.levers.pricepath import read_path
from hypersim.units import parse
from tests.pairs import PAIRS


def test_every_reason_has_a_sentence() -> None:
    assert set(Reason) == set(SENTENCES)


@pytest.mark.parametrize("reason", Reason)
def test_every_sentence_renders_with_and_without_its_details(reason: Reason) -> None:
    for details in ((), ("first", 2, "third")):
        status, body = render(Refused(reason, *details))
        error = msgspec.json.decode(body)["error"]

        assert 400 <= status < 600
        assert (reason.value, list(details)) == (error["code"], error["details"])
        assert "{" not in error["message"]


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ('"10000"', "10000"),
        ("10000", "10000"),
        ("10000.5", "10000.5"),
        ('"0.00000001"', "0.00000001"),
        ("92233720368.54775807", "92233720368.54775807"),
        ('"1.50000000000"', "1.5"),
        ("0", None),
    ],
)
def test_an_amount_is_read_as_it_was_written(written: str, amount: str | None) -> None:
    body = bodies.read(b'{"balances": {"BTC": %s}}' % written.encode(), bodies.OpenAccountBody)

    assert (() if amount is None else (("BTC", parse(amount) * 10**8),)) == bodies.amounts(body.balances)


@pytest.mark.parametrize(
    ("body", "field", "said"),
    [
        (b'{"balances": {"BTC": "NaN"}}', "balances.BTC", "a plain decimal is wanted, such as 0.5"),
        (b'{"balances": {"BTC": 1e5}}', "balances.BTC", "a plain decimal is wanted, such as 0.5"),
        (b'{"balances": {"BTC": -1}}', "balances.BTC", "a plain decimal is wanted, such as 0.5"),
        (b'{"balances": {"BTC": "1,5"}}', "balances.BTC", "a plain decimal is wanted, such as 0.5"),
        (b'{"balances": {"BTC": null}}', "balances.BTC", "a plain decimal is wanted, such as 0.5"),
        (b'{"balances": {"BTC": [1]}}', "balances.BTC", "a plain decimal is wanted, such as 0.5"),
        (b'{"balances": {"BTC": "\\u0661"}}', "balances.BTC", "a plain decimal is wanted, such as 0.5"),
        (b'{"balances": {"BTC": "0.000000001"}}', "balances.BTC", "at most 8 decimals"),
        (b'{"balances": {"BTC": "92233720368.54775808"}}', "balances.BTC", "at most 92233720368.54775807"),
        (b'{"balances": {"btc": "1"}}', "key in $.balances", "Expected `str` matching regex"),
        (b'{"balances": [1]}', "balances", "Expected `object`, got `array`"),
        (b'{"balanses": {}}', "body", "Object contains unknown field `balanses`"),
        (b'{"apiKey": "a b"}', "apiKey", "Expected `str` matching regex"),
        (b'{"apiKey": "ab\\n"}', "apiKey", "Expected `str` matching regex"),
        (b'{"label": "a\\u0000b"}', "label", "Expected `str` matching regex"),
        (b'{"label": 5}', "label", "Expected `str`, got `int`"),
        (b'{"publicKey": 5}', "publicKey", "Expected `str | null`, got `int`"),
        (b'{"publicKey": "%s"}' % (b"A" * 5001), "publicKey", "Expected `str` of length <= 5000"),
        (b"[]", "body", "Expected `object`, got `array`"),
        (b"[" * 100_000, "body", "Expected `object`, got `array`"),
        (b'{"balances": ', "body", "not JSON: "),
        (b'{"label": "\xff\xfe"}', "body", "not JSON: "),
    ],
)
def test_a_body_that_means_nothing_is_refused_by_the_name_of_its_field(body: bytes, field: str, said: str) -> None:
    with pytest.raises(Refused) as refused:
        bodies.amounts(bodies.read(body, bodies.OpenAccountBody).balances)

    assert Reason.INVALID_FIELD is refused.value.reason
    assert field == refused.value.details[0]
    assert str(refused.value.details[1]).startswith(said)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"publicKey": ""}, "a PEM is wanted, from '-----BEGIN PUBLIC KEY-----' to '-----END PUBLIC KEY-----'"),
        (
            {"publicKey": PAIRS["Ed25519"].private},
            "this is a private key: keep it to yourself, and send its public half",
        ),
        (
            {"publicKey": PAIRS["Ed25519"].public, "secretKey": "mine"},
            "comes without secretKey: its private half signs",
        ),
    ],
    ids=["empty", "private", "beside a secret"],
)
@pytest.mark.parametrize("shape", [bodies.KeyBody, bodies.OpenAccountBody])
def test_a_public_key_that_cannot_be_one_is_refused_by_its_name(
    shape: type[bodies.KeyBody], body: dict[str, str], said: str
) -> None:
    with pytest.raises(Refused) as refused:
        bodies.public_key(bodies.read(msgspec.json.encode(body), shape))

    assert (Reason.INVALID_FIELD, ("publicKey", said)) == (refused.value.reason, refused.value.details)


def test_a_market_body_is_a_ladder_and_a_trade_in_integers() -> None:
    body = bodies.read(
        b'{"bids": [["99", "1"], [98.5, 0]], "print": {"side": "buy", "price": "100", "quantity": "0.5"}}',
        bodies.MarketBody,
    )

    assert body.bids is not None
    assert body.print is not None
    assert ((parse("99"), parse("1")), (parse("98.5"), 0)) == bodies.levels("bids", body.bids)
    assert Print(parse("100"), parse("0.5"), Side.BUY) == bodies.trade(body.print)


@pytest.mark.parametrize(
    ("body", "field", "said"),
    [
        (b'{"bids": [["99", "1"], ["x", "1"]]}', "bids[1][0]", "a plain decimal is wanted, such as 0.5"),
        (b'{"bids": [["99"]]}', "bids[0]", "Expected `array` of length 2"),
        (b'{"bids": [["0", "1"]]}', "bids[0][0]", "must be above 0"),
    ],
)
def test_a_level_that_means_nothing_is_refused_by_its_place(body: bytes, field: str, said: str) -> None:
    with pytest.raises(Refused) as refused:
        bodies.levels("bids", bodies.read(body, bodies.MarketBody).bids or [])

    assert (Reason.INVALID_FIELD, field, said) == (refused.value.reason, *refused.value.details)


@pytest.mark.parametrize(
    ("body", "name", "alone"),
    [
        (b'{"path": "+5%"}', "path", True),
        (b'{"price": "5"}', "price", True),
        (b'{"path": "+5%", "price": "5"}', "path", False),
        (b'{"path": "+5%", "bids": []}', "path", False),
        (b'{"price": "5", "asks": []}', "price", False),
        (b'{"price": "5", "path": ""}', "price", False),
        (b'{"price": "5", "print": {"side": "BUY", "price": "1", "quantity": "1"}}', "price", False),
    ],
)
def test_a_price_and_a_path_come_alone(body: bytes, name: Literal["price", "path"], alone: bool) -> None:
    market = bodies.read(body, bodies.MarketBody)

    with nullcontext() if alone else pytest.raises(Refused, match="comes alone"):
        bodies.require_alone(market, name)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"path": 5}', "Expected `str | null`, got `int`"),
        (b'{"path": "%s"}' % (b"x" * 5001), "Expected `str` of length <= 5000"),
    ],
)
def test_a_path_that_is_no_text_of_reasonable_length_is_refused(body: bytes, said: str) -> None:
    with pytest.raises(Refused) as refused:
        bodies.read(body, bodies.MarketBody)

    assert (Reason.INVALID_FIELD, "path", said) == (refused.value.reason, *refused.value.details)


def test_a_path_is_shown_in_texts_and_milliseconds() -> None:
    path = read_path("-10% in 30s, +5% in 5m", began_us=1_790_000_000_000_000, factor=UNBENT)
    status = PathStatus(path=path, factor=path.factor(path.until_us), done=True, trades=3, volume=7, filled=())

    assert {
        "symbol": "BTCUSDT",
        "time": 1_790_000_400_000,
        "filled": [],
        "path": {
            "text": "-10% in 30s, +5% in 5m",
            "factor": "0.94500000",
            "began": 1_790_000_000_000,
            "until": 1_790_000_330_000,
            "done": True,
            "filledOrders": 0,
            "addedTrades": 3,
            "addedVolume": "0.00000007",
        },
    } == msgspec.to_builtins(on_path("BTCUSDT", status, 1_790_000_400_000_999))


def test_a_fee_rate_is_at_most_one() -> None:
    fees = bodies.read(b'{"maker": "0.001", "taker": 1.00000001}', bodies.Fees)

    assert parse("0.001") == bodies.rate("fees.maker", fees.maker)
    with pytest.raises(Refused) as refused:
        bodies.rate("fees.taker", fees.taker)
    assert (Reason.INVALID_FIELD, "fees.taker", "at most 1.00000000") == (
        refused.value.reason,
        *refused.value.details,
    )


@pytest.mark.parametrize("asset", ["BTC", "1000CHEEMS", "1MBABYDOGE", "币安人生", "4", "A" * 50])
def test_an_asset_may_have_any_name_that_binance_gives_one(asset: str) -> None:
    body = msgspec.json.encode({"asset": asset, "amount": "1"})

    assert asset == bodies.read(body, bodies.FaucetBody).asset


@pytest.mark.parametrize("asset", ["", "btc", "BTC/USDT", "B C", "A" * 51, "BTC\n", "B_C"])
def test_what_is_no_name_of_an_asset_is_refused(asset: str) -> None:
    with pytest.raises(Refused) as refused:
        bodies.read(msgspec.json.encode({"asset": asset, "amount": "1"}), bodies.FaucetBody)

    assert (Reason.INVALID_FIELD, "asset") == (refused.value.reason, refused.value.details[0])
