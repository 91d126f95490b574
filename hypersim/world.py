"""What request handlers may use: views to read, `ask` to change, who is who. One value per exchange.

The composition root builds it. It holds references only; nothing here starts, stops or decides anything.
"""

from dataclasses import dataclass

from hypersim.ask import Ask
from hypersim.clock import Clock
from hypersim.errors import Reason, Refused
from hypersim.feeds.demand import Demand
from hypersim.identity import KeyRing
from hypersim.limits import Limits
from hypersim.listenkeys import ListenKeys
from hypersim.store.history import History
from hypersim.views.accounts import Accounts
from hypersim.views.marketdata import MarketData, MarketView


@dataclass(slots=True, kw_only=True)
class World:
    """One exchange as its handlers see it."""

    clock: Clock
    ask: Ask
    markets: MarketData
    accounts: Accounts
    history: History
    keys: KeyRing
    limits: Limits
    listen_keys: ListenKeys
    demand: Demand

    def market(self, symbol: str) -> MarketView:
        """The market of that symbol, which is in demand from now on. Raises Refused BAD_SYMBOL."""
        market = self.markets.markets.get(symbol)
        if market is None:
            raise Refused(Reason.BAD_SYMBOL)
        self.demand.asked(symbol)
        return market
