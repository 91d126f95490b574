"""The retired REST calls for user data streams."""

from typing import Any
from urllib.parse import urlencode

import pytest

from hypersim.clock import WallClock
from hypersim.errors import Reason, Refused
from hypersim.listenkeys import GOOD_FOR_US, ListenKeys
from tests.api.client import Answer, Client
from tests.api.lab import Lab

PATH = "/api/v3/userDataStream"
UNKNOWN = {"code": -1125, "msg": "This listenKey does not exist."}


async def send(client: Client, method: str, **arguments: str) -> Answer:
    return await client.raw(method, PATH, urlencode(arguments), headers={"X-MBX-APIKEY": client.api_key})


def shown(answer: Answer) -> tuple[int, Any]:
    return answer.status, answer.json


async def test_an_account_has_one_key_that_its_api_key_alone_opens_keeps_and_closes(lab: Lab) -> None:
    first, again = await send(lab.alice, "POST"), await send(lab.alice, "POST")
    key = first.json["listenKey"]
    kept, closed = await send(lab.alice, "PUT", listenKey=key), await send(lab.alice, "DELETE", listenKey=key)
    gone = await send(lab.alice, "PUT", listenKey=key)
    other = await send(lab.alice, "POST")

    assert (200, {"listenKey": key}) == shown(again)
    assert [(200, {}), (200, {}), (400, UNKNOWN)] == [shown(kept), shown(closed), shown(gone)]
    assert 64 == len(key)
    assert key != other.json["listenKey"]


async def test_a_key_is_good_for_an_hour_since_it_was_kept_alive_and_for_nobody_else(lab: Lab) -> None:
    key = (await send(lab.alice, "POST")).json["listenKey"]
    lab.clock.time_us += GOOD_FOR_US - 1
    of_another = await send(lab.bob, "PUT", listenKey=key)
    kept = await send(lab.alice, "PUT", listenKey=key)
    lab.clock.time_us += GOOD_FOR_US - 1
    kept_again = await send(lab.alice, "PUT", listenKey=key)
    lab.clock.time_us += GOOD_FOR_US
    late = await send(lab.alice, "PUT", listenKey=key)
    renewed = (await send(lab.alice, "POST")).json["listenKey"]

    assert [(400, UNKNOWN), (200, {}), (200, {}), (400, UNKNOWN)] == [
        shown(each) for each in (of_another, kept, kept_again, late)
    ]
    assert key != renewed


async def test_a_listen_key_needs_an_api_key_and_a_name(lab: Lab) -> None:
    assert (401, {"code": -2014, "msg": "API-key format invalid."}) == shown(await lab.alice.raw("POST", PATH))
    missing = {"code": -1102, "msg": "Mandatory parameter 'listenKey' was not sent, was empty/null, or malformed."}
    assert (400, missing) == shown(await send(lab.alice, "PUT"))


@pytest.mark.parametrize("use", ["open", "keep", "close"])
def test_they_can_be_switched_off(use: str) -> None:
    keys = ListenKeys(WallClock(), enabled=False)
    with pytest.raises(Refused) as refused:
        getattr(keys, use)(1, *(["x"] if use != "open" else []))
    assert Reason.RETIRED == refused.value.reason
