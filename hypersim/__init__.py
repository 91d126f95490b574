"""Hyper-Sim: a simulated crypto exchange that a trading strategy cannot tell from Binance Spot."""

__version__ = "0.1.0"
