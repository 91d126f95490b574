"""What this exchange does not have: margin, futures, other wallets, dividends, conversions of dust.

Each answers as Binance does for an account without it, with an empty list or with the refusal that is documented.
"""

from typing import Any, Final

from hypersim.api.binance.account import own
from hypersim.api.binance.endpoints import SAPI, Call, Endpoint, Security, optional, required
from hypersim.api.binance.parameters import (
    ANY_SYMBOL,
    ASSET_TEXT,
    END_TIME,
    START_TIME,
    SYMBOL_TEXT,
    Boolean,
    Decimal,
    Integer,
    Text,
    limit,
)
from hypersim.api.binance.security import RECV_WINDOW
from hypersim.errors import Reason, Refused
from hypersim.world import World

ANYTHING: Final = Text(r"^[\x20-\x7e]{1,128}$")
SIGNATURE_IGNORED: Final = (
    RECV_WINDOW,
    optional("timestamp", ANYTHING, description="not needed"),
    optional("signature", ANYTHING, description="not needed"),
)
"""Some clients sign these calls, others do not; they say nothing about an account."""

WALLET: Final = "(MAIN|UMFUTURE|CMFUTURE|MARGIN|ISOLATED_?MARGIN|MINING|FUNDING|OPTION|PORTFOLIO_MARGIN)"
ASSETS: Final = Text("^[^a-z ]{1,1000}$")

ACCOUNT_TYPE: Final = optional("accountType", Text("^(SPOT|MARGIN)$"), "SPOT", "SPOT or MARGIN")
ANY_ASSET: Final = optional("asset", ASSET_TEXT, description="one asset, such as BTC")
VALUATION: Final = optional("needBtcValuation", Boolean(), False, "what it is worth in BTC, too")
TRANSFER_TYPE: Final = required("type", Text(f"^{WALLET}_{WALLET}$"), "from which wallet to which: MAIN_UMFUTURE")
FROM_SYMBOL: Final = optional("fromSymbol", SYMBOL_TEXT, description="of an isolated margin account")
TO_SYMBOL: Final = optional("toSymbol", SYMBOL_TEXT, description="of an isolated margin account")


async def nothing(world: World, call: Call) -> list[Any]:
    return []


async def no_funding_assets(world: World, call: Call) -> list[Any]:
    own(world, call)
    return []


async def no_rows(world: World, call: Call) -> dict[str, Any]:
    own(world, call)
    return {"total": 0, "rows": []}


async def no_symbols(world: World, call: Call) -> dict[str, Any]:
    return {
        "timezone": "UTC",
        "serverTime": call.time(world.clock.now_us()),
        "rateLimits": [],
        "exchangeFilters": [],
        "assets": [],
        "symbols": [],
    }


async def no_margin_account(world: World, call: Call) -> dict[str, Any]:
    own(world, call)
    raise Refused(Reason.NO_MARGIN_ACCOUNT)


async def transfer(world: World, call: Call) -> dict[str, Any]:
    """Between wallets of one account, of which there is one: refused for want of the other."""
    own(world, call)
    if "MARGIN" in call[TRANSFER_TYPE]:
        raise Refused(Reason.NO_MARGIN_ACCOUNT)
    if "FUTURE" in call[TRANSFER_TYPE]:
        raise Refused(Reason.NO_FUTURES_ACCOUNT)
    raise Refused(Reason.NO_SUCH_WALLET)


async def no_dust(world: World, call: Call) -> dict[str, Any]:
    own(world, call)
    return {
        "details": [],
        "totalTransferBtc": "0.00000000",
        "totalTransferBNB": "0.00000000",
        "dribbletPercentage": "0.02",
    }


async def convert_dust(world: World, call: Call) -> dict[str, Any]:
    own(world, call)
    raise Refused(Reason.DUST_NOT_CONVERTED)


async def no_dust_log(world: World, call: Call) -> dict[str, Any]:
    own(world, call)
    return {"total": 0, "userAssetDribblets": []}


