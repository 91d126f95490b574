"""POST /order/cancelReplace and PUT /order/amend/keepPriority: what they refuse before anything changes.

What cancelReplace answers when a half of it fails is in test_replacing.py.
"""

from collections.abc import Iterator

from tests.api.conformance.rows import (
    BTC,
    CLIENT_ID,
    CLOSED,
    DECIMAL,
    DIGITS,
    DUPLICATE,
    ENGINE,
    LIMIT,
    NO_SYMBOL,
    UNREAD,
    Row,
    both_missing,
    but,
    empty,
    filtered,
    illegal,
    invalid,
    missing,
    overflow,
    precise,
)

REPLACE_CALL = "POST /v1/order/cancelReplace"
REPLACE = {**LIMIT, "cancelReplaceMode": "STOP_ON_FAILURE", "cancelOrderId": "1"}
AMEND_CALL = "PUT /v1/order/amend/keepPriority"
AMEND = {**BTC, "orderId": "1", "newQty": "0.005"}


def replace_rows() -> Iterator[Row]:
    """A plain error, and no cancel, where the request or the new order breaks a rule."""
    source = "rest-api.md, Cancel an Existing Order and Send a New Order"
    for name in ("symbol", "side", "type", "cancelReplaceMode"):
        yield Row(source, REPLACE_CALL, but(REPLACE, name), *missing(name))
    for name in ("timeInForce", "quantity", "price"):
        yield Row(f"{source}: similar to POST /order", REPLACE_CALL, but(REPLACE, name), *missing(name))
    for name in REPLACE:
        yield Row("errors.md, -1105", REPLACE_CALL, but(REPLACE, **{name: ""}), *empty(name))
    yield Row(
        source,
        REPLACE_CALL,
        but(REPLACE, "cancelOrderId"),
        *both_missing("cancelOrigClientOrderId", "cancelOrderId"),
    )
    for name in ("cancelReplaceMode", "orderRateLimitExceededMode"):
        yield Row("errors.md, -1130", REPLACE_CALL, but(REPLACE, **{name: "ALWAYS"}), *invalid(name))
    yield Row("seen", REPLACE_CALL, but(REPLACE, cancelOrderId="x"), *illegal("cancelOrderId", DIGITS))
    yield Row("errors.md, -1108", REPLACE_CALL, but(REPLACE, cancelOrderId="9" * 20), *overflow("cancelOrderId"))
    for name in ("cancelOrigClientOrderId", "cancelNewClientOrderId", "newClientOrderId"):
        yield Row("seen", REPLACE_CALL, but(REPLACE, **{name: "a b"}), *illegal(name, CLIENT_ID))
    yield Row(
        "rest-api.md, Regarding cancelRestrictions",
        REPLACE_CALL,
        but(REPLACE, cancelRestrictions="ONLY_OLD"),
        -1145,
        "Invalid cancelRestrictions",
    )
    yield Row("errors.md, -1121", REPLACE_CALL, but(REPLACE, symbol="NOSUCH"), *NO_SYMBOL)
    sent = len(REPLACE) + 3
    yield Row("errors.md, -1104", REPLACE_CALL, but(REPLACE, orderId="1"), -1104, UNREAD.format(sent - 1, sent))
    yield Row(
        ENGINE,
        REPLACE_CALL,
        but(REPLACE, symbol="NOCHANGEUSDT"),
        -1013,
        "Order cancel-replace is not supported for this symbol.",
    )
    yield Row("seen", REPLACE_CALL, but(REPLACE, symbol="ETHUSDT"), *CLOSED)
    for mode in ("STOP_ON_FAILURE", "ALLOW_FAILURE"):
        for changes, refusal in (
            ({"price": "49000.001"}, filtered("PRICE_FILTER")),
            ({"price": "9000"}, filtered("PERCENT_PRICE_BY_SIDE")),
            ({"quantity": "0.010001"}, filtered("LOT_SIZE")),
            ({"quantity": "0.0001"}, filtered("NOTIONAL")),
            ({"quantity": "0"}, (-1013, "Invalid quantity.")),
            ({"quantity": "0.0000000001"}, precise("quantity")),
        ):
            arguments = but(REPLACE, cancelReplaceMode=mode, **changes)
            yield Row("rest-api.md: filters are evaluated before the cancel", REPLACE_CALL, arguments, *refusal)


