"""The simulation API, /sim/v1: accounts out of nothing, money from a tap, the outside market by hand."""
