"""POST /order: what its parameters may be, and what the engine says to an order that is well-formed."""

from collections.abc import Iterator

from tests.api.conformance.rows import (
    BY_TYPE,
    CLIENT_ID,
    CLOSED,
    DECIMAL,
    DIGITS,
    DUPLICATE,
    ENGINE,
    LIMIT,
    MAKER,
    MARKET,
    NO_SYMBOL,
    ORDER,
    POOR,
    PROFIT,
    PROFIT_LIMIT,
    STOP,
    STOP_LIMIT,
    SYMBOL,
    UNREAD,
    Row,
    both_missing,
    but,
    empty,
    filtered,
    illegal,
    invalid,
    missing,
    not_required,
    overflow,
    precise,
    rejected,
    together,
    unsupported,
)


def shape_rows() -> Iterator[Row]:
    """POST /order: what a type needs and refuses."""
    for name in ("symbol", "side", "type"):
        yield Row("rest-api.md, New order", ORDER, but(LIMIT, name), *missing(name))
        yield Row("errors.md, -1105", ORDER, but(LIMIT, **{name: ""}), *empty(name))
    for name in ("timeInForce", "quantity", "price"):
        yield Row(BY_TYPE, ORDER, but(LIMIT, name), *missing(name))
        yield Row("seen", ORDER, but(LIMIT, **{name: ""}), *empty(name))
    for name in ("quantity", "price"):
        yield Row(BY_TYPE, ORDER, but(MAKER, name), *missing(name))
    for name, value in (("stopPrice", "1"), ("trailingDelta", "10"), ("quoteOrderQty", "10")):
        yield Row("seen", ORDER, but(LIMIT, **{name: value}), *not_required(name))
    for name, value in (("timeInForce", "GTC"), ("stopPrice", "1")):
        yield Row("seen", ORDER, but(MAKER, **{name: value}), *not_required(name))
    for name, value in (("timeInForce", "GTC"), ("price", "50000"), ("stopPrice", "1"), ("icebergQty", "1")):
        yield Row("seen", ORDER, but(MARKET, **{name: value}), *not_required(name))
    yield Row(
        BY_TYPE,
        ORDER,
        but(MARKET, "quantity"),
        -1102,
        "Param 'quantity' or 'quoteOrderQty' must be sent, but both were empty/null!",
    )
    yield Row("seen", ORDER, but(MARKET, quoteOrderQty="100"), *not_required("quoteOrderQty"))


def stop_shape_rows() -> Iterator[Row]:
    """POST /order: what the four stop types need and refuse."""
    for stop in (STOP, PROFIT):
        yield Row(BY_TYPE, ORDER, but(stop, "quantity"), *missing("quantity"))
        yield Row(BY_TYPE, ORDER, but(stop, "stopPrice"), *both_missing("stopPrice", "trailingDelta"))
        for name, value in (
            ("timeInForce", "GTC"),
            ("price", "50000"),
            ("icebergQty", "0.001"),
            ("quoteOrderQty", "9"),
        ):
            yield Row("seen", ORDER, but(stop, **{name: value}), *not_required(name))
    for stop in (STOP_LIMIT, PROFIT_LIMIT):
        for name in ("timeInForce", "quantity", "price"):
            yield Row(BY_TYPE, ORDER, but(stop, name), *missing(name))
        yield Row(BY_TYPE, ORDER, but(stop, "stopPrice"), *both_missing("stopPrice", "trailingDelta"))
        yield Row("seen", ORDER, but(stop, quoteOrderQty="9"), *not_required("quoteOrderQty"))
    for order_type in (MAKER, MARKET):
        yield Row("seen", ORDER, but(order_type, trailingDelta="100"), *not_required("trailingDelta"))
    yield Row("seen", ORDER, but(MAKER, quoteOrderQty="100"), *not_required("quoteOrderQty"))
    for base in (LIMIT, STOP_LIMIT, PROFIT_LIMIT):
        for time_in_force in ("IOC", "FOK"):
            yield Row(
                "rest-api.md: any order with an icebergQty MUST have timeInForce GTC; code inferred",
                ORDER,
                but(base, timeInForce=time_in_force, icebergQty="0.005"),
                *not_required("icebergQty"),
            )


