"""`hypersim` over WebSockets, as `ccxt.pro.binance` is for Binance: to be closed with `close()`.

What `ccxt_adapter.async_support.hypersim` has, and `watch_ticker`, `create_order_ws` and so on. Guarantees that a
connection is opened to the host that `hostname` names alone, and there to spot's streams and spot's WebSocket API;
anything else raises NotSupported before a socket is opened.
"""

from __future__ import annotations

from typing import Any, Final

import ccxt.pro
from ccxt.base.errors import BaseError, NotSupported

from ccxt_adapter.spot import SpotServer, refused

__all__ = ["hypersim"]

UNIFIED: Final = frozenset(
    "activationPrice clientOrderId cost hedged icebergAmount postOnly reduceOnly stopLossOrTakeProfit stopLossPrice "
    "takeProfitPrice trailingPercent trailingTriggerPrice triggerPrice".split()
)
"""ccxt's own words for orders, of which `createOrder` over REST sends none."""

USER_DATA: Final = ("authenticate:", "myTrades", "orders", "spot:balance")
"""How ccxt's names for what user data tells begin."""


class hypersim(SpotServer, ccxt.pro.binance):  # type: ignore[misc]  # noqa: N801 - as ccxt's
    """ccxt's exchange class with streams."""

    # contracts and tokenized stocks
    fetch_order_book_ws = fetch_position_for_symbol_ws = fetch_position_ws = fetch_positions_ws = refused
    fetch_ticker_ws = un_watch_mark_price = un_watch_mark_prices = refused
    watch_liquidations = watch_liquidations_for_symbols = watch_mark_price = watch_mark_prices = refused
    watch_my_liquidations = watch_my_liquidations_for_symbols = watch_positions = watch_stock_market_stream = refused

    def client(self, url: str) -> Any:
        """ccxt's connection to an address, opened at its first use; NotSupported for what the server does not have."""
        served = self.urls["api"]["ws"]
        if url != served["ws-api"]["spot"] and not url.startswith(f"{served['spot']}/"):
            raise NotSupported(f"{self.id} has spot's streams alone, and not {url}")
        return super().client(self.implode_hostname(url))

    def sign_params(self, params: dict[str, Any] | None = None) -> dict[str, Any]:
        """The parameters of a call of the WebSocket API, signed. Without ccxt's own words for what an order is to be,
        which it sends beside Binance's, and for which the whole order would be refused.
        """
        sent = {name: value for name, value in (params or {}).items() if name not in UNIFIED}
        if sent.get("timeInForce") == "PO":
            del sent["timeInForce"]
        signed: dict[str, Any] = super().sign_params(sent)
        return signed

    def handle_account_status_ws(self, client: Any, message: dict[str, Any]) -> None:
        """ccxt's answer of `fetch_balance_ws`, which forgets to say that the account is spot's, and is empty then."""
        client.resolve(self.parse_balance_custom(message["result"], "spot"), message["id"])

    async def ensure_user_data_stream_ws_subscribe_signature(self, marketType: str = "spot") -> None:  # noqa: N803 - ccxt's
        """Subscribes to user data, once. Raises what the server refuses it with, also to all who wait for user data.

        ccxt forgets a refused subscription twice, shows the KeyError of the second time in place of the refusal, and
        lets the others wait for ever.
        """
        try:
            await super().ensure_user_data_stream_ws_subscribe_signature(marketType)
        except KeyError as forgotten:
            refusal = forgotten.__context__
            if not isinstance(refusal, BaseError):
                raise
            client = self.client(self.urls["api"]["ws"]["ws-api"]["spot"])
            for topic in [topic for topic in client.futures if topic.startswith(USER_DATA)]:
                client.reject(refusal, topic)
            raise refusal from None
