"""The retired way to name a user data stream: a key by REST. Source: rest-api.md until 2026-02."""

from typing import Any, Final

from hypersim.api.binance.endpoints import Call, Endpoint, Security, required
from hypersim.api.binance.parameters import Text
from hypersim.world import World

LISTEN_KEY: Final = required("listenKey", Text("^[a-zA-Z0-9]{1,128}$"))


async def open_stream(world: World, call: Call) -> dict[str, Any]:
    return {"listenKey": world.listen_keys.open(call.account_id)}


async def keep_stream(world: World, call: Call) -> dict[str, Any]:
    world.listen_keys.keep(call.account_id, call[LISTEN_KEY])
    return {}


async def close_stream(world: World, call: Call) -> dict[str, Any]:
    world.listen_keys.close(call.account_id, call[LISTEN_KEY])
    return {}


ENDPOINTS: Final = (
    Endpoint(
        method="POST",
        path="/userDataStream",
        handler=open_stream,
        summary="Open a user data stream, the retired way: your listen key, good for an hour",
        tag="User data stream",
        security=Security.USER_STREAM,
        weight=2,
    ),
    Endpoint(
        method="PUT",
        path="/userDataStream",
        handler=keep_stream,
        summary="Keep a user data stream alive for another hour",
        tag="User data stream",
        parameters=(LISTEN_KEY,),
        security=Security.USER_STREAM,
        weight=2,
    ),
    Endpoint(
        method="DELETE",
        path="/userDataStream",
        handler=close_stream,
        summary="Close a user data stream",
        tag="User data stream",
        parameters=(LISTEN_KEY,),
        security=Security.USER_STREAM,
        weight=2,
    ),
)
