"""An account: its balances, fees, trades and unfilled order count."""

from typing import Any, Final

from hypersim.api.binance.endpoints import Call, Endpoint, Parameter, Security, optional
from hypersim.api.binance.general import exchange_filters, symbol_filters
from hypersim.api.binance.parameters import (
    END_TIME,
    FROM_ID,
    START_TIME,
    SYMBOL,
    Boolean,
    Integer,
    check_window,
    limit,
)
from hypersim.api.binance.render import ZERO, account_trade, prevented_quantities
from hypersim.engine.fees import DISCOUNT, DISCOUNT_ASSET, LastPrice, exchange_rate
from hypersim.engine.market import Market, MarketStatus
from hypersim.errors import Reason, Refused
from hypersim.limits import ORDERS_1D, ORDERS_10S
from hypersim.units import ONE, show, show_amount
from hypersim.views.accounts import AccountView, Balance
from hypersim.world import World

RATE_OF_A_BASIS_POINT: Final = ONE // 10_000
NOTHING: Final = Balance(0, 0)

OMIT_ZERO_BALANCES: Final = optional("omitZeroBalances", Boolean(), False)
OF_ORDER: Final = optional("orderId", Integer(), description="only trades of this order")
TRADES_LIMIT: Final = limit(500, 1000)
PREVENTED_MATCH_ID: Final = optional("preventedMatchId", Integer())
FROM_PREVENTED_MATCH_ID: Final = optional("fromPreventedMatchId", Integer(), description="from this one on, inclusive")
FROM_ALLOCATION_ID: Final = optional("fromAllocationId", Integer())

NO_GROUP: Final = -1
"""tradeGroupId of an account that trades for itself."""

NO_FEES: Final = {"maker": ZERO, "taker": ZERO, "buyer": ZERO, "seller": ZERO}
NO_ORDER_FEES: Final = {"maker": ZERO, "taker": ZERO}


def own(world: World, call: Call) -> AccountView:
    """The account of who calls. Raises Refused NO_SUCH_ACCOUNT."""
    account = world.accounts.get(call.account_id)
    if account is None:
        raise Refused(Reason.NO_SUCH_ACCOUNT)
    return account


def last_price(world: World) -> LastPrice:
    """How fees are converted, as the engine does it: by the last price of the market of two assets."""
    now_us = world.clock.now_us()

    def of(base: str, quote: str) -> int:
        view = world.markets.markets.get(base + quote)
        if view is None or view.market.status is MarketStatus.BREAK:
            return 0
        return view.last_price(now_us) if (view.market.base, view.market.quote) == (base, quote) else 0

    return of


def discount(world: World, account: AccountView, market: Market) -> dict[str, Any]:
    """What is taken off fees that are paid in BNB: `discount` is what the standard commission is multiplied by.

    A symbol has it when both of its assets can be converted (faqs/commission_faq.md).
    """
    prices = last_price(world)
    return {
        "enabledForAccount": account.spot_bnb_burn,
        "enabledForSymbol": all(exchange_rate(asset, DISCOUNT_ASSET, prices) for asset in (market.base, market.quote)),
        "discountAsset": DISCOUNT_ASSET,
        "discount": show(DISCOUNT),
    }


def effective_commission(world: World, call: Call) -> dict[str, Any]:
    """What an order of this account would be charged, as order/test shows it."""
    account = own(world, call)
    return {
        "standardCommissionForOrder": {
            "maker": show(account.maker_rate),
            "taker": show(account.taker_rate),
        },
        "specialCommissionForOrder": NO_ORDER_FEES,
        "taxCommissionForOrder": NO_ORDER_FEES,
        "discount": discount(world, account, world.market(call[SYMBOL]).market),
    }


