"""What the classes share: ccxt.binance, kept to one server and to spot.

Guarantees that a request is signed only for an endpoint that the server has, and only for the host that
`hostname` names; anything else raises NotSupported before a socket is opened, in the sandbox and in demo
trading too. Nothing here waits: where ccxt's method is a coroutine, so is what is returned.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from ccxt.base.errors import NotSupported

from ccxt_adapter.description import ENDPOINTS, describe_server, only_spot

if TYPE_CHECKING:
    from ccxt import binance
else:
    binance = object  # the class of ccxt comes after this one among the bases


def refused(exchange: SpotServer, *_: Any, **__: Any) -> NoReturn:
    """In the place of a call that ccxt.binance would send, or refuse as something else than not supported."""
    raise NotSupported(f"{exchange.id} has spot alone, and no batches or transfers: not this call")


class SpotServer(binance):  # type: ignore[misc]  # ccxt has no types
    """To be named before ccxt's class among the bases of an exchange."""

    # contracts and margin
    fetch_adl_rank = fetch_positions_adl_rank = fetch_ledger_entry = fetch_long_short_ratio_history = refused
    fetch_margin_adjustment_history = fetch_margin_mode = fetch_margin_modes = refused
    fetch_open_interest_history = set_position_mode = refused
    # what ccxt sends for contracts alone, or cannot send right for spot: it takes the client order id of the
    # order to be edited for that of the new one
    cancel_orders = create_order_with_take_profit_and_stop_loss = create_trailing_amount_order = refused
    edit_order_with_client_order_id = refused
    # level 3, and what went between wallets, of which there is one
    fetch_l3_order_book = fetch_transfers = refused

    def describe(self) -> dict[str, Any]:
        return describe_server(super().describe())

    def sign(
        self, path: str, api: Any = ("public",), method: str = "GET", params: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """ccxt's request {url, method, headers, body}; NotSupported for what the server does not have."""
        section = api[0]
        if path not in ENDPOINTS.get((section, method), ()):
            raise NotSupported(f"{self.id} does not have {method} {path} of {section}")
        request: dict[str, Any] = super().sign(path, api, method, {} if params is None else params)
        request["url"] = self.implode_hostname(request["url"])
        return request

    def get_exceptions_by_url(self, url: str | None, table: str) -> dict[str, Any]:
        """Spot's errors for every URL; `table` is 'exact' or 'broad'.

        ccxt tells the markets' tables apart by Binance's host names, and would find none for this host.
        """
        errors: dict[str, Any] = self.exceptions["spot"].get(table, {})
        return errors

    def fetch_markets(self, params: dict[str, Any] | None = None) -> Any:
        """ccxt's markets (async: a coroutine of them), of spot alone whatever `options` say."""
        self.options["fetchMarkets"] = only_spot()
        return super().fetch_markets({} if params is None else params)