def amend_rows() -> Iterator[Row]:
    """Order 1 has 0.01, of which nothing is filled."""
    source = "rest-api.md, Order Amend Keep Priority"
    for name in ("symbol", "newQty"):
        yield Row(source, AMEND_CALL, but(AMEND, name), *missing(name))
    for name in AMEND:
        yield Row("errors.md, -1105", AMEND_CALL, but(AMEND, **{name: ""}), *empty(name))
    yield Row(source, AMEND_CALL, but(AMEND, "orderId"), *both_missing("origClientOrderId", "orderId"))
    for name in ("newClientOrderId", "origClientOrderId"):
        yield Row("seen", AMEND_CALL, but(AMEND, **{name: "a b"}), *illegal(name, CLIENT_ID))
    yield Row("seen", AMEND_CALL, but(AMEND, newQty="-1"), *illegal("newQty", DECIMAL))
    yield Row("errors.md, -1108", AMEND_CALL, but(AMEND, newQty="9" * 20), *overflow("newQty"))
    yield Row("errors.md, -1111", AMEND_CALL, but(AMEND, newQty="0.000000001"), *precise("newQty"))
    yield Row("errors.md, -1121", AMEND_CALL, but(AMEND, symbol="NOSUCH"), *NO_SYMBOL)
    yield Row("errors.md, -1104", AMEND_CALL, but(AMEND, quantity="1"), -1104, UNREAD.format(5, 6))
    yield Row(
        f"{source}: greater than 0; code inferred", AMEND_CALL, but(AMEND, newQty="0"), -1013, "Invalid quantity."
    )
    for named in (
        {"orderId": "77"},
        {"orderId": "2"},
        {"orderId": "3"},
        {"origClientOrderId": "nobody"},
        {"origClientOrderId": "done"},
    ):
        arguments = {**but(AMEND, "orderId"), **named}
        yield Row(ENGINE, AMEND_CALL, arguments, -2038, "Unknown order sent.")
    both = but(AMEND, origClientOrderId="other")
    yield Row(f"{source}; both ids as in a cancel: inferred", AMEND_CALL, both, -2038, "Unknown order sent.")
    for quantity in ("0.01001", "1"):
        arguments = but(AMEND, newQty=quantity)
        yield Row(ENGINE, AMEND_CALL, arguments, -2038, "Order amend (quantity increase) is not supported.")
    same = "The requested action would change no state; rejecting"
    yield Row(ENGINE, AMEND_CALL, but(AMEND, newQty="0.01"), -2038, same)
    yield Row("filters.md, LOT_SIZE", AMEND_CALL, but(AMEND, newQty="0.005001"), *filtered("LOT_SIZE"))
    yield Row("filters.md, NOTIONAL", AMEND_CALL, but(AMEND, newQty="0.0001"), *filtered("NOTIONAL"))
    yield Row(ENGINE, AMEND_CALL, but(AMEND, newClientOrderId="above"), *DUPLICATE)
    amended = but(AMEND, symbol="FULLUSDT")
    yield Row("filters.md, MAX_NUM_ORDER_AMENDS", AMEND_CALL, amended, -2038, "Filter failure: MAX_NUM_ORDER_AMENDS")
    no_amends = "Order amend is not supported for this symbol."
    yield Row(ENGINE, AMEND_CALL, but(AMEND, symbol="NOCHANGEUSDT"), -2038, no_amends)
    pending = but(AMEND, symbol="SOMEUSDT", orderId="2")
    yield Row("faqs/opo.md", AMEND_CALL, pending, -2038, "Order amend (pending OPO order) is not supported.")


ROWS = (*replace_rows(), *amend_rows())
