"""The yardstick: a bare Litestar handler with an order's ten typed query parameters and a constant answer."""

import socket

import uvicorn
from litestar import Litestar, post

ANSWER: dict[str, str | int] = {"symbol": "BTCUSDT", "orderId": 1, "clientOrderId": "x", "transactTime": 1}


@post("/v1/order", status_code=200)
async def order(
    symbol: str,
    side: str,
    type: str,  # noqa: A002 - Binance's name of the parameter
    timestamp: int,
    signature: str,
    timeInForce: str | None = None,
    quantity: str | None = None,
    price: str | None = None,
    newClientOrderId: str | None = None,
    recvWindow: int = 5000,
) -> dict[str, str | int]:
    """Reads what an order would say and does nothing."""
    return ANSWER


def main() -> None:
    """Serves on a free port of loopback and prints its URL."""
    listener = socket.create_server(("127.0.0.1", 0))
    print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    app = Litestar([order], openapi_config=None)
    uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False)).run(sockets=[listener])


if __name__ == "__main__":
    main()
