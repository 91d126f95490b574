"""The unified dialect, /unified/v1: plain JSON in CCXT's structures, for curl and for people who know ccxt."""
