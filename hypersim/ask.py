"""How the rest of the house asks the exchange for something: one awaitable call, and what comes of it.

API and feeds know this protocol and the views, never the writer or the engine behind them.
"""

import asyncio
import enum
from collections.abc import Sequence
from typing import Final, Protocol

from msgspec import Struct

from hypersim.engine.commands import Command
from hypersim.engine.events import Event


class KeyKind(enum.StrEnum):
    """How a key proves a request. Source: faqs/api_key_types.md."""

    HMAC = "HMAC"
    RSA = "RSA"
    ED25519 = "ED25519"


class KeyRow(Struct, frozen=True, kw_only=True):
    """An API key of an account: of a secret that both sides have, or of the public half of the owner's own pair."""

    api_key: str
    kind: KeyKind
    secret_encrypted: str | None = None
    """HMAC keys: ciphertext (text), which whoever stores it cannot read."""
    public_key: str | None = None
    """The other kinds: PEM (SubjectPublicKeyInfo), which anybody may read."""
    account_id: int
    label: str = ""
    created_us: int

    def __post_init__(self) -> None:
        shared = self.kind is KeyKind.HMAC
        assert (self.secret_encrypted is not None, self.public_key is None) == (shared, shared)


class FactRow(Struct, frozen=True):
    """Something that is kept of a world beside its state, in the place of what had the same name."""

    name: str
    value: str


JoinedRow = KeyRow | FactRow
"""Every kind of row that a request may bring along; it is stored in the transaction of its command."""


class Outcome(Struct, frozen=True):
    """What came of a command. It is durable, and so is everything that it was decided on."""

    sequence: int
    """Of the command's record; of the newest record before it when the command changed nothing."""
    time_us: int
    """When the exchange took the command in, microseconds UTC."""
    events: tuple[Event, ...]
    """What changed, in order; empty when nothing did."""


class Ask(Protocol):
    """Asks for one command. `Writer.ask` is one."""

    async def __call__(
        self, command: Command, *, deadline_us: int | None = None, rows: Sequence[JoinedRow] = ()
    ) -> Outcome:
        """The outcome, once it is durable.

        `deadline_us`: a command that is taken in later than this is refused. `rows` are stored in the
        transaction of the command, unless it is refused.

        Raises Refused: with the engine's reason; OVERLOADED, SHUTTING_DOWN or TIMESTAMP_TOO_OLD before
        anything was applied; DUPLICATE_API_KEY when `rows` bring a key that exists; STATUS_UNKNOWN when the
        commit failed and nobody can say what became of the command.
        """
        ...


AT_ONCE: Final = 512
"""How many commands are asked for together: enough to fill batches, few enough to leave room for others."""


async def ask_in_order(ask: Ask, commands: Sequence[Command]) -> None:
    """Asks for commands that are taken in one after another, without waiting for each to be durable; returns once
    all are. Raises Refused for the first that is refused; those asked for with it are taken in all the same.
    """
    for start in range(0, len(commands), AT_ONCE):
        # they begin in this order, and a command is taken in before its asker waits
        asked = [ask(command) for command in commands[start : start + AT_ONCE]]
        for outcome in await asyncio.gather(*asked, return_exceptions=True):
            if isinstance(outcome, BaseException):
                raise outcome
