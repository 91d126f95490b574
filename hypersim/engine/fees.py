"""Trading fees: of what is received, or in BNB at a discount where the account wants it so.

Source: faqs/commission_faq.md of Binance's Spot API documents. The fee is worth the same at the last prices of this
exchange, directly or through USDT. Where nothing prices it in BNB, or where the account has less BNB than that, the
whole fee is taken out of what is received ("If you do not have enough BNB ...", there). Tax and special commissions,
which have no discount, do not exist here.
"""

from collections.abc import Callable
from typing import Final

from hypersim.engine.account import Account
from hypersim.units import ONE, converted_fee_rounded_down, fee_rounded_down

DISCOUNT_ASSET: Final = "BNB"
DISCOUNT: Final = 75 * ONE // 100
"""What is left of a fee that is paid in BNB, scale 8: the FAQ multiplies the fee by a `discount` of its own, 0.25 of a
made-up account. Binance takes a quarter off, so here it is 0.75, as in rest-api.md's sample of account/commission.
"""
BRIDGE: Final = "USDT"
"""What converts assets that have no market with one another."""

LastPrice = Callable[[str, str], int]
"""Base and quote asset -> the last price of their market, scale 8; 0 where there is no market or no price."""
Fee = tuple[str, int]
"""(asset, amount of scale 16, a multiple of 1e-8)."""


def fee_of(
    account: Account, asset: str, amount: int, rate: int, last_price: LastPrice, free: Callable[[int, str], int]
) -> Fee:
    """What an account pays for having received an amount (scale 16) of an asset at a rate (scale 8).

    Rounded down, once. `free`: account and asset -> what it can spend.
    """
    if account.spot_bnb_burn and rate:
        worth = exchange_rate(asset, DISCOUNT_ASSET, last_price)
        if worth is not None:
            numerator, denominator = worth
            fee = converted_fee_rounded_down(amount, rate, numerator * DISCOUNT, denominator * ONE)
            # who receives BNB pays out of it
            if asset == DISCOUNT_ASSET or fee <= free(account.account_id, DISCOUNT_ASSET):
                return DISCOUNT_ASSET, fee
    return asset, fee_rounded_down(amount, rate)


def kept_of(asset: str, amount: int, paid: Fee, free: int) -> int:
    """How much of what the working order of a paid list has received is kept for what is pending, scale 16.

    "The commission is taken from the available funds instead [...] if the received asset is not BNB and there are
    enough available funds" (faqs/opo.md): all of it or nothing. `free`: what the account can spend of the asset, with
    what it received, less the fee.
    """
    fee_asset, fee = paid
    if fee_asset != asset or (asset != DISCOUNT_ASSET and free >= amount):
        return amount
    return amount - fee


def exchange_rate(asset: str, into: str, last_price: LastPrice) -> tuple[int, int] | None:
    """What one of an asset is worth in another, as numerator and denominator, so that nothing is rounded yet.

    Through the bridge where the two have no market with one another; None where nothing says it.
    """
    if asset == into:
        return 1, 1
    direct = _direct(asset, into, last_price)
    if direct is not None or BRIDGE in (asset, into):
        return direct
    first, second = _direct(asset, BRIDGE, last_price), _direct(BRIDGE, into, last_price)
    return None if first is None or second is None else (first[0] * second[0], first[1] * second[1])


def _direct(asset: str, into: str, last_price: LastPrice) -> tuple[int, int] | None:
    if price := last_price(into, asset):
        return ONE, price
    if price := last_price(asset, into):
        return price, ONE
    return None
