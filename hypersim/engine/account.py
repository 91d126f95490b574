"""Accounts: who trades, at which fees. What they have is the ledger's business."""

from msgspec import Struct


class Account(Struct, frozen=True, omit_defaults=True):
    """An account with its fee rates (scale 8) and what it was opened with (asset, amount of scale 16)."""

    account_id: int
    maker_rate: int
    taker_rate: int
    opening: tuple[tuple[str, int], ...]
    spot_bnb_burn: bool = False
    """Pays trading fees in BNB (hypersim.engine.fees)."""
    interest_bnb_burn: bool = False
    """Would pay the interest of margin loans in BNB. There are none: kept for whoever reads back what was set."""