WALLETS: Final = (
    Endpoint(
        method="POST",
        path="/asset/transfer",
        handler=transfer,
        summary="Transfer between your wallets: refused, as there is one",
        tag="Not here",
        parameters=(
            TRANSFER_TYPE,
            required("asset", ASSET_TEXT, "such as USDT"),
            required("amount", Decimal()),
            FROM_SYMBOL,
            TO_SYMBOL,
        ),
        security=Security.USER_DATA,
        weight=30,  # 900 of an account's 180,000
        prefixes=SAPI,
        refuses=True,
        example={"type": "MAIN_UMFUTURE", "asset": "USDT", "amount": "1"},
    ),
    Endpoint(
        method="GET",
        path="/asset/transfer",
        handler=no_rows,
        summary="Transfers between your wallets: there are none",
        tag="Not here",
        parameters=(
            TRANSFER_TYPE,
            START_TIME,
            END_TIME,
            optional("current", Integer(least=1), 1, "which page"),
            optional("size", Integer(least=1, most=100), 10, "how many, at most 100"),
            FROM_SYMBOL,
            TO_SYMBOL,
        ),
        security=Security.USER_DATA,
        prefixes=SAPI,
        example={"type": "MAIN_UMFUTURE"},
    ),
    Endpoint(
        method="POST",
        path="/asset/get-funding-asset",
        handler=no_funding_assets,
        summary="Assets in your funding wallet: there are none",
        tag="Not here",
        parameters=(ANY_ASSET, VALUATION),
        security=Security.USER_DATA,
        prefixes=SAPI,
    ),
    Endpoint(
        method="GET",
        path="/asset/assetDividend",
        handler=no_rows,
        summary="Dividends: there are none",
        tag="Not here",
        parameters=(ANY_ASSET, START_TIME, END_TIME, limit(20, 500)),
        security=Security.USER_DATA,
        weight=10,
        prefixes=SAPI,
    ),
    Endpoint(
        method="POST",
        path="/asset/dust-btc",
        handler=no_dust,
        summary="Small amounts that can be converted to BNB: there are none",
        tag="Not here",
        parameters=(ACCOUNT_TYPE,),
        security=Security.USER_DATA,
        prefixes=SAPI,
    ),
    Endpoint(
        method="POST",
        path="/asset/dust",
        handler=convert_dust,
        summary="Convert small amounts to BNB: refused",
        tag="Not here",
        parameters=(required("asset", ASSETS, "one, or several with commas between them"), ACCOUNT_TYPE),
        security=Security.USER_DATA,
        weight=10,
        prefixes=SAPI,
        refuses=True,
        example={"asset": "XRP"},
    ),
    Endpoint(
        method="GET",
        path="/asset/dribblet",
        handler=no_dust_log,
        summary="Small amounts that were converted to BNB: there are none",
        tag="Not here",
        parameters=(ACCOUNT_TYPE, START_TIME, END_TIME),
        security=Security.USER_DATA,
        prefixes=SAPI,
    ),
    Endpoint(
        method="GET",
        path="/spot/delist-schedule",
        handler=nothing,
        summary="Symbols that will be delisted: there are none",
        tag="Not here",
        parameters=SIGNATURE_IGNORED,
        weight=100,
        prefixes=SAPI,
    ),
)

MARGIN_AND_FUTURES: Final = (
    Endpoint(
        method="GET",
        path="/margin/account",
        handler=no_margin_account,
        summary="Your margin account: refused, as there is none",
        tag="Not here",
        security=Security.USER_DATA,
        weight=10,
        prefixes=SAPI,
        refuses=True,
    ),
    Endpoint(
        method="GET",
        path="/margin/allAssets",
        handler=nothing,
        summary="Assets that can be borrowed: there are none",
        tag="Not here",
        parameters=(ANY_ASSET, *SIGNATURE_IGNORED),
        prefixes=SAPI,
    ),
    Endpoint(
        method="GET",
        path="/margin/allPairs",
        handler=nothing,
        summary="Cross margin pairs: there are none",
        tag="Not here",
        parameters=(ANY_SYMBOL, *SIGNATURE_IGNORED),
        prefixes=SAPI,
    ),
    Endpoint(
        method="GET",
        path="/margin/isolated/allPairs",
        handler=nothing,
        summary="Isolated margin pairs: there are none",
        tag="Not here",
        parameters=(ANY_SYMBOL, *SIGNATURE_IGNORED),
        prefixes=SAPI,
    ),
    Endpoint(
        method="GET",
        path="/exchangeInfo",
        handler=no_symbols,
        summary="Futures: there are none",
        tag="Not here",
        prefixes=("/fapi/v1", "/dapi/v1"),
    ),
)

ENDPOINTS: Final = (*WALLETS, *MARGIN_AND_FUTURES)
