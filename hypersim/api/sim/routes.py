"""The operations of /sim/v1, and how each is reached. Every refusal is worded by `hypersim.api.sim.refusals`.

Guarantees that outside of open mode nothing here acts, and that a write is JSON by its content type: a web
page cannot send one across sites without asking first.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

import msgspec
from litestar import MediaType, Request, Response, route
from litestar.enums import HttpMethod
from litestar.exceptions import InternalServerException
from litestar.handlers import HTTPRouteHandler
from msgspec import UNSET, Struct, UnsetType

from hypersim import units
from hypersim.api.root import READING
from hypersim.api.sim import bodies
from hypersim.api.sim.filled import FilledOrder, filled_orders
from hypersim.api.sim.paths import OnPath, on_path
from hypersim.api.sim.refusals import render
from hypersim.api.sim.status import market_status, status
from hypersim.api.sim.world import Simulation
from hypersim.ask import Outcome
from hypersim.connect import UnknownClientError, configuration
from hypersim.engine.commands import Deposit, EndWithdrawal, Reset
from hypersim.engine.events import BalanceChanged, WithdrawalChanged
from hypersim.engine.withdrawal import WithdrawalStatus
from hypersim.errors import Reason, Refused
from hypersim.feeds.manual import at_price, by_hand
from hypersim.identity import ApiKey, Credentials
from hypersim.settings import DEMO_KEY, DEMO_SECRET

PREFIX: Final = "/sim/v1"
NO_OUTSIDE: Final = "none"
"""The feed of a world whose users trade only with one another."""

AnyRequest = Request[Any, Any, Any]
Action = Callable[[Simulation, AnyRequest], Awaitable[Any]]


class IssuedKey(Struct, frozen=True, rename="camel"):
    """A new key: the one answer that shows a secret, where there is one."""

    account_id: int
    api_key: str
    secret_key: str | UnsetType


class Credited(Struct, frozen=True, rename="camel"):
    """What the faucet gave, and what the account has of it now."""

    account_id: int
    asset: str
    amount: str
    free: str
    locked: str


class EndedWithdrawal(Struct, frozen=True, rename="camel"):
    """A withdrawal that somebody ended before its network did."""

    id: str
    account_id: int
    asset: str
    amount: str
    fee: str
    status: str


class Moved(Struct, frozen=True, rename="camel"):
    """An outside update by hand, and the orders that it filled."""

    symbol: str
    time: int
    filled: list[FilledOrder]


class PriceJump(Struct, frozen=True, rename="camel"):
    """From where to where a market goes; null where there is no price, and no percentage."""

    symbol: str
    feed: str | None
    before: str | None
    after: str | None
    percent: str | None


class ChangedFeed(Struct, frozen=True, rename="camel"):
    """What another feed means for each market, and whether it is in force."""

    feed: str
    changed: bool
    jumps: list[PriceJump]
    notes: dict[str, str]
    """By symbol: why its feed is another one, or why it has none."""
    hint: str


class Emptied(Struct, frozen=True, rename="camel"):
    """The world was emptied; `durable_sequence` is the command that did it."""

    time: int
    durable_sequence: int


async def open_account(sim: Simulation, request: AnyRequest) -> IssuedKey:
    """An account out of nothing, with a key of its own."""
    body = bodies.read(await _body(request), bodies.OpenAccountBody)
    balances = bodies.amounts(body.balances)
    fees = None
    if body.fees is not None:
        fees = bodies.rate("fees.maker", body.fees.maker), bodies.rate("fees.taker", body.fees.taker)
    public_key = bodies.public_key(body)
    return _shown(
        await sim.open_account(
            balances,
            label=body.label,
            api_key=body.api_key,
            secret=body.secret_key,
            public_key=public_key,
            fees=fees,
        )
    )


async def add_key(sim: Simulation, request: AnyRequest) -> IssuedKey:
    """A further key for the account whose key is in the header."""
    account_id = _key(sim, request).account_id
    body = bodies.read(await _body(request), bodies.KeyBody)
    public_key = bodies.public_key(body)
    return _shown(
        await sim.add_key(
            account_id, label=body.label, api_key=body.api_key, secret=body.secret_key, public_key=public_key
        )
    )


async def faucet(sim: Simulation, request: AnyRequest) -> Credited:
    """Money from outside, for the account whose key is in the header."""
    key = _key(sim, request)
    body = bodies.read(await _body(request), bodies.FaucetBody)
    amount = bodies.number("amount", body.amount)
    command = Deposit(account_id=key.account_id, asset=body.asset, amount=units.to_amount(amount), reference="faucet")
    outcome = await sim.world.ask(command)
    [after] = [
        event for event in outcome.events if isinstance(event, BalanceChanged) and event.account_id == key.account_id
    ]
    return Credited(
        key.account_id,
        body.asset,
        units.show(amount),
        units.show_amount(after.free),
        units.show_amount(after.locked),
    )


async def end_withdrawal(sim: Simulation, request: AnyRequest) -> EndedWithdrawal:
    """Ends a withdrawal that is on its way, well or badly."""
    body = bodies.read(await _body(request), bodies.WithdrawalBody)
    command = EndWithdrawal(request.path_params["withdrawal_id"], WithdrawalStatus(body.status))
    outcome = await sim.world.ask(command)
    [ended] = [event.withdrawal for event in outcome.events if isinstance(event, WithdrawalChanged)]
    return EndedWithdrawal(
        ended.withdrawal_id,
        ended.account_id,
        ended.asset,
        units.show_amount(ended.amount),
        units.show_amount(ended.fee),
        ended.status,
    )


async def move_market(sim: Simulation, request: AnyRequest) -> Moved | OnPath:
    """What the outside market did, by hand, or a path for its prices; beside any feed that has an outside."""
    if sim.feed().name == NO_OUTSIDE:
        raise Refused(Reason.NO_OUTSIDE_HERE)
    market = sim.world.market(symbol_in(request.path_params["symbol"])).market
    body = bodies.read(await _body(request), bodies.MarketBody)
    if body.path is not None:
        bodies.require_alone(body, "path")
        begun = await sim.paths.start(market.symbol, body.path)
        return on_path(market.symbol, begun, sim.world.clock.now_us())
    if body.price is not bodies.NOT_SENT:
        bodies.require_alone(body, "price")
        update = at_price(market, bodies.number("price", body.price))
    else:
        update = by_hand(
            market,
            bids=None if body.bids is None else bodies.levels("bids", body.bids),
            asks=None if body.asks is None else bodies.levels("asks", body.asks),
            trade=None if body.print is None else bodies.trade(body.print),
        )
    async with sim.by_hand(market.symbol):
        outcome = await sim.world.ask(update)
    return Moved(market.symbol, outcome.time_us // 1000, filled_orders(outcome.events))


async def cancel_path(sim: Simulation, request: AnyRequest) -> OnPath:
    """Gives a market its feed's own prices again; answers with how far the path came."""
    symbol = sim.world.market(symbol_in(request.path_params["symbol"])).market.symbol
    return on_path(symbol, await sim.paths.cancel(symbol), sim.world.clock.now_us())


