"""POST /orderList/*: what the orders of a list need and refuse, how they must lie, and what the engine says to them."""

from collections.abc import Iterator

from tests.api.conformance.rows import (
    ALL_LISTS,
    BAD_PRICES,
    BTC,
    BY_TYPE,
    CLIENT_ID,
    CLOSED,
    DECIMAL,
    DUPLICATE,
    ENGINE,
    NO_SYMBOL,
    OCO,
    OLD_OCO,
    OLD_OCO_CALL,
    OPO,
    OPOCO,
    OTO,
    OTOCO,
    POOR,
    UNREAD,
    Row,
    both_missing,
    but,
    empty,
    illegal,
    invalid,
    missing,
    not_required,
    overflow,
    rejected,
    together,
    unsupported,
)

OCO_CALL = "POST /v1/orderList/oco"
TYPES = "STOP_LOSS STOP_LOSS_LIMIT TAKE_PROFIT TAKE_PROFIT_LIMIT LIMIT_MAKER".split()


def leg(role: str, order_type: str, price: str) -> dict[str, str]:
    """One order of a list, of a type; its limit and its stop price are the same."""
    own = {"Type": order_type}
    if order_type != "LIMIT_MAKER":
        own |= {"StopPrice": price}
    if order_type.endswith("LIMIT"):
        own |= {"TimeInForce": "GTC"}
    if "LIMIT" in order_type:
        own |= {"Price": price}
    return {f"{role}{name}": value for name, value in own.items()}


def pair(side: str, above: str, below: str) -> dict[str, str]:
    return {**BTC, "side": side, "quantity": "0.01", **leg("above", above, "51000"), **leg("below", below, "49000")}


def common_rows() -> Iterator[Row]:
    """What every list needs, and what its parameters may be."""
    for call, arguments in ALL_LISTS:
        source = "rest-api.md, Order lists: mandatory parameters"
        always = [
            name
            for name in arguments
            if name.endswith(("symbol", "ide", "uantity", "Type")) or name == "workingPrice" or call == OLD_OCO_CALL
        ]
        for name in always:
            if name not in ("stopLimitPrice", "stopLimitTimeInForce"):
                yield Row(source, call, but(arguments, name), *missing(name))
        for name in arguments:
            yield Row("errors.md, -1105", call, but(arguments, **{name: ""}), *empty(name))
        for name, value in arguments.items():
            if value[0].isdigit():
                yield Row("errors.md, -1100; seen", call, but(arguments, **{name: "-1"}), *illegal(name, DECIMAL))
                yield Row("errors.md, -1108", call, but(arguments, **{name: "9" * 20}), *overflow(name))
            if name.endswith("Type"):
                yield Row("errors.md, -1116", call, but(arguments, **{name: "STOP"}), -1116, "Invalid orderType.")
            if name.endswith(("side", "Side")):
                yield Row("errors.md, -1117", call, but(arguments, **{name: "LONG"}), -1117, "Invalid side.")
            if name.endswith("TimeInForce"):
                yield Row("errors.md, -1115", call, but(arguments, **{name: "GTX"}), -1115, "Invalid timeInForce.")
        yield Row("seen", call, but(arguments, listClientOrderId="a b"), *illegal("listClientOrderId", CLIENT_ID))
        yield Row("errors.md, -1121", call, but(arguments, symbol="NOSUCH"), *NO_SYMBOL)
        yield Row("seen", call, but(arguments, symbol="ETHUSDT"), *CLOSED)
        sent = len(arguments) + 3
        yield Row("errors.md, -1104", call, but(arguments, price2="1"), -1104, UNREAD.format(sent - 1, sent))
        yield Row(
            "errors.md, -1130",
            call,
            but(arguments, selfTradePreventionMode="SOME"),
            *invalid("selfTradePreventionMode"),
        )
        yield Row(
            "faqs/stp_faq.md",
            call,
            but(arguments, symbol="NOSTPUSDT", selfTradePreventionMode="EXPIRE_BOTH"),
            -1013,
            "This symbol does not allow the specified self-trade prevention mode.",
        )
        yield Row("ccxt's table", call, but(arguments, newOrderRespType="ALL"), -1136, "Invalid newOrderRespType.")
    for call, arguments in ALL_LISTS[1:4]:
        for order_type in ("MARKET", *TYPES[:4]):
            wrong = but(arguments, workingType=order_type)
            source = "rest-api.md: the working order must be LIMIT or LIMIT_MAKER; code inferred"
            yield Row(source, call, wrong, -1116, "Invalid orderType.")