def peg_rows() -> Iterator[Row]:
    """POST /order: what a peg may say, and where."""
    pegged = but(LIMIT, "price", pegPriceType="PRIMARY_PEG")
    offset = {"pegOffsetType": "PRICE_LEVEL", "pegOffsetValue": "1"}
    yield Row("errors.md, -1210", ORDER, but(pegged, pegPriceType="PRIMARY"), -1210, "Invalid pegPriceType.")
    yield Row(
        "errors.md, -1211",
        ORDER,
        but(pegged, pegOffsetValue="1", pegOffsetType="TICKS"),
        -1211,
        "Invalid pegOffsetType.",
    )
    yield Row("errors.md, -1100", ORDER, but(pegged, pegOffsetValue="-1"), *illegal("pegOffsetValue", DIGITS))
    for name, value in offset.items():
        yield Row(
            "rest-api.md, Pegged Orders: specified together; errors.md, -1128",
            ORDER,
            but(pegged, **{name: value}),
            *together("pegOffsetType", "pegOffsetValue"),
        )
    yield Row("inferred: an offset of nothing", ORDER, but(LIMIT, **offset), *together("pegPriceType", "pegOffsetType"))
    yield Row(
        "rest-api.md: max 100; errors.md, -1102",
        ORDER,
        but(pegged, pegOffsetType="PRICE_LEVEL", pegOffsetValue="101"),
        -1102,
        "'pegOffsetValue' contains unexpected value. Cannot be greater than 100.",
    )
    yield Row(
        "faqs/pegged_orders.md: an offset is levels away from the best; errors.md, -1130",
        ORDER,
        but(pegged, pegOffsetType="PRICE_LEVEL", pegOffsetValue="0"),
        *invalid("pegOffsetValue"),
    )
    for arguments in (MARKET, STOP, PROFIT):
        yield Row(
            "faqs/pegged_orders.md",
            ORDER,
            but(arguments, pegPriceType="PRIMARY_PEG"),
            *rejected("This order type may not use pegged price."),
        )
    unsuitable = rejected("This price peg cannot be used with this order type.")
    for arguments in (
        but(MAKER, pegPriceType="MARKET_PEG"),
        but(pegged, timeInForce="IOC"),
        but(pegged, timeInForce="FOK"),
    ):
        yield Row("faqs/pegged_orders.md", ORDER, arguments, *unsuitable)
    thin = rejected("Order book liquidity is too low for this pegged order.")
    for depth in ("5", "100"):
        yield Row(ENGINE, ORDER, but(pegged, pegOffsetType="PRICE_LEVEL", pegOffsetValue=depth, side="SELL"), *thin)
    yield Row(ENGINE, ORDER, but(pegged, symbol="BNBUSDT", quantity="1"), *thin)
    yield Row(ENGINE, ORDER, but(pegged, symbol="BAREUSDT"), *unsupported("Pegged"))


def value_rows() -> Iterator[Row]:
    """POST /order: what each parameter may say."""
    for value in ("-1", "+1", "1e-05", "NaN", "Infinity", "1,5", "None", " 1", "0x1"):
        yield Row("errors.md, -1100; seen", ORDER, but(LIMIT, price=value), *illegal("price", DECIMAL))
    for name in ("quantity", "quoteOrderQty", "stopPrice", "icebergQty"):
        for value in ("-1", "1e-05"):
            yield Row("errors.md, -1100; seen", ORDER, but(LIMIT, **{name: value}), *illegal(name, DECIMAL))
    for name in ("quantity", "price"):
        yield Row("errors.md, -1111", ORDER, but(LIMIT, **{name: "1.123456789"}), *precise(name))
        yield Row("errors.md, -1108", ORDER, but(LIMIT, **{name: "99999999999999999999"}), *overflow(name))
        yield Row("seen", ORDER, but(LIMIT, **{name: "1" * 21}), *illegal(name, DECIMAL))
    yield Row(
        "errors.md, -1111",
        ORDER,
        but(MARKET, "quantity", quoteOrderQty="9.123456789"),
        *precise("quoteOrderQty"),
    )
    for value in ("a b", "a.b", "ä", "a" * 37, "a;b", "a\0b"):
        yield Row("seen", ORDER, but(LIMIT, newClientOrderId=value), *illegal("newClientOrderId", CLIENT_ID))
    yield Row("errors.md, -1117", ORDER, but(LIMIT, side="buy"), -1117, "Invalid side.")
    yield Row("errors.md, -1116", ORDER, but(LIMIT, type="limit"), -1116, "Invalid orderType.")
    yield Row("errors.md, -1115", ORDER, but(LIMIT, timeInForce="GTX"), -1115, "Invalid timeInForce.")
    yield Row("ccxt's table", ORDER, but(LIMIT, newOrderRespType="ALL"), -1136, "Invalid newOrderRespType.")
    yield Row(
        "errors.md, -1134",
        ORDER,
        but(LIMIT, strategyType="999999"),
        -1134,
        "strategyType was less than 1000000.",
    )
    yield Row("errors.md, -1100", ORDER, but(LIMIT, strategyId="x"), *illegal("strategyId", DIGITS))
    for base, name in (
        (STOP, "stopPrice"),
        (but(LIMIT, icebergQty="0.001"), "icebergQty"),
        (but(MARKET, "quantity", quoteOrderQty="1"), "quoteOrderQty"),
    ):
        yield Row("errors.md, -1111", ORDER, but(base, **{name: "1.123456789"}), *precise(name))
        yield Row("errors.md, -1108", ORDER, but(base, **{name: "99999999999999999999"}), *overflow(name))
        yield Row("errors.md, -1105", ORDER, but(base, **{name: ""}), *empty(name))
    for name in ("trailingDelta", "strategyId", "strategyType", "pegOffsetValue"):
        for value in ("-1", "1.5", "x"):
            yield Row("errors.md, -1100", ORDER, but(STOP_LIMIT, **{name: value}), *illegal(name, DIGITS))
        yield Row("errors.md, -1108", ORDER, but(STOP_LIMIT, **{name: "9" * 20}), *overflow(name))
        yield Row("errors.md, -1105", ORDER, but(STOP_LIMIT, **{name: ""}), *empty(name))
    for name in ("newClientOrderId", "newOrderRespType", "selfTradePreventionMode", "pegPriceType", "pegOffsetType"):
        yield Row("errors.md, -1105", ORDER, but(LIMIT, **{name: ""}), *empty(name))
    yield Row(
        "errors.md, -1130",
        ORDER,
        but(LIMIT, selfTradePreventionMode="SOME"),
        *invalid("selfTradePreventionMode"),
    )


