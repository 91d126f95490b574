"""`hypersim` for asyncio, as `ccxt.async_support.binance` is for Binance: to be closed with `close()`."""

from __future__ import annotations

import ccxt.async_support

from ccxt_adapter.spot import SpotServer

__all__ = ["hypersim"]


class hypersim(SpotServer, ccxt.async_support.binance):  # type: ignore[misc]  # noqa: N801 - as ccxt's
    """ccxt's asynchronous exchange class."""
