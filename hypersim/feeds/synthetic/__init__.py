"""Markets that are made up: prices that wander, and a past that leads to them."""
