"""What Binance pushes: market streams and user data, from committed events only."""
