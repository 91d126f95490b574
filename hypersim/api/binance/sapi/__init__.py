"""The calls beside the Spot API that clients make: wallet, margin and futures.

This exchange trades spot only: what acts on margin, futures or another wallet answers as Binance does for an account
without them. Shapes: the wallet and margin documents of Binance, as ccxt 4.5 and python-binance 1.0 read them. Weights
that Binance counts by account and not by address are given in proportion to the one budget that there is.
"""

from typing import Final

from hypersim.api.binance.endpoints import Endpoint
from hypersim.api.binance.sapi import absent, account, assets, capital

ENDPOINTS: Final[tuple[Endpoint, ...]] = (
    *account.ENDPOINTS,
    *assets.ENDPOINTS,
    *capital.ENDPOINTS,
    *absent.ENDPOINTS,
)