def unread_rows() -> Iterator[Row]:
    """POST /order: names that mean nothing."""
    yield Row("seen", ORDER, but(LIMIT, "timeInForce", timeInforce="GTC"), -1104, UNREAD.format(7, 8))
    yield Row("errors.md, -1104", ORDER, but(LIMIT, foo="1", bar="2"), -1104, UNREAD.format(8, 10))
    yield Row("errors.md, -1121", ORDER, but(LIMIT, symbol="NOSUCH"), *NO_SYMBOL)
    for value in ("btcusdt", "BTC/USDT", "BTC USDT", "A" * 51):
        yield Row("seen", ORDER, but(LIMIT, symbol=value), *illegal("symbol", SYMBOL))


def engine_rows() -> Iterator[Row]:
    """POST /order: filters, funds and the book."""
    for arguments in (but(LIMIT, quantity="0"), but(MARKET, quantity="0.00000000")):
        yield Row("seen", ORDER, arguments, -1013, "Invalid quantity.")
    yield Row("seen", ORDER, but(MARKET, "quantity", quoteOrderQty="0"), -1013, "Invalid quantity.")
    yield Row("errors.md, -1013", ORDER, but(LIMIT, price="0"), -1013, "Invalid price.")
    for price in ("49000.001", "1000000.01"):
        yield Row("filters.md, PRICE_FILTER", ORDER, but(LIMIT, price=price), *filtered("PRICE_FILTER"))
    for price, side in (("9000", "BUY"), ("300000", "BUY"), ("9000", "SELL"), ("300000", "SELL")):
        yield Row(
            "filters.md, PERCENT_PRICE_BY_SIDE",
            ORDER,
            but(LIMIT, price=price, side=side),
            *filtered("PERCENT_PRICE_BY_SIDE"),
        )
    for quantity in ("0.000001", "0.000015", "9000.00001"):
        yield Row("filters.md, LOT_SIZE", ORDER, but(LIMIT, quantity=quantity), *filtered("LOT_SIZE"))
    yield Row("filters.md, MARKET_LOT_SIZE", ORDER, but(MARKET, quantity="97.1"), *filtered("MARKET_LOT_SIZE"))
    for arguments in (
        but(LIMIT, quantity="0.0001"),
        but(LIMIT, quantity="200"),
        but(MARKET, quantity="0.00009"),
        but(MARKET, "quantity", quoteOrderQty="4.99"),
    ):
        yield Row("filters.md, NOTIONAL", ORDER, arguments, *filtered("NOTIONAL"))
    for arguments in (
        but(LIMIT, quantity="1"),
        but(LIMIT, quantity="1.1", side="SELL"),
        but(MARKET, quantity="0.5"),
        but(MARKET, quantity="1.5", side="SELL"),
        but(MARKET, "quantity", quoteOrderQty="10001"),
    ):
        yield Row("errors.md, other errors", ORDER, arguments, *POOR)
    yield Row("errors.md, other errors", ORDER, but(LIMIT, newClientOrderId="open"), -2010, "Duplicate order sent.")
    for arguments in (but(MAKER, price="50010"), but(MAKER, price="49990", side="SELL")):
        yield Row("errors.md, other errors", ORDER, arguments, -2010, "Order would immediately match and take.")
    for arguments in (but(LIMIT, symbol="ETHUSDT", price="2500"), but(MARKET, symbol="ETHUSDT")):
        yield Row("seen", ORDER, arguments, -1013, "Market is closed.")
    yield Row(
        "errors.md, other errors",
        ORDER,
        but(MARKET, "quantity", symbol="BNBUSDT", quoteOrderQty="100"),
        -2010,
        "Order book liquidity is less than symbol minimum quantity.",
    )


