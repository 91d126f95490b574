"""Binance as a source: its REST API and its streams, and any server that speaks them."""
