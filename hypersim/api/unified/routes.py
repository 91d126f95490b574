"""Every operation of the unified dialect, and the application that answers them."""

from typing import Any, Final

from litestar.types import ASGIApp

from hypersim.api.unified import market_data, reference, trading
from hypersim.api.unified.arguments import Arguments
from hypersim.api.unified.dispatch import Dialect
from hypersim.api.unified.operations import Call, Desk, Operation


async def show_reference(desk: Desk, call: Call[Arguments]) -> dict[str, Any]:
    return reference.document(OPERATIONS)


OPERATIONS: Final[tuple[Operation, ...]] = (
    *market_data.OPERATIONS,
    *trading.OPERATIONS,
    Operation(
        method="GET",
        path="/openapi.json",
        handler=show_reference,
        answers=dict[str, Any],
        summary="This reference, as an OpenAPI document",
    ),
)


def answer_unified(desk: Desk, others: ASGIApp) -> ASGIApp:
    """An application that answers everything below /unified/v1, and hands what is not there to `others`."""
    return Dialect(desk, OPERATIONS, others)
