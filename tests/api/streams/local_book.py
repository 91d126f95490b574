"""A client's own copy of a book, by the documented procedure.

Source: web-socket-streams.md, 'How to manage a local order book correctly'.
"""

from typing import Any

from tests.api.lab import Lab


class LocalBook:
    """What a client knows of a book. It begins anew with each connection."""

    def __init__(self) -> None:
        self._waiting: list[Any] = []
        self._last_told: int | None = None
        self.update_id: int | None = None
        self.sides: dict[str, dict[str, str]] = {"b": {}, "a": {}}

    def hear(self, update: Any) -> None:
        """Takes in an update. Nothing is left out between two of them, whether they are used or not."""
        assert update["U"] <= update["u"]
        if self._last_told is not None:
            assert self._last_told + 1 == update["U"]
        self._last_told = update["u"]
        if self.update_id is None:
            self._waiting.append(update)
        else:
            self._apply(update)

    def begin(self, snapshot: Any) -> None:
        """Begins with an answer of GET /depth, as soon as it is no older than the first update that waits."""
        if not self._waiting or snapshot["lastUpdateId"] < self._waiting[0]["U"]:
            return
        self.update_id = snapshot["lastUpdateId"]
        self.sides = {"b": dict(snapshot["bids"]), "a": dict(snapshot["asks"])}
        for update in self._waiting:
            self._apply(update)

    def _apply(self, update: Any) -> None:
        assert self.update_id is not None
        if update["u"] <= self.update_id:
            return
        assert update["U"] <= self.update_id + 1, "a gap"
        self.update_id = update["u"]
        for side in ("b", "a"):
            for price, quantity in update[side]:
                if float(quantity):
                    self.sides[side][price] = quantity
                else:
                    self.sides[side].pop(price, None)


async def depth(lab: Lab, symbol: str = "BTCUSDT", limit: int = 5000) -> Any:
    return (await lab.alice.public("/api/v3/depth", {"symbol": symbol, "limit": limit})).json


def compare(book: LocalBook, snapshot: Any) -> bool:
    """Whether a client knows the book of this moment; then it is the same."""
    if book.update_id != snapshot["lastUpdateId"]:
        return False
    assert {"b": dict(snapshot["bids"]), "a": dict(snapshot["asks"])} == book.sides
    return True