async def account_information(world: World, call: Call) -> dict[str, Any]:
    account = own(world, call)
    assets = account.balances if call[OMIT_ZERO_BALANCES] else world.markets.assets
    balances = [(asset, account.balances.get(asset, NOTHING)) for asset in sorted(assets)]
    return {
        "makerCommission": account.maker_rate // RATE_OF_A_BASIS_POINT,
        "takerCommission": account.taker_rate // RATE_OF_A_BASIS_POINT,
        "buyerCommission": 0,
        "sellerCommission": 0,
        "commissionRates": {
            "maker": show(account.maker_rate),
            "taker": show(account.taker_rate),
            "buyer": ZERO,
            "seller": ZERO,
        },
        "canTrade": True,
        "canWithdraw": True,
        "canDeposit": True,
        "brokered": False,
        "requireSelfTradePrevention": False,
        "preventSor": False,
        "updateTime": call.time(account.updated_us),
        "accountType": "SPOT",
        "balances": [
            {"asset": asset, "free": show_amount(balance.free), "locked": show_amount(balance.locked)}
            for asset, balance in balances
        ],
        "permissions": ["SPOT"],
        "uid": account.account_id,
    }


async def my_trades(world: World, call: Call) -> list[dict[str, Any]]:
    _check_combination(call, OF_ORDER, START_TIME, END_TIME, FROM_ID)
    check_window(call)
    trades = await world.history.trades(
        call.account_id,
        world.market(call[SYMBOL]).market.symbol,
        order_id=call[OF_ORDER],
        from_id=call[FROM_ID],
        start_us=call[START_TIME],
        end_us=call[END_TIME],
        limit=call[TRADES_LIMIT],
    )
    return [account_trade(trade, call) for trade in trades]


def _check_combination(
    call: Call, order: Parameter[Any], start: Parameter[Any], end: Parameter[Any], first: Parameter[Any]
) -> None:
    """What may be combined beside the symbol (rest-api.md, 'Account trade list', 'Query Allocations'): one of these,
    start with end, or an order with a first id.
    """
    sent = {parameter for parameter in (order, start, end, first) if parameter in call}
    if len(sent) > 1 and sent not in ({start, end}, {order, first}):
        raise Refused(Reason.BAD_COMBINATION)


async def order_counts(world: World, call: Call) -> list[dict[str, Any]]:
    counts = world.limits.orders.counts(call.account_id, call.received_us)
    return [
        {
            "rateLimitType": figure.rate_limit_type,
            "interval": figure.interval,
            "intervalNum": figure.interval_num,
            "limit": figure.limit,
            "count": count,
        }
        for figure, count in zip((ORDERS_10S, ORDERS_1D), counts, strict=True)
    ]


async def commission(world: World, call: Call) -> dict[str, Any]:
    account, market = own(world, call), world.market(call[SYMBOL]).market
    return {
        "symbol": market.symbol,
        "standardCommission": {
            "maker": show(account.maker_rate),
            "taker": show(account.taker_rate),
            "buyer": ZERO,
            "seller": ZERO,
        },
        "specialCommission": NO_FEES,
        "taxCommission": NO_FEES,
        "discount": discount(world, account, market),
    }


async def prevented_matches(world: World, call: Call) -> list[dict[str, Any]]:
    match_id, order_id = call[PREVENTED_MATCH_ID], call[OF_ORDER]
    if match_id is None and order_id is None:
        raise Refused(Reason.PARAMETERS_BOTH_MISSING, PREVENTED_MATCH_ID.name, OF_ORDER.name)
    if match_id is not None and any(row in call for row in (OF_ORDER, FROM_PREVENTED_MATCH_ID, TRADES_LIMIT)):
        raise Refused(Reason.BAD_COMBINATION)
    found = await world.history.prevented_matches(
        call.account_id,
        world.market(call[SYMBOL]).market.symbol,
        prevented_match_id=match_id,
        order_id=order_id,
        from_id=call[FROM_PREVENTED_MATCH_ID],
        limit=call[TRADES_LIMIT],
    )
    return [
        {
            "symbol": match.symbol,
            "preventedMatchId": match.prevented_match_id,
            "takerOrderId": match.taker_order_id,
            "makerSymbol": match.symbol,
            "makerOrderId": match.maker_order_id,
            "tradeGroupId": NO_GROUP,
            "selfTradePreventionMode": match.prevention,
            "price": show(match.price),
            **prevented_quantities(match.taker_prevented, match.maker_prevented),
            "transactTime": call.time(match.time_us),
        }
        for match in found
    ]