def leg_rows() -> Iterator[Row]:
    """What the types need and refuse, by the names that they have in a list."""
    for order_type in TYPES:
        side = "BUY" if order_type.startswith("STOP") else "SELL"
        other = "LIMIT_MAKER" if side == "BUY" else "STOP_LOSS"
        arguments = pair(side, order_type, other)
        refused = {"aboveTimeInForce": "GTC", "abovePrice": "51000", "aboveIcebergQty": "0.005"}
        if order_type == "LIMIT_MAKER":
            refused = {"aboveTimeInForce": "GTC", "aboveStopPrice": "51000", "aboveTrailingDelta": "100"}
            yield Row(BY_TYPE, OCO_CALL, but(arguments, "abovePrice"), *missing("abovePrice"))
        else:
            stops = both_missing("aboveStopPrice", "aboveTrailingDelta")
            yield Row(BY_TYPE, OCO_CALL, but(arguments, "aboveStopPrice"), *stops)
        if order_type.endswith("LIMIT"):
            refused = {}
            for name in ("aboveTimeInForce", "abovePrice"):
                yield Row(BY_TYPE, OCO_CALL, but(arguments, name), *missing(name))
            for time_in_force in ("IOC", "FOK"):
                yield Row(
                    "errors.md, -1160",
                    OCO_CALL,
                    but(arguments, aboveTimeInForce=time_in_force, aboveIcebergQty="0.005"),
                    -1160,
                    "Parameter 'aboveIcebergQty' is not supported if aboveTimeInForce/belowTimeInForce is not GTC.",
                )
        for name, value in refused.items():
            yield Row("seen, of POST /order", OCO_CALL, but(arguments, **{name: value}), *not_required(name))


def role_rows() -> Iterator[Row]:
    """Parameters of an order by the role that it has in its list."""
    for role, call, arguments in (
        ("above", OCO_CALL, OCO),
        ("pending", "POST /v1/orderList/oto", OTO),
        ("pendingAbove", "POST /v1/orderList/otoco", OTOCO),
    ):
        yield Row(
            "errors.md, -1134",
            call,
            but(arguments, **{f"{role}StrategyType": "999999"}),
            -1134,
            "strategyType was less than 1000000.",
        )
        peg = {f"{role}PegPriceType": "PRIMARY_PEG"}
        yield Row(
            "errors.md, -1210", call, but(arguments, **{f"{role}PegPriceType": "BEST"}), -1210, "Invalid pegPriceType."
        )
        yield Row(
            "errors.md, -1128",
            call,
            but(arguments, **peg, **{f"{role}PegOffsetValue": "1"}),
            *together(f"{role}PegOffsetType", f"{role}PegOffsetValue"),
        )
    for order_type in ("STOP_LOSS", "TAKE_PROFIT", "MARKET"):
        pegged = but(
            OTO, "pendingPrice", "pendingTimeInForce", pendingType=order_type, pendingPegPriceType="MARKET_PEG"
        )
        pegged = but(pegged, "pendingStopPrice") if order_type == "MARKET" else pegged
        sentence = "This order type may not use pegged price."
        yield Row("faqs/pegged_orders.md", "POST /v1/orderList/oto", pegged, *rejected(sentence))
    for name in ("pendingPrice", "pendingTimeInForce"):
        yield Row(BY_TYPE, "POST /v1/orderList/oto", but(OTO, name), *missing(name))
    yield Row(BY_TYPE, "POST /v1/orderList/oto", but(OTO, "workingTimeInForce"), *missing("workingTimeInForce"))
    market = but(OTO, "pendingPrice", "pendingTimeInForce", "pendingStopPrice", pendingType="MARKET")
    yield Row(
        "rest-api.md, New Order list - OTO: no quoteOrderQty",
        "POST /v1/orderList/oto",
        but(market, pendingQuoteOrderQty="10"),
        -1104,
        UNREAD.format(len(market) + 2, len(market) + 3),
    )
    for call, arguments in ALL_LISTS[1:5]:
        sent = len(arguments) + 3
        for name in ("workingStopPrice", "workingTrailingDelta"):
            more = but(arguments, **{name: "100"})
            yield Row("rest-api.md: no such parameter", call, more, -1104, UNREAD.format(sent - 1, sent))
    for call, arguments in (("POST /v1/orderList/opo", OPO), ("POST /v1/orderList/opoco", OPOCO)):
        sent = len(arguments) + 3
        more = but(arguments, pendingQuantity="0.01")
        yield Row("faqs/opo.md: no pending quantity", call, more, -1104, UNREAD.format(sent - 1, sent))


