"""Binance's Spot REST API to the letter: its parameters, its checks in its order, its codes and sentences."""
