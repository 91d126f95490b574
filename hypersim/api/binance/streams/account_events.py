"""What an account is told beside the changes of its orders.

Sources: user-data-stream.md; listenKeyExpired: the same page until 2025-04.
"""

from collections.abc import Mapping
from typing import Any, Final

from hypersim.api.binance.render import contingency_type
from hypersim.engine.lists import OrderList, Phase
from hypersim.units import show_amount

Balances = Mapping[str, tuple[int, int]]
"""Asset -> free and locked, scale 16."""

EXEC_STARTED: Final = "EXEC_STARTED"
UPDATED: Final = "UPDATED"
ALL_DONE: Final = "ALL_DONE"
EXECUTING: Final = "EXECUTING"


def account_position(balances: Balances, time_us: int, unit: int) -> dict[str, Any]:
    """outboundAccountPosition: the balances that changed, as they are."""
    return {
        "e": "outboundAccountPosition",
        "E": time_us // unit,
        "u": time_us // unit,
        "B": [
            {"a": asset, "f": show_amount(free), "l": show_amount(locked)} for asset, (free, locked) in balances.items()
        ],
    }


def balance_update(asset: str, change: int, time_us: int, unit: int) -> dict[str, Any]:
    """balanceUpdate: what came from outside, or went there (scale 16)."""
    return {
        "e": "balanceUpdate",
        "E": time_us // unit,
        "a": asset,
        "d": show_amount(change),
        "T": time_us // unit,
    }


def list_status(order_list: OrderList, time_us: int, unit: int, *, renamed: bool) -> dict[str, Any]:
    """listStatus; `renamed`: one of its orders has another client order id. A list that is refused leaves no record
    and is not told of, so RESPONSE and REJECT never are.
    """
    done = order_list.phase is Phase.DONE
    return {
        "e": "listStatus",
        "E": time_us // unit,
        "s": order_list.symbol,
        "g": order_list.list_id,
        "c": contingency_type(order_list.kind),
        "l": ALL_DONE if done else UPDATED if renamed else EXEC_STARTED,
        "L": ALL_DONE if done else EXECUTING,
        "r": "NONE",
        "C": order_list.client_list_id,
        "T": time_us // unit,
        "O": [{"s": order_list.symbol, "i": order_id, "c": name} for order_id, name in order_list.orders],
    }


def listen_key_expired(listen_key: str, time_us: int, unit: int) -> dict[str, Any]:
    return {"e": "listenKeyExpired", "E": time_us // unit, "listenKey": listen_key}


def stream_terminated(time_us: int, unit: int) -> dict[str, Any]:
    return {"e": "eventStreamTerminated", "E": time_us // unit}
