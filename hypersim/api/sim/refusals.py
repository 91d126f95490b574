"""How the simulation API words a refusal: one table from Reason to HTTP status and sentence.

`{0}`, `{1}` are the details that the Reason documents. Total: a test proves that every Reason has its row.
"""

from collections.abc import Mapping
from typing import Final

from hypersim.api.plain import refusal_body
from hypersim.errors import Reason, Refused

BAD = 400
UNAUTHORIZED = 401
FORBIDDEN = 403
NOT_FOUND = 404
METHOD_NOT_ALLOWED = 405
CONFLICT = 409
GONE = 410
TOO_LARGE = 413
UNSUPPORTED_MEDIA = 415
TEAPOT = 418
TOO_MANY = 429
UNAVAILABLE = 503

SENTENCES: Final[Mapping[Reason, tuple[int, str]]] = {
    # how the request was written
    Reason.UNKNOWN_PATH: (NOT_FOUND, "There is nothing at this path."),
    Reason.METHOD_NOT_ALLOWED: (METHOD_NOT_ALLOWED, "This path has no such method."),
    Reason.BODY_TOO_LARGE: (TOO_LARGE, "The body is too large."),
    Reason.FORBIDDEN_ORIGIN: (FORBIDDEN, "Requests from there are not answered."),
    Reason.NOT_JSON: (UNSUPPORTED_MEDIA, "Send JSON, with the header 'Content-Type: application/json'."),
    Reason.BAD_ENVELOPE: (BAD, "{0} must be {1}."),
    Reason.INVALID_FIELD: (BAD, "{0}: {1}"),
    Reason.ILLEGAL_CHARACTERS: (BAD, "{0} has characters outside {1}."),
    Reason.TOO_MANY_PARAMETERS: (BAD, "{0} has too many values; the most is {1}."),
    Reason.DUPLICATE_PARAMETER: (BAD, "A parameter was sent twice."),
    Reason.PARAMETER_MISSING: (BAD, "{0} is missing."),
    Reason.PARAMETERS_BOTH_MISSING: (BAD, "{0} or {1} is needed."),
    Reason.PARAMETERS_UNREAD: (BAD, "Of {1} parameters only {0} mean something here."),
    Reason.PARAMETERS_UNEXPECTED: (BAD, "At most {0} parameters are taken here; {1} were sent."),
    Reason.PARAMETER_EMPTY: (BAD, "{0} is empty."),
    Reason.PARAMETER_NOT_REQUIRED: (BAD, "{0} does not belong here."),
    Reason.PARAMETER_OVERFLOW: (BAD, "{0} is too large a number."),
    Reason.PARAMETER_INVALID: (BAD, "{0} is not valid."),
    Reason.TOO_MUCH_PRECISION: (BAD, "{0} has more than 8 decimals."),
    Reason.BAD_COMBINATION: (BAD, "These fields exclude one another."),
    Reason.BAD_INTERVAL: (BAD, "There is no such interval."),
    Reason.BAD_SYMBOL: (NOT_FOUND, "There is no such symbol."),
    Reason.BAD_SYMBOL_STATUS: (BAD, "There is no such symbol status."),
    Reason.SYMBOL_STATUS_MISMATCH: (CONFLICT, "The symbol has another status."),
    Reason.DUPLICATE_SYMBOLS: (BAD, "A symbol was sent twice."),
    Reason.BAD_TICKER_TYPE: (BAD, "There is no such ticker type."),
    Reason.BAD_TIME_UNIT: (BAD, "There is no such time unit."),
    Reason.BAD_ORDER_TYPE: (BAD, "There is no such order type."),
    Reason.BAD_SIDE: (BAD, "A side is BUY or SELL."),
    Reason.BAD_TIME_IN_FORCE: (BAD, "There is no such time in force."),
    Reason.BAD_RESPONSE_TYPE: (BAD, "There is no such response type."),
    Reason.BAD_RECV_WINDOW: (BAD, "recvWindow is at most 60000."),
    Reason.BAD_STRATEGY_TYPE: (BAD, "strategyType is at least 1000000."),
    Reason.BAD_CANCEL_RESTRICTIONS: (BAD, "There is no such cancel restriction."),
    Reason.LOOKUP_TOO_WIDE: (BAD, "At most {0} hours may lie between start and end."),
    Reason.LOOKUP_TOO_MANY_DAYS: (BAD, "At most {0} days may lie between start and end."),
    # who asks, and when
    Reason.BAD_API_KEY_FORMAT: (UNAUTHORIZED, "Name the account by its key, in the header X-MBX-APIKEY."),
    Reason.BAD_API_KEY: (UNAUTHORIZED, "No account has this API key."),
    Reason.BAD_SIGNATURE: (UNAUTHORIZED, "The signature is not valid."),
    Reason.TIMESTAMP_TOO_OLD: (BAD, "The timestamp is outside of the recvWindow."),
    Reason.TIMESTAMP_AHEAD: (BAD, "The timestamp is ahead of the exchange's time."),
    Reason.TOO_MUCH_WEIGHT: (TOO_MANY, "Too many requests; the limit is {0} per {1}."),
    Reason.TOO_MANY_CONNECTIONS: (TOO_MANY, "Too many connections were opened; the limit is {0} per {1}."),
    Reason.BANNED: (TEAPOT, "Banned until {0} (epoch, milliseconds)."),
    Reason.TOO_MANY_ORDERS: (TOO_MANY, "Too many orders; the limit is {0} per {1}."),
    Reason.NOT_LOGGED_ON: (UNAUTHORIZED, "Nobody is logged on."),
    Reason.ADMIN_ONLY: (
        FORBIDDEN,
        "The simulation API is closed: this exchange was not started in open mode (HYPERSIM_OPEN=on).",
    ),
    # the exchange itself
    Reason.OVERLOADED: (UNAVAILABLE, "The exchange is overloaded; nothing was done. Try again."),
    Reason.STATUS_UNKNOWN: (UNAVAILABLE, "The store failed: whether this was done is not known yet."),
    Reason.SHUTTING_DOWN: (UNAVAILABLE, "The exchange is stopping; nothing was done."),
    # what the engine refuses
    Reason.NO_SUCH_ACCOUNT: (NOT_FOUND, "There is no such account."),
    Reason.NO_SUCH_ASSET: (NOT_FOUND, "There is no such asset."),
    Reason.MARKET_CLOSED: (CONFLICT, "The market is closed."),
    Reason.ORDER_TYPE_NOT_SUPPORTED: (BAD, "The symbol does not have orders of the type {0}."),
    Reason.STP_MODE_NOT_ALLOWED: (BAD, "The symbol does not have this self-trade prevention mode."),
    Reason.BAD_QUANTITY: (BAD, "The quantity is not valid."),
    Reason.BAD_PRICE: (BAD, "The price is not valid."),
    Reason.FILTER_PRICE: (BAD, "The price is outside of PRICE_FILTER."),
    Reason.FILTER_PERCENT_PRICE_BY_SIDE: (BAD, "The price is outside of PERCENT_PRICE_BY_SIDE."),
    Reason.FILTER_LOT_SIZE: (BAD, "The quantity is outside of LOT_SIZE."),
    Reason.FILTER_MARKET_LOT_SIZE: (BAD, "The quantity is outside of MARKET_LOT_SIZE."),
    Reason.FILTER_NOTIONAL: (BAD, "Price x quantity is outside of NOTIONAL."),
    Reason.FILTER_MAX_NUM_ORDERS: (CONFLICT, "The account has MAX_NUM_ORDERS open orders."),
    Reason.DUPLICATE_ORDER: (CONFLICT, "An open order has this client order id."),
    Reason.INSUFFICIENT_BALANCE: (CONFLICT, "The balance is too small: {0} has {1}, {2} is needed."),
    Reason.WOULD_MATCH_IMMEDIATELY: (CONFLICT, "The order would match at once."),
    Reason.LIQUIDITY_BELOW_SYMBOL_MINIMUM: (CONFLICT, "The book has nothing on that side."),
    Reason.LIQUIDITY_BELOW_LOT_SIZE: (CONFLICT, "The book has less than LOT_SIZE."),
    Reason.LIQUIDITY_BELOW_MARKET_LOT_SIZE: (CONFLICT, "The book has less than MARKET_LOT_SIZE."),
    Reason.UNKNOWN_ORDER: (NOT_FOUND, "There is no such open order."),
    Reason.CANCEL_IDS_MISMATCH: (BAD, "The two ids name different orders."),
    Reason.CANCEL_RESTRICTED: (CONFLICT, "The order's status forbids this cancel."),
    Reason.FILTER_ICEBERG_PARTS: (BAD, "An iceberg may not have that many parts here."),
    Reason.ICEBERG_TOO_LARGE: (BAD, "An iceberg cannot show more than it has."),
    Reason.FILTER_TRAILING_DELTA: (BAD, "The trailing delta is out of bounds."),
    Reason.FILTER_MAX_NUM_ALGO_ORDERS: (BAD, "The account has too many stop orders here."),
    Reason.FILTER_MAX_NUM_ICEBERG_ORDERS: (BAD, "The account has too many icebergs here."),
    Reason.FILTER_MAX_NUM_ORDER_LISTS: (BAD, "The account has too many open order lists here."),
    Reason.FILTER_PERCENT_PRICE: (BAD, "The price is too far from the market's."),
    Reason.FILTER_MIN_NOTIONAL: (BAD, "The order is worth too little."),
    Reason.FILTER_EXCHANGE_MAX_NUM_ORDERS: (BAD, "The account has too many open orders."),
    Reason.FILTER_EXCHANGE_MAX_NUM_ALGO_ORDERS: (BAD, "The account has too many stop orders."),
    Reason.FILTER_EXCHANGE_MAX_NUM_ICEBERG_ORDERS: (BAD, "The account has too many icebergs."),
    Reason.FILTER_EXCHANGE_MAX_NUM_ORDER_LISTS: (BAD, "The account has too many open order lists."),
    Reason.FILTER_MAX_ASSET: (BAD, "The order is about too much of an asset."),
    Reason.FILTER_MAX_POSITION: (BAD, "The account would have too much of this asset."),
    Reason.FILTER_MAX_NUM_ORDER_AMENDS: (BAD, "The order was amended too often."),
    Reason.QUOTE_QUANTITY_NOT_SUPPORTED: (BAD, "Orders by quote quantity are not traded here."),
    Reason.REPLACE_NOT_SUPPORTED: (BAD, "Orders cannot be replaced here."),
    Reason.AMEND_NOT_SUPPORTED: (BAD, "Orders cannot be amended here."),
    Reason.AMENDED_ORDER_UNKNOWN: (NOT_FOUND, "There is no such open order."),
    Reason.AMEND_INCREASES: (BAD, "An amendment can only lower the quantity."),
    Reason.AMEND_CHANGES_NOTHING: (BAD, "The order has that quantity already."),
    Reason.AMEND_OF_PAID_ORDER: (BAD, "The order has no quantity yet."),
    Reason.PEG_NOT_FOR_TYPE: (BAD, "This order type cannot be pegged."),
    Reason.PEG_UNSUITABLE: (BAD, "This order type cannot be pegged to that side of the book."),
    Reason.SMART_ROUTING_NOT_SUPPORTED: (BAD, "There is no smart order routing here."),
    Reason.LIST_PRICES_WRONG: (BAD, "The prices of the orders do not lie around the last price as they must."),
    Reason.WOULD_TRIGGER_IMMEDIATELY: (BAD, "The order would be triggered at once."),
    Reason.PEG_WITHOUT_LIQUIDITY: (BAD, "The book has no such price level."),
    Reason.PARAMETER_TOO_GREAT: (BAD, "{0} must not be greater than {1}."),
    Reason.BAD_PEG_PRICE_TYPE: (BAD, "There is no such peg."),
    Reason.BAD_PEG_OFFSET_TYPE: (BAD, "There is no such offset of a peg."),
    Reason.BAD_OCO_ORDER_TYPE: (BAD, "An OCO cannot have an order of this type."),
    Reason.OCO_ICEBERG_NOT_GTC: (BAD, "{0} needs the time in force GTC."),
    Reason.OCO_BOTH_LIMIT: (BAD, "An OCO needs a stop order."),
    Reason.BUY_OCO_LIMIT_ABOVE: (BAD, "The limit order of an OCO to buy must be below."),
    Reason.SELL_OCO_LIMIT_BELOW: (BAD, "The limit order of an OCO to sell must be above."),
    Reason.BUY_OCO_STOP_LOSS_BELOW: (BAD, "The stop loss of an OCO to buy must be above."),
    Reason.SELL_OCO_STOP_LOSS_ABOVE: (BAD, "The stop loss of an OCO to sell must be below."),
    Reason.BUY_OCO_TAKE_PROFIT_ABOVE: (BAD, "The take profit of an OCO to buy must be below."),
    Reason.SELL_OCO_TAKE_PROFIT_BELOW: (BAD, "The take profit of an OCO to sell must be above."),
    Reason.OPO_WORKING_NOT_BUY: (BAD, "The working order must buy."),
    Reason.OPO_PENDING_NOT_SELL: (BAD, "What is pending must sell."),
    Reason.REPLACE_FAILED: (BAD, "Nothing was cancelled and nothing placed."),
    Reason.REPLACE_PARTIALLY_FAILED: (CONFLICT, "Only one half was done."),
    Reason.SUBSCRIPTION_ACTIVE: (CONFLICT, "This account is subscribed to already."),
    Reason.SUBSCRIPTION_INACTIVE: (NOT_FOUND, "There is no such subscription."),
    Reason.TOO_MANY_SUBSCRIPTIONS: (TOO_MANY, "At most {0} subscriptions at a time."),
    Reason.MOST_SUBSCRIPTION_IDS: (TOO_MANY, "This connection has no subscription left."),
    Reason.NO_REFERENCE_PRICE: (NOT_FOUND, "This market has no reference price."),
    Reason.INVALID_LISTEN_KEY: (NOT_FOUND, "There is no such listen key."),
    Reason.RETIRED: (GONE, "This is no longer there."),
    Reason.ORDER_LIST_NOT_FOUND: (NOT_FOUND, "There is no such order list."),
    Reason.ORDER_NOT_FOUND: (NOT_FOUND, "There is no such order."),
    Reason.ORDER_ALREADY_FILLED: (CONFLICT, "The order {0} was filled already."),
    Reason.ORDER_ALREADY_CANCELED: (CONFLICT, "The order {0} was canceled or expired already."),
    Reason.ORDER_IDS_MISMATCH: (BAD, "The two ids name different orders."),
    Reason.NETWORK_CLOSED: (BAD, "The asset does not leave by that network."),
    Reason.BAD_ADDRESS: (BAD, "The network has no such address."),
    Reason.BAD_ADDRESS_TAG: (BAD, "The address cannot have this tag."),
    Reason.WITHDRAWAL_TOO_SMALL: (BAD, "At least {0} must leave."),
    Reason.DUPLICATE_WITHDRAWAL: (CONFLICT, "The account has made a withdrawal with this id already."),
    Reason.NOT_ENOUGH_TO_WITHDRAW: (CONFLICT, "The balance is too small: {0} has {1}, {2} is needed."),
    Reason.WITHDRAWAL_NOT_FOUND: (NOT_FOUND, "No withdrawal with this id is on its way."),
    Reason.NO_MARGIN_ACCOUNT: (NOT_FOUND, "There are no margin accounts."),
    Reason.NO_FUTURES_ACCOUNT: (NOT_FOUND, "There are no futures accounts."),
    Reason.NO_SUCH_WALLET: (NOT_FOUND, "An account has one wallet."),
    Reason.DUST_NOT_CONVERTED: (CONFLICT, "Small amounts are not converted."),
    Reason.DUPLICATE_ACCOUNT: (CONFLICT, "An account has this id already."),
    Reason.DUPLICATE_API_KEY: (CONFLICT, "An account has this API key already."),
    Reason.OUTSIDE_CROSSED: (BAD, "The highest bid must be below the lowest ask."),
    Reason.FEED_SILENT: (UNAVAILABLE, "No prices come from there, so nothing was changed: {0}."),
    Reason.NO_OUTSIDE_HERE: (
        CONFLICT,
        "This exchange has no outside market (feed none): its users trade only with one another.",
    ),
    Reason.NO_PRICE_PATH: (NOT_FOUND, "No price path bends this market."),
}


def render(refused: Refused) -> tuple[int, bytes]:
    """HTTP status and body of a refusal."""
    status, sentence = SENTENCES[refused.reason]
    # a Reason may come without its details: then the sentence does without them, rather than not at all
    values = [*map(str, refused.details), *["?"] * sentence.count("{")]
    return status, refusal_body(refused.reason, sentence.format(*values), refused.details)