def place_rows() -> Iterator[Row]:
    """Which orders make an OCO, and on which side of the price they must lie."""
    for side, above, below, code, sentence in (
        ("BUY", "LIMIT", "STOP_LOSS", -1158, "Order type not supported in OCO."),
        ("SELL", "STOP_LOSS", "MARKET", -1158, "Order type not supported in OCO."),
        ("SELL", "MARKET", "STOP_LOSS", -1158, "Order type not supported in OCO."),
        ("SELL", "LIMIT", "STOP_LOSS", -1158, "Order type not supported in OCO."),
        ("BUY", "LIMIT_MAKER", "TAKE_PROFIT", -1165, "A limit order in a buy OCO must be below."),
        ("SELL", "TAKE_PROFIT", "LIMIT_MAKER", -1166, "A limit order in a sell OCO must be above."),
        ("BUY", "LIMIT_MAKER", "LIMIT_MAKER", -1168, "At least one OCO order must be contingent."),
        ("SELL", "LIMIT_MAKER", "LIMIT_MAKER", -1168, "At least one OCO order must be contingent."),
        ("BUY", "STOP_LOSS", "STOP_LOSS", -1196, "A stop loss order in a buy OCO must be above."),
        ("BUY", "STOP_LOSS_LIMIT", "STOP_LOSS", -1196, "A stop loss order in a buy OCO must be above."),
        ("SELL", "STOP_LOSS", "STOP_LOSS", -1197, "A stop loss order in a sell OCO must be below."),
        ("SELL", "STOP_LOSS_LIMIT", "STOP_LOSS_LIMIT", -1197, "A stop loss order in a sell OCO must be below."),
        ("BUY", "TAKE_PROFIT", "TAKE_PROFIT", -1198, "A take profit order in a buy OCO must be below."),
        ("BUY", "TAKE_PROFIT_LIMIT", "LIMIT_MAKER", -1198, "A take profit order in a buy OCO must be below."),
        ("SELL", "TAKE_PROFIT", "TAKE_PROFIT", -1199, "A take profit order in a sell OCO must be above."),
        ("SELL", "LIMIT_MAKER", "TAKE_PROFIT_LIMIT", -1199, "A take profit order in a sell OCO must be above."),
    ):
        yield Row(f"errors.md, {code}", OCO_CALL, pair(side, above, below), code, sentence)
        pending = {
            name if name in ("symbol", "side", "quantity") else f"pending{name[0].upper()}{name[1:]}": value
            for name, value in but(pair(side, above, below), "side", "quantity").items()
        }
        working = {name: value for name, value in OTOCO.items() if name.startswith("working")}
        whole = {**working, **pending, "pendingSide": side, "pendingQuantity": "0.01"}
        yield Row(f"errors.md, {code}", "POST /v1/orderList/otoco", whole, code, sentence)
    for arguments in (
        but(pair("SELL", "LIMIT_MAKER", "STOP_LOSS"), abovePrice="50000"),
        but(pair("SELL", "LIMIT_MAKER", "STOP_LOSS"), abovePrice="48999"),
        but(pair("SELL", "LIMIT_MAKER", "STOP_LOSS"), belowStopPrice="50000"),
        but(pair("SELL", "TAKE_PROFIT", "STOP_LOSS_LIMIT"), aboveStopPrice="50000"),
        but(pair("BUY", "STOP_LOSS", "LIMIT_MAKER"), belowPrice="50000"),
        but(pair("BUY", "STOP_LOSS_LIMIT", "LIMIT_MAKER"), aboveStopPrice="50000"),
        but(pair("BUY", "STOP_LOSS", "TAKE_PROFIT"), belowStopPrice="50000"),
    ):
        yield Row(f"{ENGINE}; rest-api.md, OCO: price restrictions", OCO_CALL, arguments, *BAD_PRICES)
    for changes in ({"price": "48000"}, {"stopPrice": "52000"}):
        yield Row("rest-api.md, New OCO: price restrictions", OLD_OCO_CALL, but(OLD_OCO, **changes), *BAD_PRICES)
    crossed = but(OTOCO, pendingAbovePrice="48000")
    yield Row("inferred: an OCO that lies the wrong way round", "POST /v1/orderList/otoco", crossed, *BAD_PRICES)
    for call, arguments in (("POST /v1/orderList/opo", OPO), ("POST /v1/orderList/opoco", OPOCO)):
        yield Row(
            "errors.md, -1222",
            call,
            but(arguments, workingSide="SELL"),
            -1222,
            "Working order in an OPO list must be a bid.",
        )
        yield Row(
            "errors.md, -1223",
            call,
            but(arguments, pendingSide="BUY"),
            -1223,
            "Pending orders in an OPO list must be asks.",
        )


