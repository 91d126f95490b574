"""What the streams are about, in NautilusTrader's terms."""

from decimal import Decimal

from nautilus_trader.core.uuid import UUID4
from nautilus_trader.model.currencies import BTC, USDT
from nautilus_trader.model.data import QuoteTick
from nautilus_trader.model.enums import OrderSide
from nautilus_trader.model.identifiers import ClientOrderId, InstrumentId, StrategyId, Symbol, TraderId
from nautilus_trader.model.instruments import CurrencyPair
from nautilus_trader.model.objects import Money, Price, Quantity
from nautilus_trader.model.orders import LimitOrder

from benchmarks.peers import stream

BTCUSDT = CurrencyPair(
    instrument_id=InstrumentId.from_str("BTCUSDT.BINANCE"),
    raw_symbol=Symbol("BTCUSDT"),
    base_currency=BTC,
    quote_currency=USDT,
    price_precision=2,
    size_precision=5,
    price_increment=Price.from_str("0.01"),
    size_increment=Quantity.from_str("0.00001"),
    max_quantity=Quantity.from_str("9000.00000"),
    min_quantity=Quantity.from_str("0.00001"),
    max_price=Price.from_str("1000000.00"),
    min_price=Price.from_str("0.01"),
    min_notional=Money(5, USDT),
    maker_fee=Decimal("0.001"),
    taker_fee=Decimal("0.001"),
    ts_event=0,
    ts_init=0,
)
BEGINNING_NS = 1_767_225_600_000_000_000
SIZE = Quantity.from_str("0.00100")
PLENTY = Quantity.from_str("1000.00000")


def side(asked: stream.Order) -> OrderSide:
    """Of an order."""
    return OrderSide.BUY if asked.buys else OrderSide.SELL


def price(cents: int) -> Price:
    """In the quote asset."""
    return Price.from_str(f"{cents // stream.CENTS}.{cents % stream.CENTS:02}")


def limit_order(asked: stream.Order, trader: TraderId) -> LimitOrder:
    """An order as a strategy would have made it."""
    return LimitOrder(
        trader_id=trader,
        strategy_id=StrategyId("BENCH-001"),
        instrument_id=BTCUSDT.id,
        client_order_id=ClientOrderId(str(asked.number)),
        order_side=side(asked),
        quantity=SIZE,
        price=price(asked.price),
        init_id=UUID4(),
        ts_init=0,
    )


def quote_tick(quote: stream.Quote, number: int) -> QuoteTick:
    """One of the quotes, a millisecond after the one before."""
    time_ns = BEGINNING_NS + number * 1_000_000
    return QuoteTick(
        instrument_id=BTCUSDT.id,
        bid_price=price(quote.bid),
        ask_price=price(quote.ask),
        bid_size=PLENTY,
        ask_size=PLENTY,
        ts_event=time_ns,
        ts_init=time_ns,
    )