async def allocations(world: World, call: Call) -> list[dict[str, Any]]:
    """Of smart order routing, which there is none of here."""
    world.market(call[SYMBOL])
    _check_combination(call, OF_ORDER, START_TIME, END_TIME, FROM_ALLOCATION_ID)
    check_window(call)
    return []


async def relevant_filters(world: World, call: Call) -> dict[str, Any]:
    market = world.market(call[SYMBOL]).market
    own(world, call)
    assets = (world.markets.assets[name] for name in (market.base, market.quote))
    return {
        "exchangeFilters": exchange_filters(world.markets.limits),
        "symbolFilters": symbol_filters(market),
        "assetFilters": [
            {"filterType": "MAX_ASSET", "asset": asset.name, "limit": show(asset.max_order)}
            for asset in assets
            if asset.max_order
        ],
    }


ENDPOINTS: Final = (
    Endpoint(
        method="GET",
        path="/account",
        handler=account_information,
        summary="Balances and fees of your account",
        tag="Account",
        parameters=(OMIT_ZERO_BALANCES,),
        security=Security.USER_DATA,
        weight=20,
        example={"omitZeroBalances": "true"},
    ),
    Endpoint(
        method="GET",
        path="/account/commission",
        handler=commission,
        summary="Your fees on a symbol",
        tag="Account",
        parameters=(SYMBOL,),
        security=Security.USER_DATA,
        weight=20,
        example={"symbol": "BTCUSDT"},
    ),
    Endpoint(
        method="GET",
        path="/myTrades",
        handler=my_trades,
        summary="Your trades of a symbol",
        tag="Account",
        parameters=(SYMBOL, OF_ORDER, START_TIME, END_TIME, FROM_ID, TRADES_LIMIT),
        security=Security.USER_DATA,
        weight=lambda world, call: 5 if OF_ORDER in call else 20,
        least_weight=5,
        example={"symbol": "BTCUSDT"},
    ),
    Endpoint(
        method="GET",
        path="/rateLimit/order",
        handler=order_counts,
        summary="How many of your orders of the last 10 seconds and of today are unfilled",
        tag="Account",
        security=Security.USER_DATA,
        weight=40,
    ),
    Endpoint(
        method="GET",
        path="/myPreventedMatches",
        handler=prevented_matches,
        summary="Trades of your account with itself that were prevented",
        tag="Account",
        parameters=(SYMBOL, PREVENTED_MATCH_ID, OF_ORDER, FROM_PREVENTED_MATCH_ID, TRADES_LIMIT),
        security=Security.USER_DATA,
        weight=lambda world, call: 20 if OF_ORDER in call else 2,
        least_weight=2,
        example={"symbol": "BTCUSDT", "orderId": "1"},
    ),
    Endpoint(
        method="GET",
        path="/myAllocations",
        handler=allocations,
        summary="Allocations of smart order routing: there are none",
        tag="Account",
        parameters=(SYMBOL, START_TIME, END_TIME, FROM_ALLOCATION_ID, TRADES_LIMIT, OF_ORDER),
        security=Security.USER_DATA,
        weight=20,
        example={"symbol": "BTCUSDT"},
    ),
    Endpoint(
        method="GET",
        path="/myFilters",
        handler=relevant_filters,
        summary="The filters that your orders of a symbol must pass",
        tag="Account",
        parameters=(SYMBOL,),
        security=Security.USER_DATA,
        weight=40,
        example={"symbol": "BTCUSDT"},
    ),
)
