"""How true the outside market is: a recorded real stream through the real feed code and the real engine."""
