"""Naming orders and lists, in queries and cancels; what nobody reads."""

from collections.abc import Iterator

from tests.api.conformance.rows import (
    BAD_COMBINATION,
    BTC,
    CLIENT_ID,
    DIGITS,
    LIMIT,
    NO_SYMBOL,
    TOO_MANY,
    UNKNOWN_ORDER,
    UNREAD,
    Row,
    both_missing,
    but,
    empty,
    illegal,
    invalid,
    missing,
    overflow,
)


def cancel_and_query_rows() -> Iterator[Row]:
    """Naming orders."""
    both = "Param 'origClientOrderId' or 'orderId' must be sent, but both were empty/null!"
    for call in ("DELETE /v1/order", "GET /v1/order"):
        yield Row("CHANGELOG 2025-04", call, BTC, -1102, both)
        yield Row("rest-api.md", call, {"orderId": "1"}, *missing("symbol"))
        yield Row("seen", call, {**BTC, "orderId": "abc"}, *illegal("orderId", DIGITS))
        yield Row("errors.md, -1108", call, {**BTC, "orderId": "9" * 20}, *overflow("orderId"))
        yield Row("seen", call, {**BTC, "origClientOrderId": "a b"}, *illegal("origClientOrderId", CLIENT_ID))
        yield Row("errors.md, -1121", call, {"symbol": "NOSUCH", "orderId": "1"}, *NO_SYMBOL)
        yield Row("errors.md, -1105", call, {**BTC, "orderId": ""}, *empty("orderId"))
    for named in (
        {"orderId": "77"},
        {"origClientOrderId": "nobody"},
        {"orderId": "2"},
        {"origClientOrderId": "done"},
    ):
        yield Row("errors.md, other errors", "DELETE /v1/order", {**BTC, **named}, *UNKNOWN_ORDER)
    yield Row("bob's order", "DELETE /v1/order", {**BTC, "orderId": "3"}, *UNKNOWN_ORDER)
    yield Row("rest-api.md", "DELETE /v1/order", {**BTC, "orderId": "1", "origClientOrderId": "x"}, *UNKNOWN_ORDER)
    yield Row(
        "rest-api.md, cancelRestrictions",
        "DELETE /v1/order",
        {**BTC, "orderId": "1", "cancelRestrictions": "ONLY_OLD"},
        -1145,
        "Invalid cancelRestrictions",
    )
    yield Row(
        "rest-api.md, cancelRestrictions",
        "DELETE /v1/order",
        {**BTC, "orderId": "1", "cancelRestrictions": "ONLY_PARTIALLY_FILLED"},
        -2011,
        "Order was not canceled due to cancel restrictions.",
    )
    absent = (-2013, "Order does not exist.")
    for named in ({"orderId": "77"}, {"origClientOrderId": "nobody"}, {"orderId": "0"}):
        yield Row("errors.md, -2013", "GET /v1/order", {**BTC, **named}, *absent)
    yield Row("bob's order", "GET /v1/order", {**BTC, "orderId": "3"}, *absent)
    yield Row("bob's order", "GET /v1/order", {**BTC, "origClientOrderId": "bobs"}, *absent)
    for order_id in ("1", "2"):
        yield Row(
            "CHANGELOG 2025-04-08",
            "GET /v1/order",
            {**BTC, "orderId": order_id, "origClientOrderId": "x"},
            -2039,
            "Client order ID is not correct for this order ID.",
        )
    yield Row("seen", "DELETE /v1/openOrders", {"symbol": "XRPUSDT"}, *UNKNOWN_ORDER)
    yield Row("rest-api.md", "DELETE /v1/openOrders", {}, *missing("symbol"))
    for call in ("GET /v1/openOrders", "DELETE /v1/openOrders", "GET /v1/allOrders", "GET /v1/myTrades"):
        yield Row("errors.md, -1121", call, {"symbol": "NOSUCH"}, *NO_SYMBOL)
    for call in ("GET /v1/allOrders", "GET /v1/myTrades", "GET /v1/account/commission"):
        yield Row("rest-api.md", call, {}, *missing("symbol"))
    for call in ("GET /v1/allOrders", "GET /v1/myTrades"):
        day = {"startTime": "1600000000000", "endTime": "1600086400001"}
        wide = "More than 24 hours between startTime and endTime."
        yield Row("errors.md, -1127", call, {**BTC, **day}, -1127, wide)
        yield Row("errors.md, -1130", call, {**BTC, "limit": "0"}, *invalid("limit"))
        yield Row("seen", call, {**BTC, "limit": "None"}, *illegal("limit", DIGITS))
        yield Row("seen", call, {**BTC, "startTime": "-1"}, *illegal("startTime", DIGITS))


