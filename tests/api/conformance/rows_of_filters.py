"""filters.md: each filter on every price and quantity that an order, or an order of a list, may have."""

from collections.abc import Iterator

from tests.api.conformance.rows import (
    ALL_LISTS,
    LIMIT,
    MAKER,
    MARKET,
    OCO,
    OLD_OCO,
    OPOCO,
    ORDER,
    OTO,
    OTOCO,
    PROFIT,
    PROFIT_LIMIT,
    STOP,
    STOP_LIMIT,
    Row,
    but,
    filtered,
    precise,
)

LISTS = (
    ("POST /v1/orderList/oco", OCO, "abovePrice", "belowStopPrice", "aboveIcebergQty"),
    ("POST /v1/orderList/oco", OCO, "belowPrice", "belowStopPrice", "belowIcebergQty"),
    ("POST /v1/orderList/oto", OTO, "workingPrice", "pendingStopPrice", "workingIcebergQty"),
    ("POST /v1/orderList/oto", OTO, "pendingPrice", "pendingStopPrice", "pendingIcebergQty"),
    ("POST /v1/orderList/otoco", OTOCO, "pendingAbovePrice", "pendingBelowStopPrice", "pendingAboveIcebergQty"),
    ("POST /v1/orderList/opoco", OPOCO, "workingPrice", "pendingBelowStopPrice", "workingIcebergQty"),
    ("POST /v1/order/oco", OLD_OCO, "price", "stopPrice", "limitIcebergQty"),
    ("POST /v1/order/oco", OLD_OCO, "stopLimitPrice", "stopPrice", "stopIcebergQty"),
)
"""Call, its arguments, a limit price, a stop price and an iceberg quantity of it."""


def price_rows() -> Iterator[Row]:
    """PRICE_FILTER and PERCENT_PRICE_BY_SIDE, on limit and stop prices."""
    for arguments in (STOP, STOP_LIMIT, PROFIT, PROFIT_LIMIT):
        for stop_price in ("51000.001", "1000000.01", "0.001", "0"):
            yield Row(
                "filters.md, PRICE_FILTER", ORDER, but(arguments, stopPrice=stop_price), *filtered("PRICE_FILTER")
            )
        yield Row("errors.md, -1111", ORDER, but(arguments, stopPrice="51000.123456789"), *precise("stopPrice"))
    for arguments in (STOP_LIMIT, PROFIT_LIMIT, MAKER):
        yield Row("filters.md, PRICE_FILTER", ORDER, but(arguments, price="49000.001"), *filtered("PRICE_FILTER"))
        for price in ("9000", "260000"):
            yield Row(
                "filters.md, PERCENT_PRICE_BY_SIDE",
                ORDER,
                but(arguments, price=price),
                *filtered("PERCENT_PRICE_BY_SIDE"),
            )
    for call, arguments, price, stop_price, _ in LISTS:
        for name in (price, stop_price):
            off_step = but(arguments, **{name: f"{arguments[name]}.001"})
            yield Row("filters.md, PRICE_FILTER", call, off_step, *filtered("PRICE_FILTER"))
            yield Row("errors.md, -1111", call, but(arguments, **{name: "49000.000000001"}), *precise(name))
        yield Row(
            "filters.md, PERCENT_PRICE_BY_SIDE",
            call,
            but(arguments, **{price: "9000"}),
            *filtered("PERCENT_PRICE_BY_SIDE"),
        )


