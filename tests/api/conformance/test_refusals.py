"""The conformance table: a row per documented refusal, through the whole API. Refusals change nothing.

Alice has 10000 USDT, 1 BTC, an open order 1 ('open', BUY 0.01 at 49000), a filled order 2 ('done') and the OCO list 1
('pair', of the orders 'above' and 'below'). Bob has order 3 ('bobs') and a list of that name, 3. ETHUSDT is halted.
What other symbols allow is said in MARKETS.
"""

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from msgspec.structs import replace

from hypersim.api.binance.refusals import WORDINGS
from hypersim.engine.commands import PutMarket
from hypersim.engine.market import MarketStatus
from hypersim.engine.orders import OrderType, SelfTradePrevention, Side
from hypersim.errors import Reason
from hypersim.units import ONE
from tests.api.client import encoded
from tests.api.conformance import rows_of_changes, rows_of_filters, rows_of_lists, rows_of_orders, rows_of_queries
from tests.api.conformance.rows import LIMIT, MARKET, OCO, OPO, Row, but
from tests.api.lab import Lab, open_lab

ROWS = (
    *rows_of_orders.ROWS,
    *rows_of_filters.ROWS,
    *rows_of_lists.ROWS,
    *rows_of_changes.ROWS,
    *rows_of_queries.ROWS,
)
PUBLIC = {"/v1/ping", "/v1/time", "/v1/exchangeInfo"}
NO_PREVENTION: dict[str, Any] = {
    "default_self_trade_prevention": SelfTradePrevention.NONE,
    "allowed_self_trade_prevention": (SelfTradePrevention.NONE,),
}
MARKETS: dict[str, dict[str, Any]] = {
    "BAREUSDT": {
        **NO_PREVENTION,
        "order_types": (OrderType.LIMIT,),
        "iceberg_allowed": False,
        "peg_allowed": False,
    },
    "NOTRAILUSDT": {"trailing_allowed": False, "quote_quantity_allowed": False},
    "NOSTPUSDT": NO_PREVENTION,
    "NOOCOUSDT": {"oco_allowed": False},
    "NOOTOUSDT": {"oto_allowed": False},
    "NOOPOUSDT": {"opo_allowed": False},
    "NOCHANGEUSDT": {"replace_allowed": False, "amend_allowed": False},
    "COARSEUSDT": {"base_precision": 5, "quote_precision": 2},
    "TRAILUSDT": {"trailing_above": (10, 2000), "trailing_below": (20, 1000)},
    "FULLUSDT": {"max_num_orders": 1, "max_num_order_amends": 1},
    "FEWUSDT": {"max_num_algo_orders": 1, "max_num_iceberg_orders": 1, "max_num_order_lists": 1},
    "SOMEUSDT": {"max_position": 2 * ONE},
    "GAPUSDT": {},
    "ELDERUSDT": {"percent_by_side": False, "notional_range": False},
    "LUMPYUSDT": {"market_min_quantity": 3 * ONE},
    "BULKYUSDT": {"min_quantity": 3 * ONE},
}
"""Symbols like BTCUSDT, each with some of its rules changed."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def busy_lab() -> AsyncIterator[Lab]:
    async with open_lab() as lab:

        async def call(call: str, arguments: dict[str, str], *, of_bob: bool = False) -> None:
            method, path = call.split()
            client = lab.bob if of_bob else lab.alice
            answer = await client.signed(method, path, arguments, time=lab.now_ms)
            assert 200 == answer.status, answer.json

        await call("POST /v1/order", but(LIMIT, newClientOrderId="open"))
        await call("POST /v1/order", but(MARKET, newClientOrderId="done"))
        await call("POST /v1/order", but(LIMIT, newClientOrderId="bobs"), of_bob=True)
        pair = but(OCO, listClientOrderId="pair", aboveClientOrderId="above", belowClientOrderId="below")
        await call("POST /v1/orderList/oco", pair)
        await lab.trade("BTCUSDT", "50000", "0.01", Side.BUY)
        like = lab.world.market("BTCUSDT").market
        for symbol, rules in MARKETS.items():
            await lab.world.ask(PutMarket(replace(like, symbol=symbol, **rules)))
            await lab.ladder(symbol, {"49990": "1", "49980": "1"}, {"50010": "1", "50020": "1"})
            await lab.trade(symbol, "50000", "0.01", Side.BUY)
        await lab.ladder("GAPUSDT", {"50008": "1"}, {"50010": "1"})
        await call("POST /v1/orderList/oco", but(OCO, symbol="FEWUSDT", aboveIcebergQty="0.005"))
        await call("POST /v1/orderList/oco", but(OCO, listClientOrderId="bobs"), of_bob=True)
        await call("POST /v1/order", but(LIMIT, symbol="FULLUSDT", price="40000"))
        await call("PUT /v1/order/amend/keepPriority", {"symbol": "FULLUSDT", "orderId": "1", "newQty": "0.009"})
        await call("POST /v1/orderList/opo", but(OPO, symbol="SOMEUSDT"))
        await lab.world.ask(PutMarket(replace(lab.world.market("ETHUSDT").market, status=MarketStatus.HALT)))
        yield lab


ELSEWHERE = {
    Reason.FILTER_EXCHANGE_MAX_NUM_ORDERS,
    Reason.FILTER_EXCHANGE_MAX_NUM_ALGO_ORDERS,
    Reason.FILTER_EXCHANGE_MAX_NUM_ICEBERG_ORDERS,
    Reason.FILTER_EXCHANGE_MAX_NUM_ORDER_LISTS,
    Reason.FILTER_MAX_ASSET,
}
"""Those of test_exchange_filters.py."""


def test_every_sentence_of_filters_and_engine_has_a_row() -> None:
    told = {(row.code, row.sentence) for row in ROWS}
    untold = {
        reason
        for reason, wording in WORDINGS.items()
        if wording.code in (-1013, -2010, -2011, -2038)
        and not any(
            code == wording.code and re.fullmatch(re.escape(wording.sentence).replace(r"\{\}", ".+"), sentence)
            for code, sentence in told
        )
    }
    assert ELSEWHERE == untold


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.call} {row.code} {encoded(row.arguments)[:60]}")
async def test_what_is_refused_is_refused_in_binances_words(busy_lab: Lab, row: Row) -> None:
    method, path = row.call.split()
    before = busy_lab.state_hash()
    if path in PUBLIC:
        answer = await busy_lab.alice.public(path, row.arguments)
    else:
        answer = await busy_lab.alice.signed(method, path, row.arguments, time=busy_lab.now_ms)
    assert (row.status, {"code": row.code, "msg": row.sentence}) == (answer.status, answer.json)
    assert before == busy_lab.state_hash()
