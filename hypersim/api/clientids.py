"""Client order ids for callers of any dialect who named none."""

import random


def new_client_order_id() -> str:
    """22 characters that no other order has."""
    return f"{random.getrandbits(88):022x}"  # a name, no secret: every call of `secrets` is one of the system's
