"""The exchange as a pure function: commands in, events out. No clock, no I/O, no randomness, no floats."""
