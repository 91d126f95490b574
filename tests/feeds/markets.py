"""The markets of config/markets.toml, as feeds are given them."""

from hypersim.engine.market import Market
from hypersim.marketsfile import read_markets
from hypersim.resources import folder

FILE = read_markets(folder("config") / "markets.toml")
SYNTHETIC = FILE.synthetic
MARKETS: dict[str, Market] = {market.symbol: market for market in FILE.markets}
