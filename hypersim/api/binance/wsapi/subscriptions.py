"""The user data that one connection listens to: by whoever logged on, and by signatures of any accounts.

Source: web-socket-api.md, 'User Data Stream subscription'. Of more than 1,000 at a time it says that this is an error;
the code is that of errors.md for too many subscriptions.
"""

from typing import Final

from hypersim.api.binance.streams.user import UserForm, UserStreams
from hypersim.bus import Outbox
from hypersim.errors import Reason, Refused

MOST: Final = 1000
"""At a time."""
MOST_IDS: Final = 65_535
"""In the life of a connection."""


class Subscription:
    """One of them, as `hypersim.bus.Subscriber` asks for."""

    def __init__(self, outbox: Outbox, form: UserForm, account_id: int, *, of_session: bool) -> None:
        self.outbox = outbox
        self.form = form
        self.account_id = account_id
        self.of_session = of_session
        """It ends when the session logs out."""


class Subscriptions:
    """All of a connection."""

    def __init__(self, user: UserStreams, outbox: Outbox, unit: int) -> None:
        """`unit`: of times, in microseconds."""
        self._user = user
        self._outbox = outbox
        self._unit = unit
        self._next_id = 0
        self._active: dict[int, Subscription] = {}

    @property
    def ids(self) -> list[int]:
        """Of the active ones."""
        return list(self._active)

    def open(self, account_id: int, *, of_session: bool) -> int:
        """The id of a new one; what happens to the account from now on is told. Raises Refused."""
        if any(each.account_id == account_id for each in self._active.values()):
            raise Refused(Reason.SUBSCRIPTION_ACTIVE)
        if len(self._active) >= MOST:
            raise Refused(Reason.TOO_MANY_SUBSCRIPTIONS, MOST)
        if self._next_id >= MOST_IDS:
            raise Refused(Reason.MOST_SUBSCRIPTION_IDS)
        subscription_id = self._next_id
        self._next_id += 1
        form = UserForm(self._unit, subscription_id=subscription_id)
        subscription = Subscription(self._outbox, form, account_id, of_session=of_session)
        self._active[subscription_id] = subscription
        self._user.subscribe(account_id, subscription)
        return subscription_id

    def end(self, subscription_id: int) -> list[Subscription]:
        """Ends one. Raises Refused SUBSCRIPTION_INACTIVE."""
        if subscription_id not in self._active:
            raise Refused(Reason.SUBSCRIPTION_INACTIVE)
        return self._end([subscription_id])

    def end_all(self) -> list[Subscription]:
        """Ends all."""
        return self._end(self.ids)

    def log_out(self) -> list[Subscription]:
        """Ends that of the session."""
        return self._end([number for number, each in self._active.items() if each.of_session])

    def tell_ended(self, ended: list[Subscription]) -> None:
        """Says so on each."""
        for subscription in ended:
            self._user.terminated(subscription)

    def _end(self, ids: list[int]) -> list[Subscription]:
        ended = [self._active.pop(number) for number in ids]
        for subscription in ended:
            self._user.unsubscribe(subscription.account_id, subscription)
        return ended
