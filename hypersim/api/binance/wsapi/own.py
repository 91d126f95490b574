"""The methods of the WebSocket API that are about the connection itself: its session, and its user data.

They are carried out at once, so that what is asked after them finds what they did. The answer goes before what it
brings about.

Source: web-socket-api.md, 'Authentication requests' and 'User Data Stream requests'.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from hypersim.api.binance.endpoints import optional
from hypersim.api.binance.operations import Table
from hypersim.api.binance.parameters import Integer
from hypersim.api.binance.wsapi.envelope import Request
from hypersim.api.binance.wsapi.session import Session
from hypersim.api.binance.wsapi.subscriptions import Subscriptions
from hypersim.errors import Reason, Refused
from hypersim.identity import ApiKey

WEIGHT: Final = 2
"""Of each, and of connecting."""
SUBSCRIPTION_ID: Final = optional("subscriptionId", Integer(), description="which one ends; otherwise all do")

Reply = Callable[[Any], None]
"""Sends the answer with a result."""


@dataclass(slots=True, kw_only=True)
class Talk:
    """A connection, as these methods see it."""

    session: Session
    subscriptions: Subscriptions
    unit: int
    """Of times, in microseconds."""
    connected_us: int
    returns_rate_limits: bool
    """Where a request does not say."""

    def status(self, now_us: int) -> dict[str, Any]:
        """What `session.status` says."""
        session = self.session
        logged_on = session.key is not None
        return {
            "apiKey": session.key.api_key if session.key is not None else None,
            "authorizedSince": session.since_us // self.unit if logged_on else None,
            "connectedSince": self.connected_us // self.unit,
            "returnRateLimits": self.returns_rate_limits,
            "serverTime": now_us // self.unit,
            "userDataStream": bool(self.subscriptions.ids),
        }


@dataclass(frozen=True, slots=True)
class Asked:
    """One call of such a method."""

    arguments: Mapping[str, Any]
    key: ApiKey | None
    """Whose signature it has, where it needs one."""
    now_us: int


def log_on(talk: Talk, asked: Asked, reply: Reply) -> None:
    assert asked.key is not None
    talk.session.log_on(asked.key, asked.now_us)
    reply(talk.status(asked.now_us))


def tell_status(talk: Talk, asked: Asked, reply: Reply) -> None:
    reply(talk.status(asked.now_us))


def log_out(talk: Talk, asked: Asked, reply: Reply) -> None:
    talk.session.log_out()
    ended = talk.subscriptions.log_out()
    reply(talk.status(asked.now_us))
    talk.subscriptions.tell_ended(ended)


def list_subscriptions(talk: Talk, _asked: Asked, reply: Reply) -> None:
    reply([{"subscriptionId": number} for number in talk.subscriptions.ids])


def subscribe(talk: Talk, _asked: Asked, reply: Reply) -> None:
    if talk.session.key is None:
        raise Refused(Reason.NOT_LOGGED_ON)
    reply({"subscriptionId": talk.subscriptions.open(talk.session.key.account_id, of_session=True)})


def subscribe_by_signature(talk: Talk, asked: Asked, reply: Reply) -> None:
    assert asked.key is not None
    reply({"subscriptionId": talk.subscriptions.open(asked.key.account_id, of_session=False)})


def unsubscribe(talk: Talk, asked: Asked, reply: Reply) -> None:
    number = asked.arguments.get(SUBSCRIPTION_ID.name)
    ended = talk.subscriptions.end_all() if number is None else talk.subscriptions.end(number)
    reply({})
    talk.subscriptions.tell_ended(ended)


@dataclass(frozen=True, slots=True)
class OwnMethod:
    """One of them."""

    handle: Callable[[Talk, Asked, Reply], None]
    table: Table

    def read(self, request: Request, session: Session, now_us: int) -> Asked:
        """The call that a request makes. Raises Refused."""
        values = request.values
        self.table.check_number(values)
        key = session.signed(request, now_us)[0] if self.table.signed else None
        return Asked(self.table.parse(values), key, now_us)


UNSIGNED: Final = Table((), signed=False)
SIGNED: Final = Table((), signed=True)

OWN: Final[Mapping[str, OwnMethod]] = {
    "session.logon": OwnMethod(log_on, SIGNED),
    "session.status": OwnMethod(tell_status, UNSIGNED),
    "session.logout": OwnMethod(log_out, UNSIGNED),
    "session.subscriptions": OwnMethod(list_subscriptions, UNSIGNED),
    "userDataStream.subscribe": OwnMethod(subscribe, UNSIGNED),
    "userDataStream.subscribe.signature": OwnMethod(subscribe_by_signature, SIGNED),
    "userDataStream.unsubscribe": OwnMethod(unsubscribe, Table((SUBSCRIPTION_ID,), signed=False)),
}
