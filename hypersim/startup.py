"""What an exchange says when it begins to serve: for a person, everything needed for a first order; for a
program, one line of JSON."""

import sys
from pathlib import Path

import msgspec

from hypersim import __version__
from hypersim.app import Running
from hypersim.settings import DEMO_KEY, DEMO_SECRET, DEMO_USER


def as_json(running: Running, url: str) -> str:
    """One line: url, version, data, feed, why, and in open mode the demo key and secret."""
    feed = running.feed()
    told: dict[str, object] = {
        "url": url,
        "version": __version__,
        "data": running.where,
        "feed": feed.name,
        "why": feed.why,
    }
    if running.settings.open:
        told |= {"apiKey": DEMO_KEY, "secretKey": DEMO_SECRET}
    return msgspec.json.encode(told).decode()


def as_text(running: Running, url: str) -> str:
    """Address, data, market and keys, and a first order three ways."""
    feed = running.feed()
    lines = [
        f"Hyper-Sim {__version__} is open at {url}    (Ctrl-C closes it; nothing is lost)",
        "",
        f"  data     {running.where}",
        f"  market   {feed.name}: {feed.why}",
    ]
    if running.settings.open:
        lines += [f"  demo     key {DEMO_KEY}  secret {DEMO_SECRET}  ({DEMO_USER}, 10000 USDT)"]
    lines += [f"  note     {note}" for note in running.notes]
    if running.settings.open:
        lines += ["", *_first_order(url)]
    return "\n".join(lines)


def _first_order(url: str) -> list[str]:
    host = url.partition("//")[2]
    usual = host == "127.0.0.1:8080"
    where = "" if usual else f'"hostname": "{host}", '
    at = "" if usual else f" --url {url}"
    script = Path(sys.executable).with_name("hypersim")
    command = _shown(script) if script.exists() else f"{_shown(Path(sys.executable))} -m hypersim"
    order = "symbol=BTCUSDT&side=BUY&type=MARKET&quoteOrderQty=100"
    return [
        "A first order, with curl:",
        "",
        f'  Q="{order}&timestamp=$(date +%s)000"; \\',
        f'  S=$(printf %s "$Q" | openssl dgst -sha256 -hmac {DEMO_SECRET} | sed "s/.* //"); \\',
        f"""  curl -X POST -H "X-MBX-APIKEY: {DEMO_KEY}" "{url}/v1/order?$Q&signature=$S\"""",
        "",
        "the same, signed for you:",
        "",
        f"  {command} curl{at} POST /v1/order {order.replace('&', ' ')}",
        "",
        f"and from a strategy, run by {_shown(Path(sys.executable))}:",
        "",
        "  from ccxt_adapter import hypersim",
        f'  exchange = hypersim({{{where}"apiKey": "{DEMO_KEY}", "secret": "{DEMO_SECRET}"}})',
        '  print(exchange.fetch_ticker("BTC/USDT")["last"])',
        '  exchange.create_market_order("BTC/USDT", "buy", 0.001)',
        '  print(exchange.fetch_balance()["BTC"])',
        "",
    ]


def _shown(path: Path) -> str:
    """A program's path as one types it here."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
