"""Example calls that place order lists; each succeeds with the demo account on an exchange as it comes."""

from typing import Final

MY_FIRST_LIST: Final = "my-first-list"
"""The list that the example of POST /orderList/oco places."""

WORKING: Final = {
    "symbol": "BTCUSDT",
    "workingType": "LIMIT",
    "workingSide": "BUY",
    "workingTimeInForce": "GTC",
    "workingQuantity": "0.001",
    "workingPrice": "30000",
}

EXAMPLES: Final = {
    "/orderList/oco": {
        "symbol": "BTCUSDT",
        "listClientOrderId": MY_FIRST_LIST,
        "side": "BUY",
        "quantity": "0.001",
        "aboveType": "STOP_LOSS_LIMIT",
        "aboveStopPrice": "120000",
        "abovePrice": "121000",
        "aboveTimeInForce": "GTC",
        "belowType": "LIMIT_MAKER",
        "belowPrice": "30000",
    },
    "/orderList/oto": {
        **WORKING,
        "pendingType": "LIMIT_MAKER",
        "pendingSide": "SELL",
        "pendingQuantity": "0.0009",
        "pendingPrice": "90000",
    },
    "/orderList/otoco": {
        **WORKING,
        "pendingSide": "SELL",
        "pendingQuantity": "0.0009",
        "pendingAboveType": "LIMIT_MAKER",
        "pendingAbovePrice": "90000",
        "pendingBelowType": "STOP_LOSS",
        "pendingBelowStopPrice": "25000",
    },
    "/orderList/opo": {
        **WORKING,
        "pendingType": "LIMIT_MAKER",
        "pendingSide": "SELL",
        "pendingPrice": "90000",
    },
    "/orderList/opoco": {
        **WORKING,
        "pendingSide": "SELL",
        "pendingAboveType": "LIMIT_MAKER",
        "pendingAbovePrice": "90000",
        "pendingBelowType": "STOP_LOSS",
        "pendingBelowStopPrice": "25000",
    },
    "/order/oco": {
        "symbol": "BTCUSDT",
        "side": "BUY",
        "quantity": "0.001",
        "price": "30000",
        "stopPrice": "120000",
    },
}