def quantity_rows() -> Iterator[Row]:
    """LOT_SIZE and ICEBERG_PARTS, on quantities and iceberg quantities."""
    for arguments in (STOP, STOP_LIMIT, PROFIT, PROFIT_LIMIT, MAKER):
        for quantity in ("0.000001", "0.010001", "9000.00001"):
            yield Row("filters.md, LOT_SIZE", ORDER, but(arguments, quantity=quantity), *filtered("LOT_SIZE"))
    for arguments in (LIMIT, MAKER, STOP_LIMIT, PROFIT_LIMIT):
        for iceberg in ("0.005001", "0"):
            yield Row("filters.md, LOT_SIZE", ORDER, but(arguments, icebergQty=iceberg), *filtered("LOT_SIZE"))
        yield Row("filters.md, ICEBERG_PARTS", ORDER, but(arguments, icebergQty="0.00009"), *filtered("ICEBERG_PARTS"))
        yield Row("errors.md, -1111", ORDER, but(arguments, icebergQty="0.000000001"), *precise("icebergQty"))
    for call, arguments, *_, iceberg in LISTS:
        quantity = next(name for name in ("quantity", "workingQuantity") if name in arguments)
        yield Row("filters.md, LOT_SIZE", call, but(arguments, **{quantity: "0.010001"}), *filtered("LOT_SIZE"))
        yield Row("errors.md, -1111", call, but(arguments, **{quantity: "0.010000001"}), *precise(quantity))
        yield Row("filters.md, LOT_SIZE", call, but(arguments, **{iceberg: "0.005001"}), *filtered("LOT_SIZE"))
        yield Row("filters.md, ICEBERG_PARTS", call, but(arguments, **{iceberg: "0.00009"}), *filtered("ICEBERG_PARTS"))
        yield Row("errors.md, -1111", call, but(arguments, **{iceberg: "0.000000001"}), *precise(iceberg))
    for call, arguments in (("POST /v1/orderList/oto", OTO), ("POST /v1/orderList/otoco", OTOCO)):
        pending = but(arguments, pendingQuantity="0.010001")
        yield Row("filters.md, LOT_SIZE", call, pending, *filtered("LOT_SIZE"))


def precision_rows() -> Iterator[Row]:
    """A symbol of 5 decimals of the base and 2 of the quote: what is finer is -1111, whatever the filters say."""
    for base, name, value in (
        (LIMIT, "quantity", "0.010001"),
        (LIMIT, "price", "49000.001"),
        (STOP, "stopPrice", "51000.001"),
        (LIMIT, "icebergQty", "0.000001"),
        (but(MARKET, "quantity"), "quoteOrderQty", "10.001"),
    ):
        coarse = but(base, symbol="COARSEUSDT", **{name: value})
        yield Row("errors.md, -1111; seen", ORDER, coarse, *precise(name))
    for call, arguments, *names in LISTS:
        for name in names:
            coarse = but(arguments, symbol="COARSEUSDT", **{name: "0.000001"})
            yield Row("errors.md, -1111; seen", call, coarse, *precise(name))
    yield Row(
        "errors.md, -1111; seen",
        "PUT /v1/order/amend/keepPriority",
        {"symbol": "COARSEUSDT", "orderId": "1", "newQty": "0.000001"},
        *precise("newQty"),
    )


def trailing_rows() -> Iterator[Row]:
    """TRAILING_DELTA; TRAILUSDT allows 10 to 2000 above the price, and 20 to 1000 below it."""
    for base, side, least, most in (
        (STOP, "BUY", 10, 2000),
        (STOP_LIMIT, "BUY", 10, 2000),
        (PROFIT, "SELL", 10, 2000),
        (PROFIT_LIMIT, "SELL", 10, 2000),
        (STOP, "SELL", 20, 1000),
        (STOP_LIMIT, "SELL", 20, 1000),
        (PROFIT, "BUY", 20, 1000),
        (PROFIT_LIMIT, "BUY", 20, 1000),
    ):
        for delta in (0, least - 1, most + 1):
            arguments = but(base, "stopPrice", symbol="TRAILUSDT", side=side, trailingDelta=str(delta))
            yield Row("filters.md, TRAILING_DELTA", ORDER, arguments, *filtered("TRAILING_DELTA"))
    for call, arguments, name in (
        ("POST /v1/orderList/oco", OCO, "belowTrailingDelta"),
        ("POST /v1/orderList/oto", OTO, "pendingTrailingDelta"),
        ("POST /v1/orderList/otoco", OTOCO, "pendingBelowTrailingDelta"),
        ("POST /v1/order/oco", OLD_OCO, "trailingDelta"),
    ):
        yield Row("filters.md, TRAILING_DELTA", call, but(arguments, **{name: "9"}), *filtered("TRAILING_DELTA"))


