"""A real server process and its accounts, as the pytest plugin of the package gives them."""

from hypersim.testing import hypersim_account, hypersim_server

__all__ = ["hypersim_account", "hypersim_server"]
