"""Binance's WebSocket API: the calls of REST, and user data, over one connection."""
