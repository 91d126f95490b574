"""An upstream's exchangeInfo -> markets of ours, and which of them a world is to list.

Guarantees rules that the engine keeps as they are meant: a market whose grid or name it cannot have is left out,
with the reason. Order types and modes that the engine lacks are not listed. Asks nobody and changes nothing.

Sources: rest-api.md, 'Exchange information'; filters.md; enums.md.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from hypersim import units
from hypersim.engine.market import ASSET_NAME, LONGEST_SYMBOL, Asset, Market, MarketStatus
from hypersim.engine.orders import OrderType, SelfTradePrevention
from hypersim.errors import SettingsError
from hypersim.feeds.base import FeedFailed
from hypersim.feeds.binance.answers import ExchangeInfo, SymbolFilter, SymbolInfo
from hypersim.markets import Listed, MarketsFile, Remembered
from hypersim.settings import AUTO, BINANCE, Settings

SPOT: Final = "SPOT"
FINEST: Final = units.SCALE
"""Decimals of a price or quantity here."""
UNBOUNDED_NOTIONAL: Final = 2**63 - 1
UNBOUNDED_ORDERS: Final = 2**31 - 1
"""How another exchange of this kind shows that there is no bound."""
NAME: Final = re.compile(ASSET_NAME)
SHOWN: Final = 3
"""How many symbols a log line names."""

STATUS: Final = {
    "TRADING": MarketStatus.TRADING,
    "BREAK": MarketStatus.BREAK,
    "CANCEL_ONLY": MarketStatus.CANCEL_ONLY,
}
OTHERWISE: Final = MarketStatus.HALT
"""For every other status - HALT, END_OF_DAY, PRE_TRADING, POST_TRADING, AUCTION_MATCH, and what is yet to
come: the market is there, takes cancels, and takes no order that would trade as usual."""

ORDER_TYPES: Final = {each.value: each for each in OrderType}
MODES: Final = {each.value: each for each in SelfTradePrevention}
OUR_MODE: Final = SelfTradePrevention.EXPIRE_MAKER
OUR_MODES: Final = tuple(SelfTradePrevention)


class Listing(Struct, frozen=True):
    """What an upstream lists for spot trading, as the engine can have it."""

    markets: dict[str, Market]
    """By the upstream's symbol, in its order. How real they are is as by default: the file says that."""
    left_out: dict[str, str]
    """Spot symbols that cannot be had here, and why."""

    @property
    def left_out_in_words(self) -> str:
        """How many are left out, and the first few."""
        first = "; ".join(f"{symbol}: {why}" for symbol, why in list(self.left_out.items())[:SHOWN])
        return f"spot symbols of the upstream that cannot be traded here: {len(self.left_out)} ({first})"


class _LeftOut(Exception):
    """Why a symbol cannot be had."""


def read_listing(info: ExchangeInfo) -> Listing:
    """The spot markets of an answer of now or of years ago. Raises FeedFailed when there is none in it."""
    markets: dict[str, Market] = {}
    left_out: dict[str, str] = {}
    for symbol in info.symbols:
        if not _is_spot(symbol):
            continue
        try:
            markets[symbol.symbol] = _market(symbol)
        except _LeftOut as reason:
            left_out[symbol.symbol] = str(reason)
    if not markets:
        raise FeedFailed("the upstream lists no spot market")
    return Listing(markets, left_out)


def _is_spot(symbol: SymbolInfo) -> bool:
    """Whether an account with the one permission SPOT may trade it."""
    if symbol.permission_sets:
        permitted = all(SPOT in permissions for permissions in symbol.permission_sets)
    else:
        permitted = SPOT in symbol.permissions or not symbol.permissions
    return permitted and symbol.is_spot_trading_allowed


