"""All views of one world, folded and kept together."""

from msgspec import Struct

from hypersim.engine.events import BalanceChanged, Committed, DepthChanged, OrderChanged, Traded
from hypersim.engine.state import ExchangeState
from hypersim.views.accounts import Accounts, AccountsState
from hypersim.views.marketdata import MarketData, MarketDataState
from hypersim.views.records import HistorySource


class ViewsState(Struct, frozen=True):
    """What the views know and the exchange's own state does not; as JSON a part of a snapshot."""

    accounts: AccountsState
    marketdata: MarketDataState


class Views:
    """Accounts and markets of one world.

    Deterministic: restoring a snapshot and folding the records after it gives what folding all of them gives.
    """

    def __init__(self, source: HistorySource | None = None) -> None:
        self.accounts = Accounts()
        self.marketdata = MarketData(source)

    def fold(self, record: Committed) -> None:
        """Takes in a record; they come in the order of their sequence numbers."""
        accounts, marketdata, time_us = self.accounts, self.marketdata, record.time_us
        for event in record.events:
            # the frequent ones first, and by their very types: where a Struct is another one, `isinstance` takes ten
            # times as long to say so (benchmarks/orders.py)
            if type(event) is BalanceChanged:
                accounts.balance_changed(event, time_us)
            elif type(event) is OrderChanged:
                accounts.order_changed(event)
            elif type(event) is DepthChanged:
                marketdata.depth_changed(event)
            elif type(event) is Traded:
                marketdata.traded(event, time_us)
            else:
                accounts.rarely_changed(event, time_us)
                marketdata.rarely_changed(event, record)

    def snapshot(self) -> ViewsState:
        """The views' own state as a value; later folds do not change it."""
        return ViewsState(self.accounts.snapshot(), self.marketdata.snapshot())

    def restore(self, exchange: ExchangeState, state: ViewsState) -> None:
        """Puts a snapshot back in place: readers keep their references to `accounts` and `marketdata`.

        Both states are of the same moment. References to single markets and accounts are not kept.
        """
        self.accounts.restore(exchange, state.accounts)
        self.marketdata.restore(exchange, state.marketdata)
