"""Fees in BNB: when, how much, rounded how, and against an oracle of its own in exact fractions."""

import random
from fractions import Fraction

import pytest
from msgspec.structs import replace

from hypersim.engine.commands import (
    Command,
    Deposit,
    Ladder,
    OpenAccount,
    OutsideUpdate,
    PlaceOrder,
    Print,
    PutAsset,
    PutMarket,
    SetBnbBurn,
    SetFees,
    Stamped,
)
from hypersim.engine.events import AccountChanged, Event, Fill, OrderChanged
from hypersim.engine.exchange import Exchange
from hypersim.engine.ledger import FEES
from hypersim.engine.market import Asset, Market, MarketStatus
from hypersim.engine.orders import OrderType, Side, TimeInForce
from hypersim.errors import Reason, Refused
from hypersim.units import ONE, show, show_amount
from tests.engine.world import money, number

RATE = "0.001"


class Hall:
    """Several markets, house on both sides of each, and accounts that may pay in BNB."""

    def __init__(self, **prices: str) -> None:
        """`prices`: last price by symbol, such as BNB_USDT="500"; None of a market's own leaves it untraded."""
        self.exchange = Exchange()
        self.time_us = 1_700_000_000_000_000
        self.names = 0
        for pair in prices:
            for asset in pair.split("_"):
                self.apply(PutAsset(Asset(asset)))
        for pair, price in prices.items():
            self.apply(PutMarket(market(*pair.split("_"))))
            if price:
                trade = Print(number(price), ONE, Side.BUY)
                self.apply(OutsideUpdate(symbol=pair.replace("_", ""), prints=(trade,)))

    def apply(self, command: Command) -> list[Event]:
        events = self.exchange.apply(Stamped(self.time_us, command))
        self.exchange.check()
        return events

    def open(self, account_id: int, balances: dict[str, str], *, burn: bool = True, rate: str = RATE) -> None:
        held = tuple((asset, money(amount)) for asset, amount in balances.items())
        rates = {"maker_rate": number(rate), "taker_rate": number(rate)}
        self.apply(OpenAccount(account_id=account_id, balances=held, **rates))
        if burn:
            self.apply(SetBnbBurn(account_id=account_id, spot=True))

    def take(self, side: Side, pair: str, quantity: str, price: str, account_id: int = 1) -> Fill:
        """The account takes from the house, at one price."""
        symbol = pair.replace("_", "")
        level = ((number(price), number(quantity)),)
        ladder = Ladder(asks=level, full=True) if side is Side.BUY else Ladder(bids=level, full=True)
        for laid in (Ladder(full=True), ladder):  # what vanishes outside is forgotten: so nothing of it is taken yet
            self.apply(OutsideUpdate(symbol=symbol, ladder=laid))
        self.names += 1
        order = PlaceOrder(
            account_id=account_id,
            symbol=symbol,
            side=side,
            type=OrderType.MARKET,
            time_in_force=TimeInForce.GTC,
            client_order_id=f"o{self.names}",
            quantity=number(quantity),
        )
        [fill] = [event.fill for event in self.apply(order) if isinstance(event, OrderChanged) and event.fill]
        return fill

    def free(self, account_id: int, asset: str) -> str:
        return show_amount(self.exchange.ledger.free(account_id, asset))


def market(base: str, quote: str) -> Market:
    return Market(
        symbol=base + quote,
        base=base,
        quote=quote,
        min_price=1,
        max_price=10**9 * ONE,
        tick_size=1,
        min_quantity=1,
        max_quantity=10**9 * ONE,
        step_size=1,
        min_notional=0,
        bid_multiplier_up=0,
        bid_multiplier_down=0,
        ask_multiplier_up=0,
        ask_multiplier_down=0,
        recovery_half_life_ms=0,
    )


def paid(fill: Fill) -> str:
    return f"{show_amount(fill.fee)} {fill.fee_asset}"


BTC_AND_BNB = {"BTC_USDT": "50000", "BNB_USDT": "500"}
FUNDS = {"BTC": "5", "BNB": "1"}

