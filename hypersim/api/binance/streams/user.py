"""User data: what commits tell an account, on a subscription of the WebSocket API or on the stream of a listen key.

Events of a record are told in the order in which they happened, records in the order of their commits. A subscriber's
form is a `UserForm`: who subscribes through the WebSocket API gets each event with the number of his subscription.
"""

from typing import NamedTuple

from hypersim.bus import Bus, Subscriber
from hypersim.engine.events import Committed
from hypersim.world import World


class UserForm(NamedTuple):
    """How a subscriber gets his events."""

    unit: int
    """Of times, in microseconds."""
    subscription_id: int | None = None
    """On the WebSocket API, where an event comes as {"subscriptionId","event"}."""
    listen_key: str | None = None
    """On a combined stream, where an event comes as {"stream","data"}."""


class UserStreams:
    """The user data of all accounts. Nothing is worked out for an account that nobody listens to."""

    def __init__(self, world: World, bus: Bus) -> None:
        self._world = world
        self._bus = bus

    def subscribe(self, account_id: int, subscriber: Subscriber) -> None:
        """From now on the subscriber, whose form is a UserForm, gets what happens to the account."""
        self._bus.subscribe(("user", account_id), subscriber)

    def unsubscribe(self, account_id: int, subscriber: Subscriber) -> None:
        """From now on he does not any more."""
        self._bus.unsubscribe(("user", account_id), subscriber)

    def fold(self, record: Committed) -> None:
        """Tells what a record changed. The views have folded it already, and no later one."""
