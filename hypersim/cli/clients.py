"""`hypersim connect` and `hypersim curl`: for whoever talks to an exchange that runs already."""

import argparse
import sys
from pathlib import Path

from hypersim.cli import Commands
from hypersim.connect import CLIENTS, configuration
from hypersim.resources import folder
from hypersim.settings import read_target
from hypersim.signed_curl import run as signed_curl


def add(commands: Commands) -> None:
    """Adds the commands."""
    connect = commands.add_parser("connect", help="print a client's whole configuration")
    connect.add_argument("client", choices=CLIENTS)
    connect.set_defaults(run=run_connect)
    curl = commands.add_parser(
        "curl",
        help="sign a call, send it and show the curl line",
        epilog="such as: hypersim curl POST /v1/order symbol=BTCUSDT side=BUY type=MARKET quoteOrderQty=100",
    )
    curl.add_argument("method", help="GET, POST, PUT or DELETE")
    curl.add_argument("path", help="such as /v1/order")
    curl.add_argument("parameters", nargs="*", metavar="name=value")
    curl.add_argument(
        "--private-key", metavar="FILE", type=Path, help="sign with this RSA or Ed25519 key (PEM), not the secret"
    )
    curl.set_defaults(run=run_curl)
    for parser in (connect, curl):
        parser.add_argument("--url", help="of the exchange (HYPERSIM_URL, else where `serve` would listen)")
        parser.add_argument("--key", dest="api_key", help="API key (HYPERSIM_API_KEY, else the demo account's)")
        parser.add_argument("--secret", dest="secret_key", help="its secret (HYPERSIM_SECRET_KEY)")


def run_connect(chosen: argparse.Namespace) -> int:
    """Prints the configuration."""
    target = read_target(folder("config"), chosen.url, chosen.api_key, chosen.secret_key)
    print(
        configuration(chosen.client, base_url=target.url, api_key=target.api_key, secret_key=target.secret_key),
        end="",
    )
    return 0


def run_curl(chosen: argparse.Namespace) -> int:
    """Sends one call."""
    target = read_target(folder("config"), chosen.url, chosen.api_key, chosen.secret_key)
    return signed_curl(
        chosen.method,
        chosen.path,
        chosen.parameters,
        base_url=target.url,
        api_key=target.api_key,
        secret_key=target.secret_key,
        private_key=chosen.private_key,
        out=sys.stdout,
        err=sys.stderr,
    )