# the other markets' last prices; side and market of one trade of 2 @50000; what the account has of BNB; the fee
CHARGES: tuple[tuple[dict[str, str], Side, str, str, str], ...] = (
    # 100000 USDT x 0.001 x 0.75 / 500
    (BTC_AND_BNB, Side.SELL, "BTC_USDT", "1", "0.15000000 BNB"),
    # 2 BTC x 0.001 x 0.75 x 50000 / 500: through USDT
    (BTC_AND_BNB, Side.BUY, "BTC_USDT", "1", "0.15000000 BNB"),
    # directly, where the two have a market: 2 BTC x 0.001 x 0.75 / 0.012
    ({**BTC_AND_BNB, "BNB_BTC": "0.012"}, Side.BUY, "BTC_USDT", "1", "0.12500000 BNB"),
    # the market may be the other way round: 2 BTC x 0.001 x 0.75 x 90
    ({**BTC_AND_BNB, "BTC_BNB": "90"}, Side.BUY, "BTC_USDT", "1", "0.13500000 BNB"),
    # exactly enough, and not quite enough
    (BTC_AND_BNB, Side.SELL, "BTC_USDT", "0.15", "0.15000000 BNB"),
    (BTC_AND_BNB, Side.SELL, "BTC_USDT", "0.14999999", "100.00000000 USDT"),
    (BTC_AND_BNB, Side.BUY, "BTC_USDT", "0.14999999", "0.00200000 BTC"),
    (BTC_AND_BNB, Side.BUY, "BTC_USDT", "0", "0.00200000 BTC"),
    # no market, and a market without a price
    ({"BTC_USDT": "50000"}, Side.SELL, "BTC_USDT", "0", "100.00000000 USDT"),
    ({"BTC_USDT": "50000", "BNB_USDT": ""}, Side.SELL, "BTC_USDT", "1", "100.00000000 USDT"),
    ({"BTC_EUR": "50000", "BNB_USDT": "500"}, Side.SELL, "BTC_EUR", "1", "100.00000000 EUR"),
    ({"BTC_EUR": "50000", "BNB_USDT": "500", "EUR_USDT": "1.1"}, Side.SELL, "BTC_EUR", "1", "0.16500000 BNB"),
    # who buys BNB pays out of what he buys, and so does not need any before
    ({"BNB_USDT": "50000"}, Side.BUY, "BNB_USDT", "0", "0.00150000 BNB"),
    # the last price is that of this very trade
    ({"BNB_USDT": "500"}, Side.SELL, "BNB_USDT", "9", "0.00150000 BNB"),
)


@pytest.mark.parametrize(("prices", "side", "pair", "bnb", "expected"), CHARGES)
def test_the_fee_is_charged_in_bnb_where_that_can_be(
    prices: dict[str, str], side: Side, pair: str, bnb: str, expected: str
) -> None:
    hall = Hall(**prices)
    funds = {"BTC": "5", "USDT": "1000000", "EUR": "1000000"}
    held = {asset: amount for asset, amount in funds.items() if asset in hall.exchange.assets}
    hall.open(1, held | ({"BNB": bnb} if bnb != "0" else {}))
    fill = hall.take(side, pair, "2", "50000")
    assert expected == paid(fill)
    balances = hall.exchange.snapshot().balances
    assert {fill.fee_asset: fill.fee} == {asset: free for account, asset, free, _ in balances if account == FEES}


def test_what_is_received_arrives_whole_and_the_fee_leaves_the_bnb() -> None:
    hall = Hall(**BTC_AND_BNB)
    hall.open(1, FUNDS)
    hall.take(Side.SELL, "BTC_USDT", "2", "50000")
    assert ("100000.00000000", "0.85000000") == (hall.free(1, "USDT"), hall.free(1, "BNB"))


def test_bnb_that_an_order_holds_does_not_pay() -> None:
    hall = Hall(**BTC_AND_BNB)
    hall.open(1, FUNDS)
    order = PlaceOrder(
        account_id=1,
        symbol="BNBUSDT",
        side=Side.SELL,
        type=OrderType.LIMIT,
        time_in_force=TimeInForce.GTC,
        client_order_id="holds",
        quantity=number("0.9"),
        price=number(501),
    )
    hall.apply(order)
    assert "100.00000000 USDT" == paid(hall.take(Side.SELL, "BTC_USDT", "2", "50000"))


def test_the_fee_is_rounded_down_to_eight_decimals() -> None:
    hall = Hall(BTC_USDT="1", BNB_USDT="7")
    hall.open(1, FUNDS)
    # 1 x 0.001 x 0.75 / 7 = 0.000107142857...
    assert "0.00010714 BNB" == paid(hall.take(Side.SELL, "BTC_USDT", "1", "1"))
    assert "0.00000000 BNB" == paid(hall.take(Side.SELL, "BTC_USDT", "0.00001", "1"))


def test_without_a_fee_there_is_nothing_to_convert() -> None:
    hall = Hall(**BTC_AND_BNB)
    hall.open(1, FUNDS, rate="0")
    assert "0.00000000 USDT" == paid(hall.take(Side.SELL, "BTC_USDT", "2", "50000"))


def test_a_market_that_is_gone_prices_nothing_and_one_that_is_halted_does() -> None:
    hall = Hall(**BTC_AND_BNB)
    hall.open(1, FUNDS)
    for status, expected in ((MarketStatus.HALT, "0.07500000 BNB"), (MarketStatus.BREAK, "50.00000000 USDT")):
        hall.apply(PutMarket(replace(market("BNB", "USDT"), status=status)))
        assert expected == paid(hall.take(Side.SELL, "BTC_USDT", "1", "50000"))