def old_oco_rows() -> Iterator[Row]:
    """POST /order/oco: what the stop's limit needs."""
    yield Row(
        "CHANGELOG 2019-11-13",
        OLD_OCO_CALL,
        but(OLD_OCO, "stopLimitTimeInForce"),
        -1128,
        "Combination of optional parameters invalid. Recommendation: 'stopLimitTimeInForce' should also be sent.",
    )
    without = but(OLD_OCO, "stopLimitPrice")
    yield Row("seen", OLD_OCO_CALL, without, *not_required("stopLimitTimeInForce"))
    for name in ("limitStrategyType", "stopStrategyType"):
        yield Row(
            "errors.md, -1134", OLD_OCO_CALL, but(OLD_OCO, **{name: "1"}), -1134, "strategyType was less than 1000000."
        )
    yield Row(
        "errors.md, -1160",
        OLD_OCO_CALL,
        but(OLD_OCO, stopLimitTimeInForce="IOC", stopIcebergQty="0.005"),
        -1160,
        "Parameter 'stopIcebergQty' is not supported if aboveTimeInForce/belowTimeInForce is not GTC.",
    )


def engine_rows() -> Iterator[Row]:
    """Funds, names, and symbols that allow no lists."""
    for call, arguments in ALL_LISTS:
        quantity = next(name for name in ("quantity", "workingQuantity") if name in arguments)
        yield Row(ENGINE, call, but(arguments, **{quantity: "1.5"}), *POOR)
        yield Row(
            "rest-api.md: unique among open order lists", call, but(arguments, listClientOrderId="pair"), *DUPLICATE
        )
    for call, arguments, *names in (
        (OCO_CALL, OCO, "aboveClientOrderId", "belowClientOrderId"),
        ("POST /v1/orderList/oto", OTO, "workingClientOrderId", "pendingClientOrderId"),
        (
            "POST /v1/orderList/otoco",
            OTOCO,
            "workingClientOrderId",
            "pendingAboveClientOrderId",
            "pendingBelowClientOrderId",
        ),
        ("POST /v1/orderList/opo", OPO, "workingClientOrderId", "pendingClientOrderId"),
        (OLD_OCO_CALL, OLD_OCO, "limitClientOrderId", "stopClientOrderId"),
    ):
        source = "rest-api.md: unique among open orders"
        for name in names:
            yield Row(source, call, but(arguments, **{name: "open"}), *DUPLICATE)
            yield Row("seen", call, but(arguments, **{name: "a b"}), *illegal(name, CLIENT_ID))
        yield Row(source, call, but(arguments, **dict.fromkeys(names, "same")), *DUPLICATE)
    taking = rejected("Order would immediately match and take.")
    yield Row(
        ENGINE, OCO_CALL, but(pair("SELL", "LIMIT_MAKER", "STOP_LOSS"), symbol="GAPUSDT", abovePrice="50005"), *taking
    )
    working = but(OTO, "workingTimeInForce", workingType="LIMIT_MAKER", workingPrice="50010")
    yield Row(ENGINE, "POST /v1/orderList/oto", working, *taking)
    for symbol, label in (("NOOCOUSDT", "OCO"), ("NOOTOUSDT", "OTO"), ("NOOPOUSDT", "OPO")):
        for call, arguments in ALL_LISTS:
            kinds = KINDS[call]
            if label in kinds:
                yield Row(f"{ENGINE}; faqs/opo.md", call, but(arguments, symbol=symbol), *unsupported(label))


KINDS = {
    OCO_CALL: ("OCO",),
    "POST /v1/orderList/oto": ("OTO",),
    "POST /v1/orderList/otoco": ("OTO", "OCO"),
    "POST /v1/orderList/opo": ("OTO", "OPO"),
    "POST /v1/orderList/opoco": ("OTO", "OPO", "OCO"),
    OLD_OCO_CALL: ("OCO",),
}
"""What a symbol must allow for each (faqs/opo.md, 'Which symbols allow OPO orders?')."""

ROWS = (
    *common_rows(),
    *leg_rows(),
    *role_rows(),
    *place_rows(),
    *old_oco_rows(),
    *engine_rows(),
)
