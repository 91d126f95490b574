"""Matching alone, beside other projects' engines: each runs as a program in an environment that has it."""