def test_each_side_pays_as_it_wants() -> None:
    hall = Hall(**BTC_AND_BNB)
    hall.open(1, FUNDS)
    hall.open(2, {"USDT": "1000000", "BNB": "1"}, burn=False)
    fills = {}
    for account_id, side in ((1, Side.SELL), (2, Side.BUY)):
        order = PlaceOrder(
            account_id=account_id,
            symbol="BTCUSDT",
            side=side,
            type=OrderType.LIMIT,
            time_in_force=TimeInForce.GTC,
            client_order_id="o",
            quantity=number(2),
            price=number(50_000),
        )
        for event in hall.apply(order):
            if isinstance(event, OrderChanged) and event.fill:
                fills[event.order.account_id] = paid(event.fill)
    assert {1: "0.15000000 BNB", 2: "0.00200000 BTC"} == fills


def test_the_switch_is_the_accounts_is_told_and_survives_new_fees_and_a_restart() -> None:
    hall = Hall(**BTC_AND_BNB)
    hall.open(1, FUNDS, burn=False)
    assert [AccountChanged(1, 100_000, 100_000, True, False)] == hall.apply(SetBnbBurn(account_id=1, spot=True))
    assert [] == hall.apply(SetBnbBurn(account_id=1, spot=True))
    assert [] == hall.apply(SetBnbBurn(account_id=1))
    assert [AccountChanged(1, 100_000, 100_000, True, True)] == hall.apply(SetBnbBurn(account_id=1, interest=True))
    assert [AccountChanged(1, 0, 200_000, True, True)] == hall.apply(SetFees(1, 0, 200_000))
    before = hall.exchange.state_hash()
    hall.exchange = Exchange.restore(hall.exchange.snapshot())
    assert before == hall.exchange.state_hash()
    assert "0.30000000 BNB" == paid(hall.take(Side.SELL, "BTC_USDT", "2", "50000"))
    hall.apply(SetBnbBurn(account_id=1, spot=False))
    assert "100.00000000 USDT" == paid(hall.take(Side.SELL, "BTC_USDT", "1", "50000"))
    with pytest.raises(Refused) as refused:
        hall.apply(SetBnbBurn(account_id=9, spot=True))
    assert Reason.NO_SUCH_ACCOUNT is refused.value.reason


PAIRS = ("BTC_USDT", "ETH_USDT", "ETH_BTC", "BNB_USDT", "BNB_BTC", "ETH_BNB")


def worth(asset: str, prices: dict[str, Fraction]) -> Fraction | None:
    """BNB for one of an asset, by the words of the rule."""

    def direct(one: str, other: str) -> Fraction | None:
        if f"{other}_{one}" in prices:
            return 1 / prices[f"{other}_{one}"]
        return prices.get(f"{one}_{other}")

    if asset == "BNB":
        return Fraction(1)
    found = direct(asset, "BNB")
    if found is None and asset != "USDT":
        to_usdt, to_bnb = direct(asset, "USDT"), direct("USDT", "BNB")
        found = to_usdt * to_bnb if to_usdt is not None and to_bnb is not None else None
    return found


@pytest.mark.parametrize("seed", range(20))
def test_any_trade_pays_what_exact_fractions_say(seed: int) -> None:
    chance = random.Random(seed)
    listed = chance.sample(PAIRS, chance.randint(2, 6))
    texts = {pair: chance.choice(["", show(chance.randint(1, 10**12))]) for pair in listed}
    prices = {pair: Fraction(text) for pair, text in texts.items() if text}
    hall = Hall(**texts)
    hall.open(1, {asset: "1000000000000" for asset in hall.exchange.assets if asset != "BNB"})
    for _ in range(60):
        pair, side = chance.choice(listed), chance.choice(list(Side))
        rate = Fraction(chance.randrange(10**6), 10**8)
        hall.apply(SetFees(1, int(rate * ONE), int(rate * ONE)))
        if "BNB" in hall.exchange.assets:
            hall.apply(Deposit(account_id=1, asset="BNB", amount=chance.randrange(1, money(chance.choice([1, 10**6])))))
        before = Fraction(hall.exchange.ledger.free(1, "BNB"), ONE * ONE)
        price, quantity = Fraction(chance.randint(1, 10**13), ONE), Fraction(chance.randint(1, 10**12), ONE)
        if side is Side.SELL and pair.startswith("BNB_"):
            quantity = min(quantity, Fraction(int(before * ONE / 2), ONE))
            before -= quantity
        if side is Side.BUY and pair.endswith("_BNB"):
            continue  # pays the trade with BNB, too: another test's business
        if not quantity:
            continue
        fill = hall.take(side, pair, show(int(quantity * ONE)), show(int(price * ONE)))
        prices[pair] = price
        base, quote = pair.split("_")
        asset, received = (base, quantity) if side is Side.BUY else (quote, quantity * price)
        rated = worth(asset, prices) if rate else None
        expected = asset, received * rate
        if rated is not None and "BNB" in hall.exchange.assets:
            in_bnb = Fraction(int(received * rate * Fraction(3, 4) * rated * 10**8), 10**8)
            if asset == "BNB" or in_bnb <= before:
                expected = "BNB", in_bnb
        rounded = Fraction(int(expected[1] * 10**8), 10**8)
        assert (expected[0], rounded) == (fill.fee_asset, Fraction(fill.fee, ONE * ONE)), (pair, side)