def count_rows() -> Iterator[Row]:
    """What nobody reads: more than the endpoint takes is -1101, an unknown one among fewer is -1104."""
    yield Row("seen", "GET /v1/ping", {"x": "1"}, -1101, TOO_MANY.format(0, 1))
    yield Row("seen", "GET /v1/time", {"timestamp": "1", "signature": "x"}, -1101, TOO_MANY.format(0, 2))
    yield Row("seen", "GET /v1/order", but(LIMIT), -1101, TOO_MANY.format(6, 8))
    yield Row("errors.md, -1104", "GET /v1/exchangeInfo", {"pair": "BTCUSDT"}, -1104, UNREAD.format(0, 1))
    yield Row("errors.md, -1104", "GET /v1/openOrders", {"pair": "BTCUSDT"}, -1104, UNREAD.format(2, 3))
    yield Row("errors.md, -1104", "GET /v1/account", {"omitzerobalances": "true"}, -1104, UNREAD.format(2, 3))


def exchange_info_rows() -> Iterator[Row]:
    """GET /exchangeInfo."""
    call = "GET /v1/exchangeInfo"
    yield Row("rest-api.md, Exchange information", call, {"symbol": "NOSUCH"}, *NO_SYMBOL)
    yield Row("rest-api.md, Exchange information", call, {"symbols": '["BTCUSDT","NOSUCH"]'}, *NO_SYMBOL)
    for other in (
        {"symbols": '["BTCUSDT"]'},
        {"permissions": "SPOT"},
        {"symbolStatus": "TRADING"},
    ):
        yield Row("rest-api.md, Exchange information", call, {**BTC, **other}, *BAD_COMBINATION)
    for status in ("CANCEL_ONLY", "END_OF_DAY"):
        source = "rest-api.md, Exchange information: TRADING, HALT or BREAK; errors.md, -1122"
        yield Row(source, call, {"symbolStatus": status}, -1122, "Invalid symbolStatus.")
    yield Row(
        "errors.md, -1151",
        call,
        {"symbols": '["BTCUSDT","BTCUSDT"]'},
        -1151,
        "Symbol is present multiple times in the list.",
    )
    legal = r"""'^\[("[\w\-._&&[^a-z]]{1,50}"(,"[\w\-._&&[^a-z]]{1,50}"){0,}){0,1}\]$'"""
    for value in ("BTCUSDT", '["BTCUSDT", "ETHUSDT"]', "['BTCUSDT']", '["BTCUSDT"'):
        yield Row("seen", call, {"symbols": value}, *illegal("symbols", legal))
    yield Row("errors.md, -1122", call, {"symbolStatus": "OPEN"}, -1122, "Invalid symbolStatus.")
    for value in ("NOTHING", '["SPOT"', '[["SPOT"]]', "[1]"):
        yield Row("errors.md, -1130", call, {"permissions": value}, *invalid("permissions"))
    yield Row("errors.md, -1130", call, {"showPermissionSets": "2"}, *invalid("showPermissionSets"))


def list_rows() -> Iterator[Row]:
    """Naming order lists, prevented matches, amendments and allocations."""
    delete, query = "DELETE /v1/orderList", "GET /v1/orderList"
    yield Row("rest-api.md, Cancel Order list", delete, {"orderListId": "1"}, *missing("symbol"))
    yield Row("rest-api.md, Cancel Order list", delete, BTC, *both_missing("orderListId", "listClientOrderId"))
    for named in (
        {"orderListId": "77"},
        {"listClientOrderId": "nobody"},
        {"orderListId": "1", "listClientOrderId": "other"},
        {"orderListId": "77", "listClientOrderId": "pair"},
        {"orderListId": "3"},
        {"listClientOrderId": "bobs"},
    ):
        yield Row("rest-api.md, Cancel Order list: notes", delete, {**BTC, **named}, *UNKNOWN_ORDER)
    yield Row("rest-api.md, Query Order list", query, {}, *both_missing("origClientOrderId", "orderListId"))
    for named in (
        {"orderListId": "77"},
        {"origClientOrderId": "nobody"},
        {"orderListId": "1", "origClientOrderId": "other"},
        {"orderListId": "3"},
        {"origClientOrderId": "bobs"},
    ):
        yield Row("inferred from errors.md, -2013", query, named, -2013, "Order list does not exist.")
    for call, name in ((delete, "listClientOrderId"), (query, "origClientOrderId")):
        beside = BTC if call == delete else {}
        yield Row("seen", call, {**beside, name: "a b"}, *illegal(name, CLIENT_ID))
        yield Row("errors.md, -1105", call, {**beside, name: ""}, *empty(name))
        yield Row("seen", call, {**beside, "orderListId": "-1"}, *illegal("orderListId", DIGITS))
        yield Row("errors.md, -1108", call, {**beside, "orderListId": "9" * 20}, *overflow("orderListId"))
    every = "GET /v1/allOrderList"
    for time in ("startTime", "endTime"):
        arguments = {"fromId": "1", time: "1600000000000"}
        yield Row("rest-api.md, Query all Order lists: fromId", every, arguments, *BAD_COMBINATION)
    day = {"startTime": "1600000000000", "endTime": "1600086400001"}
    yield Row("errors.md, -1127", every, day, -1127, "More than 24 hours between startTime and endTime.")
    yield Row("errors.md, -1130", every, {"limit": "0"}, *invalid("limit"))
    yield Row("errors.md, -1101", "GET /v1/openOrderList", {**BTC, "limit": "1"}, -1101, TOO_MANY.format(3, 4))


