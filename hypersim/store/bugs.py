"""Reports of bugs: what it takes to see `apply` fail again, in one file."""

import traceback
from collections.abc import Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from hypersim import __version__
from hypersim.engine.commands import Stamped
from hypersim.engine.events import Committed
from hypersim.engine.exchange import RULES
from hypersim.engine.state import ExchangeState


class Report(Struct, frozen=True, kw_only=True):
    """The file: restore `exchange`, apply `commands`; the last of them fails."""

    version: str = __version__
    rules: int = RULES
    error: list[str]
    sequence: int
    """Of the command that `exchange` is the state after."""
    exchange: ExchangeState
    commands: list[Stamped]


class Bug:
    """A command that `apply` failed on, and the commands before it that were not durable."""

    def __init__(self, error: BaseException, before: Sequence[Committed], stamped: Stamped) -> None:
        self.error = error
        self._before = before
        self._stamped = stamped

    def write(self, folder: Path, sequence: int, exchange: ExchangeState) -> Path:
        """Writes the report, given the state that is durable, and returns where it is. Blocks."""
        before = (record for record in self._before if record.sequence > sequence)
        report = Report(
            error=traceback.format_exception(self.error),
            sequence=sequence,
            exchange=exchange,
            commands=[*(Stamped(record.time_us, record.command) for record in before), self._stamped],
        )
        path = folder / f"hypersim-bug-{self._stamped.time_us}.json"
        path.write_bytes(msgspec.json.encode(report))
        return path