def thin_rows() -> Iterator[Row]:
    """POST /order by quote quantity, on symbols whose (market) orders are of 3 or more, with 2 on the book."""
    for symbol, name in (("BULKYUSDT", "LOT_SIZE"), ("LUMPYUSDT", "MARKET_LOT_SIZE")):
        for side in ("BUY", "SELL"):
            yield Row(
                ENGINE,
                ORDER,
                but(MARKET, "quantity", symbol=symbol, side=side, quoteOrderQty="200000"),
                *rejected(f"Order book liquidity is less than {name} filter minimum quantity."),
            )


def waiting_rows() -> Iterator[Row]:
    """POST /order: where a stop may wait, and what it must be paid with; icebergs."""
    for arguments in (
        but(STOP, stopPrice="50000"),
        but(STOP, side="SELL", stopPrice="50000"),
        but(STOP_LIMIT, stopPrice="49999.99"),
        but(STOP_LIMIT, side="SELL", stopPrice="50000.01"),
        but(PROFIT, stopPrice="50000.01"),
        but(PROFIT, side="SELL", stopPrice="49999.99"),
        but(PROFIT_LIMIT, stopPrice="50000"),
        but(PROFIT_LIMIT, side="SELL", stopPrice="50000"),
        but(STOP, stopPrice="49000", trailingDelta="100"),
    ):
        yield Row(ENGINE, ORDER, arguments, *rejected("Order would trigger immediately."))
    for arguments in (
        but(STOP, quantity="0.5"),
        but(STOP_LIMIT, quantity="0.5"),
        but(STOP, side="SELL", stopPrice="49000", quantity="1.5"),
        but(PROFIT_LIMIT, side="SELL", stopPrice="51000", quantity="1.5"),
        but(STOP, "stopPrice", trailingDelta="100", quantity="0.5"),
    ):
        yield Row(ENGINE, ORDER, arguments, *POOR)
    for arguments in (STOP, STOP_LIMIT, PROFIT, PROFIT_LIMIT, MAKER, but(LIMIT, icebergQty="0.005")):
        yield Row(ENGINE, ORDER, but(arguments, newClientOrderId="open"), *DUPLICATE)
        yield Row("seen", ORDER, but(arguments, symbol="ETHUSDT"), *CLOSED)
    for arguments in (but(LIMIT, icebergQty="0.02"), but(STOP_LIMIT, icebergQty="0.01001")):
        yield Row(ENGINE, ORDER, arguments, *rejected("IcebergQty exceeds QTY."))


def unsupported_rows() -> Iterator[Row]:
    """POST /order on a symbol that allows nothing but plain limit orders."""
    for arguments, label in (
        (MARKET, "Market"),
        (STOP, "Stop loss"),
        (STOP_LIMIT, "Stop loss limit"),
        (PROFIT, "Take profit"),
        (PROFIT_LIMIT, "Take profit limit"),
        (but(LIMIT, icebergQty="0.001"), "Iceberg"),
    ):
        for call in (ORDER, f"{ORDER}/test"):
            yield Row(f"{ENGINE}; seen", call, but(arguments, symbol="BAREUSDT"), *unsupported(label))
    yield Row(
        ENGINE, ORDER, but(STOP, "stopPrice", symbol="NOTRAILUSDT", trailingDelta="100"), *unsupported("Trailing stop")
    )
    yield Row(
        ENGINE,
        ORDER,
        but(MARKET, "quantity", symbol="NOTRAILUSDT", quoteOrderQty="100"),
        -1013,
        "Quote order qty market orders are not support for this symbol.",
    )
    yield Row(
        "faqs/stp_faq.md",
        ORDER,
        but(LIMIT, symbol="BAREUSDT", selfTradePreventionMode="EXPIRE_MAKER"),
        -1013,
        "This symbol does not allow the specified self-trade prevention mode.",
    )
    for call in ("POST /v1/sor/order", "POST /v1/sor/order/test"):
        yield Row("inferred: no symbol has SOR", call, LIMIT, -1013, "SOR is not supported for this symbol.")
        yield Row("rest-api.md, New order using SOR", call, but(LIMIT, "quantity"), *missing("quantity"))
        yield Row("rest-api.md, New order using SOR", call, but(LIMIT, stopPrice="1"), -1104, UNREAD.format(8, 9))


ROWS = (
    *shape_rows(),
    *stop_shape_rows(),
    *peg_rows(),
    *value_rows(),
    *unread_rows(),
    *engine_rows(),
    *thin_rows(),
    *waiting_rows(),
    *unsupported_rows(),
)
