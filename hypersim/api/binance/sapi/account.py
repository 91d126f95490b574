"""What an account may do, and what it pays in BNB."""

from typing import Any, Final

from hypersim.api.binance.account import own
from hypersim.api.binance.endpoints import SAPI, Call, Endpoint, Security, optional
from hypersim.api.binance.parameters import Boolean
from hypersim.engine.commands import SetBnbBurn
from hypersim.errors import Reason, Refused
from hypersim.world import World

SPOT_BNB_BURN: Final = optional("spotBNBBurn", Boolean(), description="pay trading fees in BNB, at a discount")
INTEREST_BNB_BURN: Final = optional("interestBNBBurn", Boolean(), description="the interest of margin loans, too")


async def system_status(world: World, call: Call) -> dict[str, Any]:
    return {"status": 0, "msg": "normal"}


async def account_status(world: World, call: Call) -> dict[str, Any]:
    own(world, call)
    return {"data": "Normal"}


async def account_info(world: World, call: Call) -> dict[str, Any]:
    own(world, call)
    return {
        "vipLevel": 0,
        "isMarginEnabled": False,
        "isFutureEnabled": False,
        "isOptionsEnabled": False,
        "isPortfolioMarginRetailEnabled": False,
    }


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


async def key_permissions(world: World, call: Call) -> dict[str, Any]:
    """What every key may do here. When it was made is not said: a key in memory does not know it."""
    own(world, call)
    return {
        "ipRestrict": False,
        "enableReading": True,
        "enableWithdrawals": True,
        "enableInternalTransfer": False,
        "enableMargin": False,
        "enableFutures": False,
        "permitsUniversalTransfer": False,
        "enableVanillaOptions": False,
        "enableFixApiTrade": False,
        "enableFixReadOnly": False,
        "enableSpotAndMarginTrading": True,
        "enablePortfolioMarginTrading": False,
    }


async def bnb_burn(world: World, call: Call) -> dict[str, Any]:
    account = own(world, call)
    return {"spotBNBBurn": account.spot_bnb_burn, "interestBNBBurn": account.interest_bnb_burn}


async def set_bnb_burn(world: World, call: Call) -> dict[str, Any]:
    spot, interest = call[SPOT_BNB_BURN], call[INTEREST_BNB_BURN]
    if spot is None and interest is None:
        raise Refused(Reason.PARAMETERS_BOTH_MISSING, SPOT_BNB_BURN.name, INTEREST_BNB_BURN.name)
    command = SetBnbBurn(account_id=call.account_id, spot=spot, interest=interest)
    await world.ask(command, deadline_us=call.deadline_us)
    return await bnb_burn(world, call)


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
        path="/account/status",
        handler=account_status,
        summary="State of your account",
        tag="Wallet",
        security=Security.USER_DATA,
        prefixes=SAPI,
    ),
    Endpoint(
        method="GET",
        path="/account/info",
        handler=account_info,
        summary="Which kinds of trading your account has beside spot: none",
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
        path="/account/apiRestrictions",
        handler=key_permissions,
        summary="What your API key may do",
        tag="Wallet",
        security=Security.USER_DATA,
        prefixes=SAPI,
    ),
    Endpoint(
        method="GET",
        path="/bnbBurn",
        handler=bnb_burn,
        summary="Whether your fees are paid in BNB",
        tag="Wallet",
        security=Security.USER_DATA,
        prefixes=SAPI,
    ),
    Endpoint(
        method="POST",
        path="/bnbBurn",
        handler=set_bnb_burn,
        summary="Pay fees in BNB, or in what you receive",
        tag="Wallet",
        parameters=(SPOT_BNB_BURN, INTEREST_BNB_BURN),
        security=Security.USER_DATA,
        prefixes=SAPI,
        example={"spotBNBBurn": "true"},
    ),
)