def _market(symbol: SymbolInfo) -> Market:
    _check_names(symbol)
    filters = {each.filter_type: each for each in symbol.filters}
    price, lot = filters.get("PRICE_FILTER"), filters.get("LOT_SIZE")
    if price is None or lot is None:
        raise _LeftOut("it has no PRICE_FILTER or no LOT_SIZE")
    tick, step = _number(price.tick_size), _number(lot.step_size)
    if not tick or not step:
        raise _LeftOut("it has no tick or no step")
    at_market = filters.get("MARKET_LOT_SIZE", NONE)
    most, most_by_market = _number(lot.max_qty), _number(at_market.max_qty)
    order_types = tuple(ORDER_TYPES[each] for each in symbol.order_types if each in ORDER_TYPES)
    if not order_types:
        raise _LeftOut("it has no order type that there is here")
    default, allowed = _modes(symbol)
    trailing = filters.get("TRAILING_DELTA", NONE)
    bid_up, bid_down, ask_up, ask_down, minutes = _percent(filters)
    least_worth, most_worth, least_at_market, most_at_market = _notional(filters)
    return Market(
        symbol=symbol.symbol,
        base=symbol.base_asset,
        quote=symbol.quote_asset,
        status=STATUS.get(symbol.status, OTHERWISE),
        min_price=_number(price.min_price),
        max_price=_number(price.max_price),
        tick_size=tick,
        min_quantity=_number(lot.min_qty),
        max_quantity=most,
        step_size=step,
        market_min_quantity=_number(at_market.min_qty),
        market_max_quantity=0 if most_by_market == most else most_by_market,  # LOT_SIZE bounds it already
        market_step_size=_number(at_market.step_size),
        min_notional=least_worth,
        max_notional=most_worth,
        apply_min_to_market=least_at_market,
        apply_max_to_market=most_at_market,
        average_price_minutes=minutes,
        bid_multiplier_up=bid_up,
        bid_multiplier_down=bid_down,
        ask_multiplier_up=ask_up,
        ask_multiplier_down=ask_down,
        percent_by_side="PERCENT_PRICE" not in filters or "PERCENT_PRICE_BY_SIDE" in filters,
        notional_range="MIN_NOTIONAL" not in filters or "NOTIONAL" in filters,
        max_num_orders=_unless(UNBOUNDED_ORDERS, filters.get("MAX_NUM_ORDERS", NONE).max_num_orders or 0),
        max_num_algo_orders=filters.get("MAX_NUM_ALGO_ORDERS", NONE).max_num_algo_orders or 0,
        max_num_iceberg_orders=filters.get("MAX_NUM_ICEBERG_ORDERS", NONE).max_num_iceberg_orders or 0,
        max_num_order_lists=filters.get("MAX_NUM_ORDER_LISTS", NONE).max_num_order_lists or 0,
        max_num_order_amends=filters.get("MAX_NUM_ORDER_AMENDS", NONE).max_num_order_amends or 0,
        iceberg_parts=filters.get("ICEBERG_PARTS", NONE).limit or 0,
        max_position=_number(filters.get("MAX_POSITION", NONE).max_position),
        trailing_above=(trailing.min_trailing_above_delta or 0, trailing.max_trailing_above_delta or 0),
        trailing_below=(trailing.min_trailing_below_delta or 0, trailing.max_trailing_below_delta or 0),
        base_precision=min(symbol.base_asset_precision, FINEST),
        quote_precision=min(symbol.quote_asset_precision, FINEST),
        order_types=order_types,
        iceberg_allowed=symbol.iceberg_allowed,
        oco_allowed=symbol.oco_allowed,
        oto_allowed=symbol.oto_allowed,
        opo_allowed=symbol.opo_allowed,
        quote_quantity_allowed=symbol.quote_order_qty_market_allowed,
        trailing_allowed=symbol.allow_trailing_stop,
        replace_allowed=symbol.cancel_replace_allowed,
        amend_allowed=symbol.amend_allowed,
        peg_allowed=symbol.peg_instructions_allowed,
        default_self_trade_prevention=default,
        allowed_self_trade_prevention=allowed,
    )


NONE: Final = SymbolFilter("")
"""Stands for a filter that a symbol does not have."""


def _check_names(symbol: SymbolInfo) -> None:
    names = symbol.base_asset, symbol.quote_asset
    if any(NAME.fullmatch(name) is None for name in names) or not 0 < len(symbol.symbol) <= LONGEST_SYMBOL:
        raise _LeftOut("its name is none that there can be here")
    if symbol.symbol != "".join(names):
        raise _LeftOut(f"it is not called {''.join(names)}")


def _number(text: str | None) -> int:
    """A bound, scale 8; 0, which disables one, where there is none."""
    try:
        return units.parse(text) if text is not None else 0
    except ValueError as error:
        raise _LeftOut(str(error)) from None


def _unless(unbounded: int, value: int) -> int:
    return 0 if value >= unbounded else value


def _percent(filters: Mapping[str, SymbolFilter]) -> tuple[int, int, int, int, int]:
    """How far from the average a bid and an ask may be, up and down, and of how many minutes that is."""
    by_side, both = filters.get("PERCENT_PRICE_BY_SIDE"), filters.get("PERCENT_PRICE")
    notional = filters.get("NOTIONAL") or filters.get("MIN_NOTIONAL") or NONE
    minutes = (by_side or both or notional).avg_price_mins
    minutes = 5 if minutes is None else minutes
    if by_side is not None:
        bids = _number(by_side.bid_multiplier_up), _number(by_side.bid_multiplier_down)
        return *bids, _number(by_side.ask_multiplier_up), _number(by_side.ask_multiplier_down), minutes
    up, down = (_number(both.multiplier_up), _number(both.multiplier_down)) if both is not None else (0, 0)
    return up, down, up, down, minutes


