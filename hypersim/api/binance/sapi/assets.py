"""Assets: what you have of each, what each network takes, and your trading fees."""

from typing import Any, Final

from msgspec import Raw

from hypersim.api.binance.account import NOTHING, last_price, own
from hypersim.api.binance.endpoints import SAPI, SAPI_V3, Call, Endpoint, Security, optional
from hypersim.api.binance.parameters import ANY_SYMBOL, ASSET_TEXT, Boolean
from hypersim.engine.fees import exchange_rate
from hypersim.engine.market import Asset
from hypersim.errors import Reason, Refused
from hypersim.units import show, show_amount
from hypersim.views.accounts import AccountView
from hypersim.wallet import CONFIRMATION_US, MULTIPLE, network_of, terms_of
from hypersim.world import World

ANY_ASSET: Final = optional("asset", ASSET_TEXT, description="one asset, such as BTC")
VALUATION: Final = optional("needBtcValuation", Boolean(), False, "what it is worth in BTC, too")
BTC: Final = "BTC"
MOST: Final = 2**63 - 1
"""The largest amount that a parameter can say, scale 8: nothing else bounds a withdrawal."""


async def coins(world: World, call: Call) -> list[dict[str, Any]]:
    account = own(world, call)
    return [_coin(account, asset) for _, asset in sorted(world.markets.assets.items())]


def _coin(account: AccountView, asset: Asset) -> dict[str, Any]:
    balance, withdrawing = account.balances.get(asset.name, NOTHING), account.withdrawing(asset.name)
    return {
        "coin": asset.name,
        "depositAllEnable": True,
        "withdrawAllEnable": True,
        "name": asset.full_name or asset.name,
        "free": show_amount(balance.free),
        "locked": show_amount(balance.locked - withdrawing),
        "freeze": "0",
        "withdrawing": show_amount(withdrawing),
        "ipoing": "0",
        "ipoable": "0",
        "storage": "0",
        "isLegalMoney": False,
        "trading": True,
        "networkList": [_network(asset.name)],
    }


def _network(asset: str) -> dict[str, Any]:
    network, terms = network_of(asset), terms_of(asset)
    return {
        "network": network.code,
        "coin": asset,
        "entityTag": "",
        "withdrawIntegerMultiple": show(MULTIPLE),
        "isDefault": True,
        "depositEnable": True,
        "withdrawEnable": True,
        "depositDesc": "",
        "withdrawDesc": "",
        "specialTips": "",
        "specialWithdrawTips": "",
        "name": network.name,
        "resetAddressStatus": False,
        "addressRegex": network.address_pattern,
        "memoRegex": network.tag_pattern,
        "withdrawFee": show(terms.fee),
        "withdrawMin": show(terms.minimum),
        "withdrawMax": show(MOST),
        "withdrawInternalMin": show(terms.minimum),
        "depositDust": show(MULTIPLE),
        "minConfirm": network.confirmations,
        "unLockConfirm": 0,
        "sameAddress": network.tag is not None,
        "withdrawTag": False,
        "estimatedArrivalTime": -(-CONFIRMATION_US // 60_000_000),
        "busy": False,
        "contractAddressUrl": f"{network.explorer}/token/",
        "contractAddress": "",
    }


async def asset_details(world: World, call: Call) -> dict[str, Any]:
    """Withdrawal fees are numbers here, not texts: as they are documented."""
    own(world, call)
    return {
        asset: {
            "minWithdrawAmount": show(terms_of(asset).minimum),
            "depositStatus": True,
            "withdrawFee": Raw(show(terms_of(asset).fee).encode()),
            "withdrawStatus": True,
        }
        for asset in _selected(world, call)
    }


async def user_assets(world: World, call: Call) -> list[dict[str, Any]]:
    """Those of which there is something."""
    account = own(world, call)
    return [_held(world, call, account, asset) for asset in _selected(world, call) if asset in account.balances]


def _held(world: World, call: Call, account: AccountView, asset: str) -> dict[str, Any]:
    balance, withdrawing = account.balances[asset], account.withdrawing(asset)
    worth = exchange_rate(asset, BTC, last_price(world)) if call[VALUATION] else None
    numerator, denominator = worth or (0, 1)
    return {
        "asset": asset,
        "free": show_amount(balance.free),
        "locked": show_amount(balance.locked - withdrawing),
        "freeze": "0",
        "withdrawing": show_amount(withdrawing),
        "ipoable": "0",
        "btcValuation": show_amount((balance.free + balance.locked) * numerator // denominator),
    }


def _selected(world: World, call: Call) -> list[str]:
    """The asset that a call names, or all. Raises Refused NO_SUCH_ASSET."""
    asset = call[ANY_ASSET]
    if asset is None:
        return sorted(world.markets.assets)
    if asset not in world.markets.assets:
        raise Refused(Reason.NO_SUCH_ASSET)
    return [asset]


async def trade_fees(world: World, call: Call) -> list[dict[str, Any]]:
    account = own(world, call)
    symbol = call[ANY_SYMBOL]
    symbols = sorted(world.markets.markets) if symbol is None else [world.market(symbol).market.symbol]
    maker, taker = show(account.maker_rate), show(account.taker_rate)
    return [{"symbol": each, "makerCommission": maker, "takerCommission": taker} for each in symbols]


ENDPOINTS: Final = (
    Endpoint(
        method="GET",
        path="/capital/config/getall",
        handler=coins,
        summary="All assets, with what you have of each and the network that it comes and goes by",
        tag="Wallet",
        security=Security.USER_DATA,
        weight=10,
        prefixes=SAPI,
    ),
    Endpoint(
        method="GET",
        path="/asset/assetDetail",
        handler=asset_details,
        summary="What withdrawing costs, by asset",
        tag="Wallet",
        parameters=(ANY_ASSET,),
        security=Security.USER_DATA,
        prefixes=SAPI,
        example={"asset": "BTC"},
    ),
    Endpoint(
        method="POST",
        path="/asset/getUserAsset",
        handler=user_assets,
        summary="The assets that you have",
        tag="Wallet",
        parameters=(ANY_ASSET, VALUATION),
        security=Security.USER_DATA,
        weight=5,
        prefixes=SAPI_V3,
        example={"needBtcValuation": "true"},
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
)
