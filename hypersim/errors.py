"""Every refusal that a user can meet, once. Each dialect renders them from one table of its own."""

import enum


class Reason(enum.StrEnum):
    """Why a request was refused. The value is stable: it names the refusal in journals, metrics and docs."""

    # how the request was written
    UNKNOWN_PATH = "unknown_path"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    BODY_TOO_LARGE = "body_too_large"
    FORBIDDEN_ORIGIN = "forbidden_origin"
    NOT_JSON = "not_json"
    INVALID_FIELD = "invalid_field"
    """Details: field, what is expected. For the JSON dialects."""
    ILLEGAL_CHARACTERS = "illegal_characters"
    """Details: parameter, legal range."""
    TOO_MANY_PARAMETERS = "too_many_parameters"
    """Details: parameter, most values allowed."""
    DUPLICATE_PARAMETER = "duplicate_parameter"
    PARAMETER_MISSING = "parameter_missing"
    """Details: parameter."""
    PARAMETERS_BOTH_MISSING = "parameters_both_missing"
    """Details: the two parameters of which one must be sent."""
    PARAMETERS_UNEXPECTED = "parameters_unexpected"
    """More than the endpoint takes. Details: how many it takes, how many were sent."""
    PARAMETERS_UNREAD = "parameters_unread"
    """Details: how many were read, how many were sent."""
    PARAMETER_EMPTY = "parameter_empty"
    """Details: parameter."""
    PARAMETER_NOT_REQUIRED = "parameter_not_required"
    """Details: parameter."""
    PARAMETER_OVERFLOW = "parameter_overflow"
    """Details: parameter."""
    PARAMETER_INVALID = "parameter_invalid"
    """Details: parameter."""
    TOO_MUCH_PRECISION = "too_much_precision"
    """Details: parameter."""
    BAD_COMBINATION = "bad_combination"
    """Optional parameters that exclude or need one another. Details: a sentence that says which, or none."""
    PARAMETER_TOO_GREAT = "parameter_too_great"
    """Details: parameter, greatest value."""
    BAD_PEG_PRICE_TYPE = "bad_peg_price_type"
    BAD_PEG_OFFSET_TYPE = "bad_peg_offset_type"
    BAD_OCO_ORDER_TYPE = "bad_oco_order_type"
    OCO_ICEBERG_NOT_GTC = "oco_iceberg_not_gtc"
    """Details: parameter."""
    OCO_BOTH_LIMIT = "oco_both_limit"
    BUY_OCO_LIMIT_ABOVE = "buy_oco_limit_above"
    SELL_OCO_LIMIT_BELOW = "sell_oco_limit_below"
    BUY_OCO_STOP_LOSS_BELOW = "buy_oco_stop_loss_below"
    SELL_OCO_STOP_LOSS_ABOVE = "sell_oco_stop_loss_above"
    BUY_OCO_TAKE_PROFIT_ABOVE = "buy_oco_take_profit_above"
    SELL_OCO_TAKE_PROFIT_BELOW = "sell_oco_take_profit_below"
    OPO_WORKING_NOT_BUY = "opo_working_not_buy"
    OPO_PENDING_NOT_SELL = "opo_pending_not_sell"
    BAD_INTERVAL = "bad_interval"
    BAD_SYMBOL = "bad_symbol"
    """Details, where they are known: the symbol."""
    BAD_SYMBOL_STATUS = "bad_symbol_status"
    SYMBOL_STATUS_MISMATCH = "symbol_status_mismatch"
    DUPLICATE_SYMBOLS = "duplicate_symbols"
    BAD_TICKER_TYPE = "bad_ticker_type"
    BAD_TIME_UNIT = "bad_time_unit"
    BAD_ORDER_TYPE = "bad_order_type"
    BAD_SIDE = "bad_side"
    BAD_TIME_IN_FORCE = "bad_time_in_force"
    BAD_RESPONSE_TYPE = "bad_response_type"
    BAD_RECV_WINDOW = "bad_recv_window"
    BAD_STRATEGY_TYPE = "bad_strategy_type"
    BAD_CANCEL_RESTRICTIONS = "bad_cancel_restrictions"
    LOOKUP_TOO_WIDE = "lookup_too_wide"
    """Details: the most hours between start and end."""

    # who asks, and when
    BAD_API_KEY_FORMAT = "bad_api_key_format"
    BAD_API_KEY = "bad_api_key"
    BAD_SIGNATURE = "bad_signature"
    TIMESTAMP_TOO_OLD = "timestamp_too_old"
    TIMESTAMP_AHEAD = "timestamp_ahead"
    TOO_MUCH_WEIGHT = "too_much_weight"
    """Details: limit, interval text such as '1 MINUTE'."""
    BANNED = "banned"
    """Details: end of the ban, epoch ms."""
    TOO_MANY_ORDERS = "too_many_orders"
    """Details: limit, interval text such as '10 SECOND'."""
    ADMIN_ONLY = "admin_only"

    INVALID_LISTEN_KEY = "invalid_listen_key"
    RETIRED = "retired"
    """The call is no longer there, or a setting says so."""

    # the exchange itself
    OVERLOADED = "overloaded"
    STATUS_UNKNOWN = "status_unknown"
    """The commit failed or the connection to the store was lost in it: nobody can say what became of the request."""
    SHUTTING_DOWN = "shutting_down"

    # what the engine refuses, in the order in which it looks
    NO_SUCH_ACCOUNT = "no_such_account"
    NO_SUCH_ASSET = "no_such_asset"
    MARKET_CLOSED = "market_closed"
    ORDER_TYPE_NOT_SUPPORTED = "order_type_not_supported"
    """Details: order type as Binance words it, such as 'Stop loss'."""
    STP_MODE_NOT_ALLOWED = "stp_mode_not_allowed"
    BAD_QUANTITY = "bad_quantity"
    BAD_PRICE = "bad_price"
    FILTER_PRICE = "filter_price"
    FILTER_PERCENT_PRICE_BY_SIDE = "filter_percent_price_by_side"
    FILTER_LOT_SIZE = "filter_lot_size"
    FILTER_MARKET_LOT_SIZE = "filter_market_lot_size"
    FILTER_NOTIONAL = "filter_notional"
    FILTER_ICEBERG_PARTS = "filter_iceberg_parts"
    ICEBERG_TOO_LARGE = "iceberg_too_large"
    FILTER_TRAILING_DELTA = "filter_trailing_delta"
    FILTER_MAX_NUM_ORDERS = "filter_max_num_orders"
    FILTER_MAX_NUM_ALGO_ORDERS = "filter_max_num_algo_orders"
    FILTER_MAX_NUM_ICEBERG_ORDERS = "filter_max_num_iceberg_orders"
    FILTER_MAX_NUM_ORDER_LISTS = "filter_max_num_order_lists"
    FILTER_PERCENT_PRICE = "filter_percent_price"
    FILTER_MIN_NOTIONAL = "filter_min_notional"
    FILTER_EXCHANGE_MAX_NUM_ORDERS = "filter_exchange_max_num_orders"
    FILTER_EXCHANGE_MAX_NUM_ALGO_ORDERS = "filter_exchange_max_num_algo_orders"
    FILTER_EXCHANGE_MAX_NUM_ICEBERG_ORDERS = "filter_exchange_max_num_iceberg_orders"
    FILTER_EXCHANGE_MAX_NUM_ORDER_LISTS = "filter_exchange_max_num_order_lists"
    FILTER_MAX_ASSET = "filter_max_asset"
    FILTER_MAX_POSITION = "filter_max_position"
    FILTER_MAX_NUM_ORDER_AMENDS = "filter_max_num_order_amends"
    QUOTE_QUANTITY_NOT_SUPPORTED = "quote_quantity_not_supported"
    REPLACE_NOT_SUPPORTED = "replace_not_supported"
    AMEND_NOT_SUPPORTED = "amend_not_supported"
    AMENDED_ORDER_UNKNOWN = "amended_order_unknown"
    AMEND_INCREASES = "amend_increases"
    AMEND_CHANGES_NOTHING = "amend_changes_nothing"
    AMEND_OF_PAID_ORDER = "amend_of_paid_order"
    PEG_NOT_FOR_TYPE = "peg_not_for_type"
    PEG_UNSUITABLE = "peg_unsuitable"
    """This side of the book is nothing for this order type."""
    SMART_ROUTING_NOT_SUPPORTED = "smart_routing_not_supported"
    LIST_PRICES_WRONG = "list_prices_wrong"
    """The prices of an OCO do not lie around the last one as they must."""
    WOULD_TRIGGER_IMMEDIATELY = "would_trigger_immediately"
    PEG_WITHOUT_LIQUIDITY = "peg_without_liquidity"
    DUPLICATE_ORDER = "duplicate_order"
    LIQUIDITY_BELOW_LOT_SIZE = "liquidity_below_lot_size"
    LIQUIDITY_BELOW_MARKET_LOT_SIZE = "liquidity_below_market_lot_size"
    INSUFFICIENT_BALANCE = "insufficient_balance"
    """Details: asset, available and required amounts (text), for the dialects that show them."""
    WOULD_MATCH_IMMEDIATELY = "would_match_immediately"
    UNKNOWN_ORDER = "unknown_order"
    """A cancel names no open order of this account."""
    CANCEL_IDS_MISMATCH = "cancel_ids_mismatch"
    CANCEL_RESTRICTED = "cancel_restricted"
    REPLACE_FAILED = "replace_failed"
    REPLACE_PARTIALLY_FAILED = "replace_partially_failed"
    ORDER_NOT_FOUND = "order_not_found"
    """A query names no order of this account."""
    ORDER_LIST_NOT_FOUND = "order_list_not_found"
    ORDER_ALREADY_FILLED = "order_already_filled"
    """A cancel names an order that was filled, where a dialect tells it from an unknown one. Details: order id."""
    ORDER_ALREADY_CANCELED = "order_already_canceled"
    """The same of one that was canceled or expired. Details: order id."""
    ORDER_IDS_MISMATCH = "order_ids_mismatch"
    DUPLICATE_WITHDRAWAL = "duplicate_withdrawal"
    """The account gave an earlier withdrawal the same id."""
    NOT_ENOUGH_TO_WITHDRAW = "not_enough_to_withdraw"
    """Details: asset, available and required amounts (text), for the dialects that show them."""
    WITHDRAWAL_NOT_FOUND = "withdrawal_not_found"
    """No withdrawal of this id is on its way."""
    DUPLICATE_ACCOUNT = "duplicate_account"
    DUPLICATE_API_KEY = "duplicate_api_key"
    OUTSIDE_CROSSED = "outside_crossed"
    NO_OUTSIDE_HERE = "no_outside_here"
    """The feed 'none' has no house account."""
    FEED_SILENT = "feed_silent"
    """No source of another feed says anything. Details: why, in one line."""
    NO_PRICE_PATH = "no_price_path"
    """Nothing bends this market's prices."""


class Refused(Exception):
    """A request that was refused and changed nothing.

    `details` are the values that a sentence about it names, in the order that the Reason documents.
    """

    def __init__(self, reason: Reason, *details: str | int) -> None:
        super().__init__(reason, *details)
        self.reason = reason
        self.details = details


class ReplaceRefused(Refused):
    """A cancel-replace of which nothing came. `placing` is None where the new order was not attempted."""

    def __init__(self, cancelling: Refused, placing: Refused | None) -> None:
        super().__init__(Reason.REPLACE_FAILED)
        self.cancelling = cancelling
        self.placing = placing


class StartError(Exception):
    """Why the exchange does not start, in one sentence that tells whoever started it what to do."""


class SettingsError(StartError):
    """A setting, or a file of settings, that cannot be used."""


class StoreError(StartError):
    """A database that cannot be used, or whose content cannot be trusted."""