def _notional(filters: Mapping[str, SymbolFilter]) -> tuple[int, int, bool, bool]:
    """The least and the most that an order may be worth, and which of them bind market orders: NOTIONAL, or
    MIN_NOTIONAL as it was until 2023.
    """
    now, before = filters.get("NOTIONAL"), filters.get("MIN_NOTIONAL", NONE)
    if now is None:
        return _number(before.min_notional), 0, before.apply_to_market is not False, False
    most = _unless(UNBOUNDED_NOTIONAL, _number(now.max_notional))
    return _number(now.min_notional), most, now.apply_min_to_market is not False, now.apply_max_to_market is True


def _modes(symbol: SymbolInfo) -> tuple[SelfTradePrevention, tuple[SelfTradePrevention, ...]]:
    """The default mode and those allowed; ours where it names none that there is here."""
    allowed = tuple(MODES[mode] for mode in symbol.allowed_self_trade_prevention_modes if mode in MODES) or OUR_MODES
    named = MODES.get(symbol.default_self_trade_prevention_mode)
    return next(mode for mode in (named, OUR_MODE, allowed[0]) if mode in allowed), allowed


def list_markets(
    file: MarketsFile, settings: Settings, sources: Sequence[str], upstream: Listing | None, *, silent: bool = False
) -> Listed:
    """What a world whose prices come from these sources is to list.

    A market of the file that the upstream feeds and has takes its rules from there, and its realism, its asset's
    name and a status that the file names from the file; one that the upstream never had is the file's. Symbols that
    the file lacks are those of the upstream that the settings name; with `all`, every one that is traded there.
    `silent`: the upstream has a say and did not answer, so that the file stands in where the world has nothing better
    (see `markets.differences`).

    A symbol that neither has is `unknown`; SettingsError where no upstream has a say.
    """
    assert upstream is None or not silent, "who answers is not silent"
    theirs = upstream.markets if upstream is not None else {}
    ours = {market.symbol: market for market in file.markets}
    named = dict.fromkeys(settings.symbols or ours)
    if settings.all_symbols and BINANCE in sources:
        named |= dict.fromkeys(symbol for symbol, each in theirs.items() if each.status is not MarketStatus.BREAK)
    markets: list[Market] = []
    ruled: set[str] = set()
    halted: set[str] = set()
    lacking: set[str] = set()
    unknown: dict[str, str] = {}
    for symbol in named:
        market = ours.get(symbol)
        live = BINANCE in file.sources(symbol, sources)
        rules = theirs.get(symbol if market is None else file.symbol_at(market, BINANCE)) if live else None
        if rules is not None:
            ruled.add(symbol)
            market = _with_rules(file, market, rules)
            if market.status is MarketStatus.HALT:
                halted.add(symbol)
        elif live and upstream is not None:
            lacking.add(symbol)
        if market is not None:
            markets.append(market)
        else:
            unknown[symbol] = _lacking(symbol, ours, upstream, silent)
    if unknown and upstream is None and not silent:
        raise SettingsError(next(iter(unknown.values())))
    known = {asset.name for asset in file.assets}
    new = dict.fromkeys(name for market in markets for name in (market.base, market.quote) if name not in known)
    return Listed(
        **msgspec.structs.asdict(replace(file, markets=tuple(markets), assets=(*file.assets, *map(Asset, new)))),
        named=frozenset(settings.symbols),
        unknown=unknown,
        all_symbols=settings.all_symbols,
        silent=silent,
        upstream=Remembered(frozenset(ruled), frozenset(halted)),
        lacking=frozenset(lacking),
    )


def has_say(file: MarketsFile, sources: Sequence[str]) -> bool:
    """Whether any market of a world with these sources may take its rules from the upstream."""
    return any(BINANCE in each or AUTO in each for each in (sources, *file.feeds.values()))


def _with_rules(file: MarketsFile, ours: Market | None, rules: Market) -> Market:
    if ours is None:
        return replace(rules, recovery_half_life_ms=file.recovery_half_life_ms, queue_exponent=file.queue_exponent)
    return replace(
        rules,
        symbol=ours.symbol,
        base=ours.base,
        quote=ours.quote,
        status=ours.status if ours.symbol in file.fixed_status else rules.status,
        recovery_half_life_ms=ours.recovery_half_life_ms,
        queue_exponent=ours.queue_exponent,
    )


def _lacking(symbol: str, ours: Iterable[str], upstream: Listing | None, silent: bool) -> str:
    if upstream is None:
        unheard = "; no upstream that may have it has answered" if silent else ""
        return f"symbols: {symbol} is not in markets.toml, which has {', '.join(sorted(ours))}{unheard}"
    if symbol in upstream.left_out:
        return f"symbols: {symbol} cannot be traded here: {upstream.left_out[symbol]}"
    return f"symbols: {symbol} is neither in markets.toml nor a spot market of the upstream"
