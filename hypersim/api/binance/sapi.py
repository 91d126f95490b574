"""The calls beside the Spot API that clients make when they start: wallet, margin and futures.

This exchange trades spot only, so margin and futures have no markets; deposits and withdrawals by network are
closed. Shapes: the wallet and margin documents of Binance, as ccxt 4.5 and python-binance 1.0 read them.
"""

from typing import Any, Final

from hypersim.api.binance.account import NOTHING, own
from hypersim.api.binance.endpoints import Call, Endpoint, Security, optional
from hypersim.api.binance.parameters import ANY_SYMBOL, Text
from hypersim.api.binance.security import RECV_WINDOW
from hypersim.units import show, show_amount
from hypersim.world import World

SAPI: Final = ("/sapi/v1",)
ANYTHING: Final = Text(r"^[\x20-\x7e]{1,128}$")
SIGNATURE_IGNORED: Final = (
    RECV_WINDOW,
    optional("timestamp", ANYTHING, description="not needed"),
    optional("signature", ANYTHING, description="not needed"),
)
"""Some clients sign these calls, others do not; they say nothing about an account."""


async def system_status(world: World, call: Call) -> dict[str, Any]:
    return {"status": 0, "msg": "normal"}


async def coins(world: World, call: Call) -> list[dict[str, Any]]:
    account = own(world, call)
    return [
        _coin(asset.name, asset.full_name, show_amount(balance.free), show_amount(balance.locked))
        for name, asset in sorted(world.markets.assets.items())
        for balance in (account.balances.get(name, NOTHING),)
    ]


def _coin(name: str, full_name: str, free: str, locked: str) -> dict[str, Any]:
    return {
        "coin": name,
        "depositAllEnable": False,
        "withdrawAllEnable": False,
        "name": full_name or name,
        "free": free,
        "locked": locked,
        "freeze": "0",
        "withdrawing": "0",
        "ipoing": "0",
        "ipoable": "0",
        "storage": "0",
        "isLegalMoney": False,
        "trading": True,
        "networkList": [],
    }


async def nothing(world: World, call: Call) -> list[Any]:
    return []


async def no_symbols(world: World, call: Call) -> dict[str, Any]:
    return {
        "timezone": "UTC",
        "serverTime": call.time(world.clock.now_us()),
        "rateLimits": [],
        "exchangeFilters": [],
        "assets": [],
        "symbols": [],
    }


async def trade_fees(world: World, call: Call) -> list[dict[str, Any]]:
    account = own(world, call)
    symbol = call[ANY_SYMBOL]
    symbols = sorted(world.markets.markets) if symbol is None else [world.market(symbol).market.symbol]
    maker, taker = show(account.maker_rate), show(account.taker_rate)
    return [{"symbol": each, "makerCommission": maker, "takerCommission": taker} for each in symbols]


async def account_status(world: World, call: Call) -> dict[str, Any]:
    own(world, call)
    return {"data": "Normal"}


async def trading_status(world: World, call: Call) -> dict[str, Any]:
    own(world, call)
    return {
        "data": {
            "isLocked": False,
            "plannedRecoverTime": 0,
            "triggerCondition": {"GCR": 150, "IFER": 150, "UFR": 300},
            "updateTime": 0,
        }
    }


ENDPOINTS: Final = (
    Endpoint(
        method="GET",
        path="/system/status",
        handler=system_status,
        summary="State of the wallet system",
        tag="Wallet",
        prefixes=SAPI,
    ),
    Endpoint(
        method="GET",
        path="/capital/config/getall",
        handler=coins,
        summary="All assets, with what you have of each",
        tag="Wallet",
        security=Security.USER_DATA,
        weight=10,
        prefixes=SAPI,
    ),
    Endpoint(
        method="GET",
        path="/asset/tradeFee",
        handler=trade_fees,
        summary="Your fees, by symbol",
        tag="Wallet",
        parameters=(ANY_SYMBOL,),
        security=Security.USER_DATA,
        prefixes=SAPI,
        example={"symbol": "BTCUSDT"},
    ),
    Endpoint(
        method="GET",
        path="/account/status",
        handler=account_status,
        summary="State of your account",
        tag="Wallet",
        security=Security.USER_DATA,
        prefixes=SAPI,
    ),
    Endpoint(
        method="GET",
        path="/account/apiTradingStatus",
        handler=trading_status,
        summary="Whether your account may trade by API",
        tag="Wallet",
        security=Security.USER_DATA,
        prefixes=SAPI,
    ),
    Endpoint(
        method="GET",
        path="/spot/delist-schedule",
        handler=nothing,
        summary="Symbols that will be delisted: there are none",
        tag="Wallet",
        parameters=SIGNATURE_IGNORED,
        weight=100,
        prefixes=SAPI,
    ),
    Endpoint(
        method="GET",
        path="/margin/allPairs",
        handler=nothing,
        summary="Cross margin pairs: there are none",
        tag="Margin and futures",
        parameters=(ANY_SYMBOL, *SIGNATURE_IGNORED),
        prefixes=SAPI,
    ),
    Endpoint(
        method="GET",
        path="/margin/isolated/allPairs",
        handler=nothing,
        summary="Isolated margin pairs: there are none",
        tag="Margin and futures",
        parameters=(ANY_SYMBOL, *SIGNATURE_IGNORED),
        prefixes=SAPI,
    ),
    Endpoint(
        method="GET",
        path="/exchangeInfo",
        handler=no_symbols,
        summary="Futures: there are none",
        tag="Margin and futures",
        prefixes=("/fapi/v1", "/dapi/v1"),
    ),
)
