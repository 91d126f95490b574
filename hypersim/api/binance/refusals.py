"""How Binance words each refusal: one total table from Reason to HTTP status, code and sentence.

Clients act on the sentences (ccxt maps several of them exactly), so they are Binance's to the letter.
Sources: errors.md, filters.md, rest-api.md ('HTTP Return Codes'), the error codes of the wallet documents (-3000 to
-5999), and replies of the live server that its
users quoted.
"""

from typing import Any, Final, NamedTuple

import msgspec

from hypersim.errors import Reason, Refused
from hypersim.limits import Limited


class Wording(NamedTuple):
    """One row: `{}` stands for the details of the refusal, in their order; `bare` is for one without
    details.
    """

    status: int
    code: int
    sentence: str
    bare: str = ""


WORDINGS: Final[dict[Reason, Wording]] = {
    # -1020 rather than the old -1099, which ccxt takes for a wrong key; without a code it tries again for ever
    Reason.UNKNOWN_PATH: Wording(
        404, -1020, "This operation is not supported. {}", bare="This operation is not supported."
    ),
    Reason.METHOD_NOT_ALLOWED: Wording(405, -1020, "This operation is not supported."),
    Reason.BODY_TOO_LARGE: Wording(413, -1101, "Too many parameters sent for this endpoint."),
    Reason.FORBIDDEN_ORIGIN: Wording(403, -1002, "You are not authorized to execute this request."),
    Reason.NOT_JSON: Wording(400, -1135, "Invalid JSON Request"),
    # the sentence of the live server about 'params'; that about the other parts goes by it
    Reason.BAD_ENVELOPE: Wording(400, -1135, "Invalid '{}' in JSON request; expected {}."),
    Reason.INVALID_FIELD: Wording(400, -1130, "Data sent for parameter '{}' is not valid."),
    Reason.ILLEGAL_CHARACTERS: Wording(
        400,
        -1100,
        "Illegal characters found in parameter '{}'; legal range is '{}'.",
        bare="Illegal characters found in a parameter.",
    ),
    Reason.TOO_MANY_PARAMETERS: Wording(
        400, -1101, "Too many values sent for parameter '{}', maximum allowed up to {}."
    ),
    Reason.DUPLICATE_PARAMETER: Wording(400, -1101, "Duplicate values for a parameter detected."),
    Reason.PARAMETERS_UNEXPECTED: Wording(400, -1101, "Too many parameters; expected '{}' and received '{}'."),
    Reason.PARAMETER_MISSING: Wording(
        400, -1102, "Mandatory parameter '{}' was not sent, was empty/null, or malformed."
    ),
    Reason.PARAMETERS_BOTH_MISSING: Wording(400, -1102, "Param '{}' or '{}' must be sent, but both were empty/null!"),
    Reason.PARAMETERS_UNREAD: Wording(
        400, -1104, "Not all sent parameters were read; read '{}' parameter(s) but was sent '{}'."
    ),
    Reason.PARAMETER_EMPTY: Wording(400, -1105, "Parameter '{}' was empty."),
    Reason.PARAMETER_NOT_REQUIRED: Wording(400, -1106, "Parameter '{}' sent when not required."),
    Reason.PARAMETER_OVERFLOW: Wording(400, -1108, "Parameter '{}' overflowed."),
    Reason.PARAMETER_INVALID: Wording(400, -1130, "Data sent for parameter '{}' is not valid."),
    Reason.TOO_MUCH_PRECISION: Wording(400, -1111, "Parameter '{}' has too much precision."),
    Reason.BAD_COMBINATION: Wording(
        400,
        -1128,
        "Combination of optional parameters invalid. {}",
        bare="Combination of optional parameters invalid.",
    ),
    Reason.PARAMETER_TOO_GREAT: Wording(400, -1102, "'{}' contains unexpected value. Cannot be greater than {}."),
    Reason.BAD_PEG_PRICE_TYPE: Wording(400, -1210, "Invalid pegPriceType."),
    Reason.BAD_PEG_OFFSET_TYPE: Wording(400, -1211, "Invalid pegOffsetType."),
    Reason.BAD_OCO_ORDER_TYPE: Wording(400, -1158, "Order type not supported in OCO."),
    Reason.OCO_ICEBERG_NOT_GTC: Wording(
        400, -1160, "Parameter '{}' is not supported if aboveTimeInForce/belowTimeInForce is not GTC."
    ),
    Reason.OCO_BOTH_LIMIT: Wording(400, -1168, "At least one OCO order must be contingent."),
    Reason.BUY_OCO_LIMIT_ABOVE: Wording(400, -1165, "A limit order in a buy OCO must be below."),
    Reason.SELL_OCO_LIMIT_BELOW: Wording(400, -1166, "A limit order in a sell OCO must be above."),
    Reason.BUY_OCO_STOP_LOSS_BELOW: Wording(400, -1196, "A stop loss order in a buy OCO must be above."),
    Reason.SELL_OCO_STOP_LOSS_ABOVE: Wording(400, -1197, "A stop loss order in a sell OCO must be below."),
    Reason.BUY_OCO_TAKE_PROFIT_ABOVE: Wording(400, -1198, "A take profit order in a buy OCO must be below."),
    Reason.SELL_OCO_TAKE_PROFIT_BELOW: Wording(400, -1199, "A take profit order in a sell OCO must be above."),
    Reason.OPO_WORKING_NOT_BUY: Wording(400, -1222, "Working order in an OPO list must be a bid."),
    Reason.OPO_PENDING_NOT_SELL: Wording(400, -1223, "Pending orders in an OPO list must be asks."),
    Reason.BAD_INTERVAL: Wording(400, -1120, "Invalid interval."),
    Reason.BAD_SYMBOL: Wording(400, -1121, "Invalid symbol."),
    Reason.BAD_SYMBOL_STATUS: Wording(400, -1122, "Invalid symbolStatus."),
    Reason.SYMBOL_STATUS_MISMATCH: Wording(
        400, -1220, "The symbol's status does not match the requested symbolStatus."
    ),
    Reason.DUPLICATE_SYMBOLS: Wording(400, -1151, "Symbol is present multiple times in the list."),
    Reason.BAD_TICKER_TYPE: Wording(400, -1139, "Invalid ticker type."),
    Reason.BAD_TIME_UNIT: Wording(
        400, -1194, "Invalid value for time unit; expected either MICROSECOND or MILLISECOND."
    ),
    Reason.BAD_ORDER_TYPE: Wording(400, -1116, "Invalid orderType."),
    Reason.BAD_SIDE: Wording(400, -1117, "Invalid side."),
    Reason.BAD_TIME_IN_FORCE: Wording(400, -1115, "Invalid timeInForce."),
    Reason.BAD_RESPONSE_TYPE: Wording(400, -1136, "Invalid newOrderRespType."),
    Reason.BAD_RECV_WINDOW: Wording(400, -1131, "recvWindow must be less than 60000."),
    Reason.BAD_STRATEGY_TYPE: Wording(400, -1134, "strategyType was less than 1000000."),
    Reason.BAD_CANCEL_RESTRICTIONS: Wording(400, -1145, "Invalid cancelRestrictions"),
    Reason.LOOKUP_TOO_WIDE: Wording(
        400, -1127, "More than {} hours between startTime and endTime.", bare="Lookup interval is too big."
    ),
    Reason.LOOKUP_TOO_MANY_DAYS: Wording(400, -4047, "Time interval must be within 0-{} days"),
    Reason.BAD_API_KEY_FORMAT: Wording(401, -2014, "API-key format invalid."),
    Reason.BAD_API_KEY: Wording(401, -2015, "Invalid API-key, IP, or permissions for action."),
    Reason.BAD_SIGNATURE: Wording(400, -1022, "Signature for this request is not valid."),
    Reason.TIMESTAMP_TOO_OLD: Wording(400, -1021, "Timestamp for this request is outside of the recvWindow."),
    Reason.TIMESTAMP_AHEAD: Wording(400, -1021, "Timestamp for this request was 1000ms ahead of the server's time."),
    Reason.TOO_MANY_CONNECTIONS: Wording(
        429, -1034, "Too many connection attempts from IP; current limit is {} per '{}'."
    ),
    Reason.TOO_MUCH_WEIGHT: Wording(
        429,
        -1003,
        "Too much request weight used; current limit is {} request weight per {}. Please use WebSocket "
        "Streams for live updates to avoid polling the API.",
    ),
    Reason.BANNED: Wording(
        418,
        -1003,
        "Way too much request weight used; IP banned until {}. Please use WebSocket Streams for live "
        "updates to avoid bans.",
    ),
    Reason.TOO_MANY_ORDERS: Wording(429, -1015, "Too many new orders; current limit is {} orders per {}."),
    Reason.ADMIN_ONLY: Wording(401, -1002, "You are not authorized to execute this request."),
    Reason.NOT_LOGGED_ON: Wording(401, -1002, "You are not authorized to execute this request."),
    Reason.SUBSCRIPTION_ACTIVE: Wording(400, -2035, "User Data Stream subscription already active."),
    Reason.SUBSCRIPTION_INACTIVE: Wording(400, -2036, "User Data Stream subscription not active."),
    Reason.TOO_MANY_SUBSCRIPTIONS: Wording(
        400, -1191, "Too many subscriptions. Connection may create up to '{}' subscriptions at a time."
    ),
    Reason.MOST_SUBSCRIPTION_IDS: Wording(400, -2042, "Maximum subscription ID reached for this connection."),
    Reason.NO_REFERENCE_PRICE: Wording(400, -2043, "This symbol doesn't have a reference price."),
    Reason.INVALID_LISTEN_KEY: Wording(400, -1125, "This listenKey does not exist."),
    Reason.RETIRED: Wording(410, -1016, "This service is no longer available."),
    Reason.OVERLOADED: Wording(
        503,
        -1008,
        "Server is currently overloaded with other requests. Please try again in a few minutes.",
    ),
    Reason.STATUS_UNKNOWN: Wording(
        503,
        -1007,
        "Timeout waiting for response from backend server. Send status unknown; execution status unknown.",
    ),
    Reason.SHUTTING_DOWN: Wording(503, -1016, "This service is no longer available."),
    Reason.NO_SUCH_ACCOUNT: Wording(401, -2015, "Invalid API-key, IP, or permissions for action."),
    Reason.NO_SUCH_ASSET: Wording(400, -4018, "We don't have this asset."),
    Reason.MARKET_CLOSED: Wording(400, -1013, "Market is closed."),
    Reason.ORDER_TYPE_NOT_SUPPORTED: Wording(400, -1013, "{} orders are not supported for this symbol."),
    Reason.STP_MODE_NOT_ALLOWED: Wording(
        400, -1013, "This symbol does not allow the specified self-trade prevention mode."
    ),
    Reason.BAD_QUANTITY: Wording(400, -1013, "Invalid quantity."),
    Reason.BAD_PRICE: Wording(400, -1013, "Invalid price."),
    Reason.FILTER_PRICE: Wording(400, -1013, "Filter failure: PRICE_FILTER"),
    Reason.FILTER_PERCENT_PRICE_BY_SIDE: Wording(400, -1013, "Filter failure: PERCENT_PRICE_BY_SIDE"),
    Reason.FILTER_LOT_SIZE: Wording(400, -1013, "Filter failure: LOT_SIZE"),
    Reason.FILTER_MARKET_LOT_SIZE: Wording(400, -1013, "Filter failure: MARKET_LOT_SIZE"),
    Reason.FILTER_NOTIONAL: Wording(400, -1013, "Filter failure: NOTIONAL"),
    Reason.FILTER_ICEBERG_PARTS: Wording(400, -1013, "Filter failure: ICEBERG_PARTS"),
    Reason.ICEBERG_TOO_LARGE: Wording(400, -2010, "IcebergQty exceeds QTY."),
    Reason.FILTER_TRAILING_DELTA: Wording(400, -1013, "Filter failure: TRAILING_DELTA"),
    Reason.FILTER_MAX_NUM_ORDERS: Wording(400, -1013, "Filter failure: MAX_NUM_ORDERS"),
    Reason.FILTER_MAX_NUM_ALGO_ORDERS: Wording(400, -1013, "Filter failure: MAX_NUM_ALGO_ORDERS"),
    Reason.FILTER_MAX_NUM_ICEBERG_ORDERS: Wording(400, -1013, "Filter failure: MAX_NUM_ICEBERG_ORDERS"),
    Reason.FILTER_MAX_NUM_ORDER_LISTS: Wording(400, -1013, "Filter failure: MAX_NUM_ORDER_LISTS"),
    Reason.FILTER_PERCENT_PRICE: Wording(400, -1013, "Filter failure: PERCENT_PRICE"),
    Reason.FILTER_MIN_NOTIONAL: Wording(400, -1013, "Filter failure: MIN_NOTIONAL"),
    Reason.FILTER_EXCHANGE_MAX_NUM_ORDERS: Wording(400, -1013, "Filter failure: EXCHANGE_MAX_NUM_ORDERS"),
    Reason.FILTER_EXCHANGE_MAX_NUM_ALGO_ORDERS: Wording(400, -1013, "Filter failure: EXCHANGE_MAX_NUM_ALGO_ORDERS"),
    Reason.FILTER_EXCHANGE_MAX_NUM_ICEBERG_ORDERS: Wording(
        400, -1013, "Filter failure: EXCHANGE_MAX_NUM_ICEBERG_ORDERS"
    ),
    Reason.FILTER_EXCHANGE_MAX_NUM_ORDER_LISTS: Wording(400, -1013, "Filter failure: EXCHANGE_MAX_NUM_ORDER_LISTS"),
    Reason.FILTER_MAX_ASSET: Wording(400, -1013, "Filter failure: MAX_ASSET"),
    Reason.FILTER_MAX_POSITION: Wording(400, -1013, "Filter failure: MAX_POSITION"),
    Reason.FILTER_MAX_NUM_ORDER_AMENDS: Wording(400, -2038, "Filter failure: MAX_NUM_ORDER_AMENDS"),
    Reason.QUOTE_QUANTITY_NOT_SUPPORTED: Wording(
        400, -1013, "Quote order qty market orders are not support for this symbol."
    ),
    Reason.REPLACE_NOT_SUPPORTED: Wording(400, -1013, "Order cancel-replace is not supported for this symbol."),
    Reason.AMEND_NOT_SUPPORTED: Wording(400, -2038, "Order amend is not supported for this symbol."),
    Reason.AMENDED_ORDER_UNKNOWN: Wording(400, -2038, "Unknown order sent."),
    Reason.AMEND_INCREASES: Wording(400, -2038, "Order amend (quantity increase) is not supported."),
    Reason.AMEND_CHANGES_NOTHING: Wording(400, -2038, "The requested action would change no state; rejecting"),
    Reason.AMEND_OF_PAID_ORDER: Wording(400, -2038, "Order amend (pending OPO order) is not supported."),
    Reason.PEG_NOT_FOR_TYPE: Wording(400, -2010, "This order type may not use pegged price."),
    Reason.PEG_UNSUITABLE: Wording(400, -2010, "This price peg cannot be used with this order type."),
    Reason.SMART_ROUTING_NOT_SUPPORTED: Wording(400, -1013, "SOR is not supported for this symbol."),
    Reason.LIST_PRICES_WRONG: Wording(400, -2010, "The relationship of the prices for the orders is not correct."),
    Reason.WOULD_TRIGGER_IMMEDIATELY: Wording(400, -2010, "Order would trigger immediately."),
    Reason.PEG_WITHOUT_LIQUIDITY: Wording(400, -2010, "Order book liquidity is too low for this pegged order."),
    Reason.DUPLICATE_ORDER: Wording(400, -2010, "Duplicate order sent."),
    Reason.INSUFFICIENT_BALANCE: Wording(400, -2010, "Account has insufficient balance for requested action."),
    Reason.WOULD_MATCH_IMMEDIATELY: Wording(400, -2010, "Order would immediately match and take."),
    Reason.LIQUIDITY_BELOW_SYMBOL_MINIMUM: Wording(
        400, -2010, "Order book liquidity is less than symbol minimum quantity."
    ),
    Reason.LIQUIDITY_BELOW_LOT_SIZE: Wording(
        400, -2010, "Order book liquidity is less than LOT_SIZE filter minimum quantity."
    ),
    Reason.LIQUIDITY_BELOW_MARKET_LOT_SIZE: Wording(
        400, -2010, "Order book liquidity is less than MARKET_LOT_SIZE filter minimum quantity."
    ),
    Reason.UNKNOWN_ORDER: Wording(400, -2011, "Unknown order sent."),
    Reason.CANCEL_IDS_MISMATCH: Wording(400, -2011, "Unknown order sent."),
    Reason.CANCEL_RESTRICTED: Wording(400, -2011, "Order was not canceled due to cancel restrictions."),
    Reason.REPLACE_FAILED: Wording(400, -2022, "Order cancel-replace failed."),
    Reason.REPLACE_PARTIALLY_FAILED: Wording(409, -2021, "Order cancel-replace partially failed."),
    Reason.ORDER_NOT_FOUND: Wording(400, -2013, "Order does not exist."),
    Reason.ORDER_LIST_NOT_FOUND: Wording(400, -2013, "Order list does not exist."),
    Reason.ORDER_ALREADY_FILLED: Wording(400, -2011, "Unknown order sent."),
    Reason.ORDER_ALREADY_CANCELED: Wording(400, -2011, "Unknown order sent."),
    Reason.ORDER_IDS_MISMATCH: Wording(400, -2039, "Client order ID is not correct for this order ID."),
    Reason.NETWORK_CLOSED: Wording(400, -4019, "Current asset is not open for withdrawal."),
    Reason.BAD_ADDRESS: Wording(400, -4033, "Illegal address."),
    Reason.BAD_ADDRESS_TAG: Wording(400, -4008, "Address tag validation is not passed."),
    Reason.WITHDRAWAL_TOO_SMALL: Wording(400, -4022, "Not less than the minimum pick-up quantity {}."),
    # Binance documents no refusal for it: the one for a value that cannot be used, as it names the parameter
    Reason.DUPLICATE_WITHDRAWAL: Wording(400, -1130, "Data sent for parameter 'withdrawOrderId' is not valid."),
    Reason.NOT_ENOUGH_TO_WITHDRAW: Wording(400, -4026, "You have insufficient balance."),
    Reason.WITHDRAWAL_NOT_FOUND: Wording(400, -4029, "The withdrawal record does not exist."),
    Reason.NO_MARGIN_ACCOUNT: Wording(400, -3003, "Margin account does not exist."),
    Reason.NO_FUTURES_ACCOUNT: Wording(400, -5011, "future account not exists."),
    Reason.NO_SUCH_WALLET: Wording(400, -5010, "Asset transfer fail."),
    Reason.DUST_NOT_CONVERTED: Wording(400, -5001, "Don't allow transfer to micro assets."),
    Reason.DUPLICATE_ACCOUNT: Wording(400, -1130, "Data sent for parameter 'accountId' is not valid."),
    Reason.DUPLICATE_API_KEY: Wording(400, -1130, "Data sent for parameter 'apiKey' is not valid."),
    Reason.OUTSIDE_CROSSED: Wording(400, -1020, "This operation is not supported."),
    Reason.NO_OUTSIDE_HERE: Wording(400, -1020, "This operation is not supported."),
    Reason.FEED_SILENT: Wording(400, -1020, "This operation is not supported."),
    Reason.NO_PRICE_PATH: Wording(400, -1020, "This operation is not supported."),
}
"""Every member of Reason has its row; a test proves it."""


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """The body of every error; `data` says what succeeded of a request that did half."""

    code: int
    msg: str
    data: Any = None


class RefusedWithData(Refused):
    """A refusal whose body says more, perhaps under another status than its reason's. `limited`: when to come back."""

    def __init__(
        self, reason: Reason, data: dict[str, Any], *, status: int | None = None, limited: Limited | None = None
    ) -> None:
        super().__init__(reason)
        self.data = data
        self.status = status
        self.limited = limited


UNEXPECTED: Final = Problem(-1000, "An unknown error occurred while processing the request.")
"""With status 500: a fault of the exchange, never of the request."""


def word(refused: Refused) -> tuple[int, Problem]:
    """HTTP status and body for a refusal."""
    wording = WORDINGS[refused.reason]
    if isinstance(refused, RefusedWithData):
        return refused.status or wording.status, Problem(wording.code, wording.sentence, refused.data)
    if not refused.details and "{}" in wording.sentence:
        assert wording.bare, f"{refused.reason} needs details"
        return wording.status, Problem(wording.code, wording.bare)
    return wording.status, Problem(wording.code, wording.sentence.format(*refused.details))
