"""Which feed a market has: its own, the world's, a made-up one, or none; and what is said of it."""

import pytest
from msgspec.structs import replace

from hypersim.feeds.assignment import Assignment, Wishes, assign
from tests.feeds.desk import MARKET

AAPL = replace(MARKET, symbol="AAPLUSDT", base="AAPL")
LISTED = {"binance": {"BTCUSDT"}, "ccxt:kraken": {"BTCUSDT", "AAPLUSDT"}}


@pytest.mark.parametrize(
    ("wishes", "feeds", "note"),
    [
        (Wishes(world=("none",), can_be_made_up={"AAPLUSDT"}), None, None),
        (Wishes(world=("manual",), can_be_made_up={"AAPLUSDT"}), None, None),
        (Wishes(world=("synthetic",), can_be_made_up={"AAPLUSDT"}), ("synthetic",), None),
        (
            Wishes(world=("synthetic",)),
            None,
            "synthetic has no AAPLUSDT, and config/markets.toml does not say how to make its prices up",
        ),
        # a source that did not say what it has may have it
        (Wishes(world=("binance",), can_be_made_up={"AAPLUSDT"}), ("binance",), None),
        (
            Wishes(world=("binance",), listed=LISTED, can_be_made_up={"AAPLUSDT"}),
            ("synthetic",),
            "binance has no AAPLUSDT, so its prices are made up",
        ),
        (
            Wishes(world=("binance",), listed=LISTED),
            None,
            "binance has no AAPLUSDT, and config/markets.toml does not say how to make its prices up",
        ),
        # never made up where a real source has it
        (
            Wishes(world=("binance", "ccxt:kraken"), listed=LISTED, can_be_made_up={"AAPLUSDT"}),
            ("ccxt:kraken",),
            "binance has no AAPLUSDT",
        ),
        (
            Wishes(world=("binance",), own={"AAPLUSDT": ("synthetic",)}, can_be_made_up={"AAPLUSDT"}),
            ("synthetic",),
            "config/markets.toml says synthetic",
        ),
        (
            Wishes(world=("synthetic",), own={"AAPLUSDT": ("binance", "ccxt:kraken")}, listed=LISTED),
            ("ccxt:kraken",),
            "config/markets.toml says binance, ccxt:kraken; binance has no AAPLUSDT",
        ),
        (Wishes(world=("none",), own={"AAPLUSDT": ("synthetic",)}, can_be_made_up={"AAPLUSDT"}), None, None),
        (
            Wishes(world=("manual",), own={"AAPLUSDT": ("synthetic",)}, can_be_made_up={"AAPLUSDT"}),
            ("synthetic",),
            "config/markets.toml says synthetic",
        ),
    ],
)
def test_a_market_has_its_own_feeds_or_the_world_s_as_far_as_they_know_it(
    wishes: Wishes, feeds: tuple[str, ...] | None, note: str | None
) -> None:
    expected = Assignment({} if feeds is None else {"AAPLUSDT": feeds}, {} if note is None else {"AAPLUSDT": note})

    assert expected == assign([AAPL], wishes)
