"""Folds of committed events: what the exchange shows. Pure: no I/O, no clock, no engine objects."""