def record_rows() -> Iterator[Row]:
    """Prevented matches, allocations, amendments, filters."""
    matches = "GET /v1/myPreventedMatches"
    yield Row("rest-api.md", matches, BTC, *both_missing("preventedMatchId", "orderId"))
    yield Row(
        "rest-api.md", matches, {**BTC, "fromPreventedMatchId": "1"}, *both_missing("preventedMatchId", "orderId")
    )
    for other in ("orderId", "fromPreventedMatchId", "limit"):
        arguments = {**BTC, "preventedMatchId": "1", other: "1"}
        yield Row("rest-api.md: the combinations supported", matches, arguments, *BAD_COMBINATION)
    allocations = "GET /v1/myAllocations"
    for names in (
        ("startTime", "fromAllocationId"),
        ("endTime", "fromAllocationId"),
        ("startTime", "orderId"),
        ("startTime", "endTime", "orderId"),
    ):
        arguments = {**BTC, **dict.fromkeys(names, "1600000000000")}
        yield Row("rest-api.md: supported parameter combinations", allocations, arguments, *BAD_COMBINATION)
    day = {"startTime": "1600000000000", "endTime": "1600086400001"}
    wide = "More than 24 hours between startTime and endTime."
    yield Row("rest-api.md, Query Allocations: note", allocations, {**BTC, **day}, -1127, wide)
    yield Row("rest-api.md", "GET /v1/order/amendments", BTC, *missing("orderId"))
    for names in (
        ("orderId", "startTime"),
        ("orderId", "endTime"),
        ("fromId", "startTime"),
        ("fromId", "endTime"),
        ("orderId", "fromId", "startTime"),
    ):
        arguments = {**BTC, **dict.fromkeys(names, "1600000000000")}
        yield Row("rest-api.md: supported combinations", "GET /v1/myTrades", arguments, *BAD_COMBINATION)
    for call, name in (
        (matches, "preventedMatchId"),
        (matches, "orderId"),
        (matches, "fromPreventedMatchId"),
        (allocations, "fromAllocationId"),
        (allocations, "orderId"),
        ("GET /v1/order/amendments", "orderId"),
        ("GET /v1/order/amendments", "fromExecutionId"),
        ("GET /v1/myTrades", "orderId"),
        ("GET /v1/myTrades", "fromId"),
        ("GET /v1/allOrders", "orderId"),
        ("GET /v1/allOrders", "endTime"),
    ):
        beside = {**BTC, "orderId": "1"} if name == "fromExecutionId" else BTC
        yield Row("seen", call, {**beside, name: "x"}, *illegal(name, DIGITS))
        yield Row("errors.md, -1108", call, {**beside, name: "9" * 20}, *overflow(name))
        yield Row("errors.md, -1105", call, {**beside, name: ""}, *empty(name))
    for call in (matches, allocations, "GET /v1/order/amendments", "GET /v1/myFilters"):
        named = {"orderId": "1"} if call in (matches, "GET /v1/order/amendments") else {}
        yield Row("rest-api.md", call, named, *missing("symbol"))
        yield Row("errors.md, -1121", call, {"symbol": "NOSUCH", **named}, *NO_SYMBOL)


ROWS = (
    *cancel_and_query_rows(),
    *count_rows(),
    *exchange_info_rows(),
    *list_rows(),
    *record_rows(),
)
