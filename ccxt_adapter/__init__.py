"""Hyper-Sim as an exchange of ccxt: `hypersim` is `ccxt.binance`, talking to your own server.

    from ccxt_adapter import hypersim

    exchange = hypersim({"apiKey": "test_key_123", "secret": "test_secret_456"})

It expects the server at 127.0.0.1:8080; `{"hostname": "127.0.0.1:9000"}` names another one. The same class
for asyncio is `ccxt_adapter.async_support.hypersim`, the one with WebSockets `ccxt_adapter.pro.hypersim`. This package
needs ccxt and nothing else.
"""

from __future__ import annotations

import ccxt

from ccxt_adapter.spot import SpotServer

__all__ = ["hypersim"]


class hypersim(SpotServer, ccxt.binance):  # type: ignore[misc]  # noqa: N801 - named by its id, as ccxt's
    """ccxt's synchronous exchange class."""