def notional_rows() -> Iterator[Row]:
    """NOTIONAL, of 5 to 9000000; of the stops without a price by the average price, which is 50000."""
    small = "0.00009"
    for arguments in (MAKER, STOP, STOP_LIMIT, PROFIT, PROFIT_LIMIT):
        yield Row("filters.md, NOTIONAL", ORDER, but(arguments, quantity=small), *filtered("NOTIONAL"))
        yield Row("filters.md, NOTIONAL", ORDER, but(arguments, quantity="200"), *filtered("NOTIONAL"))
    for call, arguments, *_ in LISTS:
        quantity = next(name for name in ("quantity", "workingQuantity") if name in arguments)
        yield Row("filters.md, NOTIONAL", call, but(arguments, **{quantity: small}), *filtered("NOTIONAL"))


def elder_rows() -> Iterator[Row]:
    """A symbol with PERCENT_PRICE and MIN_NOTIONAL, which were before the filters by side and with two bounds."""
    for arguments in (LIMIT, MAKER, STOP_LIMIT, PROFIT_LIMIT):
        elder = but(arguments, symbol="ELDERUSDT")
        for price in ("9000", "260000"):
            yield Row("filters.md, PERCENT_PRICE", ORDER, but(elder, price=price), *filtered("PERCENT_PRICE"))
        yield Row("filters.md, MIN_NOTIONAL", ORDER, but(elder, quantity="0.00009"), *filtered("MIN_NOTIONAL"))


def count_rows() -> Iterator[Row]:
    """The filters that count: alice has one open order on FULLUSDT, and one list with an iceberg on FEWUSDT."""
    for arguments in (LIMIT, MAKER, MARKET, STOP):
        for call in (ORDER, f"{ORDER}/test"):
            yield Row(
                "filters.md, MAX_NUM_ORDERS", call, but(arguments, symbol="FULLUSDT"), *filtered("MAX_NUM_ORDERS")
            )
    for call, arguments in ALL_LISTS:
        full = but(arguments, symbol="FULLUSDT")
        yield Row("filters.md, MAX_NUM_ORDERS", call, full, *filtered("MAX_NUM_ORDERS"))
        few = but(arguments, symbol="FEWUSDT")
        if call == "POST /v1/orderList/opo":  # of a limit order, which is none of the kinds that are counted there
            yield Row("filters.md, MAX_NUM_ORDER_LISTS", call, few, *filtered("MAX_NUM_ORDER_LISTS"))
        else:
            yield Row("filters.md, MAX_NUM_ALGO_ORDERS", call, few, *filtered("MAX_NUM_ALGO_ORDERS"))
    yield Row(
        "rest-api.md, cancelReplace: evaluated before the cancel",
        "POST /v1/order/cancelReplace",
        but(LIMIT, symbol="FULLUSDT", cancelReplaceMode="STOP_ON_FAILURE", cancelOrderId="1"),
        *filtered("MAX_NUM_ORDERS"),
    )
    for arguments in (STOP, STOP_LIMIT, PROFIT, PROFIT_LIMIT):
        few = but(arguments, symbol="FEWUSDT")
        yield Row("filters.md, MAX_NUM_ALGO_ORDERS", ORDER, few, *filtered("MAX_NUM_ALGO_ORDERS"))
    for arguments in (LIMIT, MAKER):
        few = but(arguments, symbol="FEWUSDT", icebergQty="0.005")
        yield Row("filters.md, MAX_NUM_ICEBERG_ORDERS", ORDER, few, *filtered("MAX_NUM_ICEBERG_ORDERS"))
    for arguments in (LIMIT, MAKER, STOP, STOP_LIMIT, but(MARKET, quantity="1.5")):
        some = but(arguments, symbol="SOMEUSDT", quantity="1.5")
        yield Row("filters.md, MAX_POSITION", ORDER, some, *filtered("MAX_POSITION"))


ROWS = (
    *price_rows(),
    *quantity_rows(),
    *precision_rows(),
    *trailing_rows(),
    *notional_rows(),
    *elder_rows(),
    *count_rows(),
)