async def report_market(sim: Simulation, request: AnyRequest) -> Any:
    """One market: whether its quotes are real, and how old they are."""
    return market_status(sim, symbol_in(request.path_params["symbol"]))


async def change_feed(sim: Simulation, request: AnyRequest) -> ChangedFeed:
    """Other feeds for this world; first says by how much each price would jump, then does it when told so again."""
    body = bodies.read(await _body(request), bodies.FeedBody)
    change = await sim.change_feed(bodies.feed_names(body), confirmed=body.confirm)
    return ChangedFeed(
        feed=change.name,
        changed=body.confirm,
        jumps=[
            PriceJump(jump.symbol, jump.feed, _price(jump.before), _price(jump.after), jump.percent)
            for jump in change.jumps
        ],
        notes=dict(change.notes),
        hint="" if body.confirm else 'Nothing has changed yet: send it again with "confirm": true.',
    )


async def reset(sim: Simulation, request: AnyRequest) -> Emptied:
    """Empties the world; accounts and their keys stay."""
    body = bodies.read(await _body(request), bodies.ResetBody)
    balances = None if body.balances is None else bodies.amounts(body.balances)
    async with sim.starting_over():
        outcome: Outcome = await sim.world.ask(Reset(balances), rows=sim.rows_of_a_beginning())
    return Emptied(outcome.time_us // 1000, outcome.sequence)


async def report_status(sim: Simulation, _request: AnyRequest) -> Any:
    """The world as it is."""
    return status(sim)


async def connect(sim: Simulation, request: AnyRequest) -> str:
    """A client's whole configuration, with the demo account or the key that the query names."""
    try:
        return configuration(
            request.path_params["client"],
            base_url=str(request.base_url).rstrip("/"),
            api_key=request.query_params.get("apiKey", DEMO_KEY),
            secret_key=request.query_params.get("secretKey", DEMO_SECRET),
        )
    except UnknownClientError as error:
        raise Refused(Reason.INVALID_FIELD, "client", str(error)) from None


OPERATIONS: Final[Sequence[tuple[str, str, Action]]] = (
    ("POST", "/accounts", open_account),
    ("POST", "/keys", add_key),
    ("POST", "/faucet", faucet),
    ("POST", "/withdrawal/{withdrawal_id:str}", end_withdrawal),
    ("POST", "/market/{symbol:str}", move_market),
    ("GET", "/market/{symbol:str}", report_market),
    ("DELETE", "/market/{symbol:str}/path", cancel_path),
    ("POST", "/feed", change_feed),
    ("POST", "/reset", reset),
    ("GET", "/status", report_status),
    ("GET", "/connect/{client:str}", connect),
)


def routes(sim: Simulation) -> Sequence[HTTPRouteHandler]:
    """The handlers of /sim/v1."""
    return [_route(sim, method, path, act) for method, path, act in OPERATIONS]


def _route(sim: Simulation, method: str, path: str, act: Action) -> HTTPRouteHandler:
    methods = READING if method == "GET" else (HttpMethod(method),)

    @route(PREFIX + path, http_method=methods, status_code=200, include_in_schema=False)
    async def answer(request: AnyRequest) -> Response[bytes]:
        try:
            _admit(sim, request)
            value = await act(sim, request)
        except Refused as refused:
            code, body = render(refused)
            return Response(body, status_code=code, media_type=MediaType.JSON)
        if isinstance(value, str):
            return Response(value.encode(), media_type=MediaType.TEXT)
        return Response(msgspec.json.encode(value), media_type=MediaType.JSON)

    return answer


def _admit(sim: Simulation, request: AnyRequest) -> None:
    """Raises Refused when this caller, or this way of asking, is not answered.

    A page of another site may post without asking first, unless it is JSON; it may not send anything else.
    """
    if not sim.open:
        raise Refused(Reason.ADMIN_ONLY)
    kind, _ = request.content_type
    if request.method == "POST" and kind != "application/json" and not kind.endswith("+json"):
        raise Refused(Reason.NOT_JSON)


async def _body(request: AnyRequest) -> bytes:
    try:
        return await request.body()
    except InternalServerException:  # the client left before its end
        raise Refused(Reason.INVALID_FIELD, "body", "cut off") from None


def _key(sim: Simulation, request: AnyRequest) -> ApiKey:
    text = request.headers.get("x-mbx-apikey", "")
    if not text:
        raise Refused(Reason.BAD_API_KEY_FORMAT)
    key = sim.world.keys.get(text)
    if key is None:
        raise Refused(Reason.BAD_API_KEY)
    return key


def _shown(issued: Credentials) -> IssuedKey:
    return IssuedKey(issued.row.account_id, issued.row.api_key, UNSET if issued.secret is None else issued.secret)


def _price(price: int | None) -> str | None:
    return None if price is None else units.show(price)


def symbol_in(text: str) -> str:
    """The symbol, however a person writes it: BTCUSDT, BTC_USDT, btc-usdt."""
    return text.upper().replace("_", "").replace("-", "").replace("/", "")
