"""How a client is pointed at this exchange: its whole configuration as text, ready to be run or saved.

Guarantees that every address which that client knows of Binance is replaced, those of its sandbox, its
futures and its streams included, so that nothing leaves for another host; tests hold each text against the
client itself. Does not say which of the client's calls are served.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from msgspec import Struct

CCXT_PATHS: Final[Mapping[str, str]] = {
    "public": "/api/v3",
    "private": "/api/v3",
    "v1": "/api/v1",
    "sapi": "/sapi/v1",
    "sapiV2": "/sapi/v2",
    "sapiV3": "/sapi/v3",
    "sapiV4": "/sapi/v4",
    "fapiPublic": "/fapi/v1",
    "fapiPublicV2": "/fapi/v2",
    "fapiPublicV3": "/fapi/v3",
    "fapiPrivate": "/fapi/v1",
    "fapiPrivateV2": "/fapi/v2",
    "fapiPrivateV3": "/fapi/v3",
    "fapiData": "/futures/data",
    "dapiPublic": "/dapi/v1",
    "dapiPrivate": "/dapi/v1",
    "dapiPrivateV2": "/dapi/v2",
    "dapiData": "/futures/data",
    "eapiPublic": "/eapi/v1",
    "eapiPrivate": "/eapi/v1",
    "papi": "/papi/v1",
    "papiV2": "/papi/v2",
}
"""The sections of `urls` of ccxt.binance 4.5.90, and what follows the host in each."""

CCXT_STREAMS: Final[Mapping[str, str]] = {
    "spot": "/ws/stream",
    "margin": "/ws/stream",
    **dict.fromkeys(("linear", "inverse", "stock", "option", "optionMarket", "optionPrivate", "papi"), "/ws"),
}
"""The sections of `urls.api.ws` of ccxt.pro.binance, likewise.

It takes a connection for spot's when its address has `/stream` in it, puts a counter behind it, and does not understand
an array of tickers that comes wrapped, as everything does below `/stream` itself. What follows `/ws` is no stream's
name, and is ignored.
"""

CCXT_WS_APIS: Final[Mapping[str, str]] = {
    "spot": "/ws-api/v3",
    "linear": "/ws-fapi/v1",
    "inverse": "/ws-dapi/v1",
}


class UnknownClientError(ValueError):
    """There is no configuration for a client of that name; the message names those that there are."""


class Target(Struct, frozen=True, kw_only=True):
    """An exchange and an account on it."""

    base_url: str
    """Such as http://127.0.0.1:8080, without a slash at the end."""
    api_key: str
    secret_key: str

    @property
    def streams_url(self) -> str:
        """The same host for WebSockets: ws:// or wss://."""
        return "ws" + self.base_url.removeprefix("http")

    @property
    def host(self) -> str:
        """Host and port."""
        return urlsplit(self.base_url).netloc


def configuration(client: str, *, base_url: str, api_key: str, secret_key: str) -> str:
    """The text for one of CLIENTS, ending in a new line. Raises UnknownClientError."""
    try:
        write = CLIENTS[client]
    except KeyError:
        raise UnknownClientError(f"no configuration for {client!r}; there is one for {', '.join(CLIENTS)}") from None
    return write(Target(base_url=base_url.rstrip("/"), api_key=api_key, secret_key=secret_key))


def ccxt_urls(target: Target) -> dict[str, Any]:
    """ccxt.binance's `urls`: the same sections for live, sandbox and demo trading."""
    sections: dict[str, Any] = {name: target.base_url + path for name, path in CCXT_PATHS.items()}
    streams: dict[str, Any] = {name: target.streams_url + path for name, path in CCXT_STREAMS.items()}
    streams["ws-api"] = {name: target.streams_url + path for name, path in CCXT_WS_APIS.items()}
    sections["ws"] = streams
    return {"api": sections, "test": sections, "demo": sections}


def ccxt_options() -> dict[str, Any]:
    """ccxt.binance's `options` for an exchange that has spot alone."""
    return {"fetchMarkets": {"types": ["spot"]}, "fetchMargins": False}


def quoted(text: str) -> str:
    """As a literal of Python."""
    return json.dumps(text)


def ccxt(target: Target) -> str:
    urls = json.dumps(ccxt_urls(target)["api"], indent=4)
    return f"""\
# ccxt.binance as it is, with each of its addresses on this exchange.
# Shorter, and with errors and `has` that fit: the class that comes with Hyper-Sim.
#     from ccxt_adapter import hypersim  # with WebSockets: from ccxt_adapter.pro
#     exchange = hypersim({{"hostname": {quoted(target.host)}, "apiKey": ..., "secret": ...}})
import ccxt

urls = {urls}

config = {{
    "apiKey": {quoted(target.api_key)},
    "secret": {quoted(target.secret_key)},
    "urls": {{"api": urls, "test": urls, "demo": urls}},
    "options": {{"fetchMarkets": {{"types": ["spot"]}}, "fetchMargins": False}},
}}

# the same for ccxt.async_support.binance and, with WebSockets, ccxt.pro.binance
exchange = ccxt.binance(config)
"""


def python_binance(target: Target) -> str:
    return f"""\
# python-binance as it is: its addresses are attributes of its classes, to be set before a client is made. They are
# AsyncClient's, too; BinanceSocketManager and DepthCacheManager take them from it.
from binance import BinanceSocketManager, Client
from binance.base_client import BaseClient

rest = {quoted(target.base_url)}
streams = {quoted(target.streams_url)}

BaseClient.API_URL = BaseClient.API_TESTNET_URL = BaseClient.API_DEMO_URL = rest + "/api"
BaseClient.MARGIN_API_URL = rest + "/sapi"
BaseClient.WEBSITE_URL = rest
BaseClient.FUTURES_URL = BaseClient.FUTURES_TESTNET_URL = BaseClient.FUTURES_DEMO_URL = rest + "/fapi"
BaseClient.FUTURES_DATA_URL = BaseClient.FUTURES_DATA_TESTNET_URL = rest + "/futures/data"
BaseClient.FUTURES_COIN_URL = BaseClient.FUTURES_COIN_TESTNET_URL = rest + "/dapi"
BaseClient.FUTURES_COIN_DEMO_URL = rest + "/dapi"
BaseClient.FUTURES_COIN_DATA_URL = BaseClient.FUTURES_COIN_DATA_TESTNET_URL = rest + "/futures/data"
BaseClient.OPTIONS_URL = BaseClient.OPTIONS_TESTNET_URL = rest + "/eapi"
BaseClient.PAPI_URL = rest + "/papi"
BaseClient.WS_API_URL = BaseClient.WS_API_TESTNET_URL = BaseClient.WS_API_DEMO_URL = streams + "/ws-api/v3"
BaseClient.WS_FUTURES_URL = BaseClient.WS_FUTURES_TESTNET_URL = streams + "/ws-fapi/v1"
BaseClient.WS_FUTURES_DEMO_URL = streams + "/ws-fapi/v1"
for market in ("", "F", "D"):
    for world in ("", "TESTNET_", "DEMO_"):
        setattr(BinanceSocketManager, f"{{market}}STREAM_{{world}}URL", streams + "/")

client = Client({quoted(target.api_key)}, {quoted(target.secret_key)})
"""


def binance_connector(target: Target) -> str:
    return f"""\
# binance-connector as it is. Its package is called `binance`, as python-binance's is: an environment has one of them.
from binance.spot import Spot

rest = {quoted(target.base_url)}
streams = {quoted(target.streams_url)}

ws_api = streams + "/ws-api/v3"

# likewise SpotWebsocketStreamClient(stream_url=streams), and SpotWebsocketAPIClient(stream_url=ws_api, api_key=...)
client = Spot(api_key={quoted(target.api_key)}, api_secret={quoted(target.secret_key)}, base_url=rest)
"""


def binance_sdk_spot(target: Target) -> str:
    return f"""\
# binance-sdk-spot as it is: `client.rest_api`, `client.websocket_api` and `client.websocket_streams`.
from binance_common.configuration import (
    ConfigurationRestAPI,
    ConfigurationWebSocketAPI,
    ConfigurationWebSocketStreams,
)
from binance_sdk_spot.spot import Spot

rest = {quoted(target.base_url)}
streams = {quoted(target.streams_url)}
keys = {{"api_key": {quoted(target.api_key)}, "api_secret": {quoted(target.secret_key)}}}

client = Spot(
    config_rest_api=ConfigurationRestAPI(base_path=rest, **keys),
    config_ws_api=ConfigurationWebSocketAPI(stream_url=streams + "/ws-api/v3", **keys),
    config_ws_streams=ConfigurationWebSocketStreams(stream_url=streams),
)
"""


def freqtrade(target: Target) -> str:
    settings = {
        "bot_name": "freqtrade on Hyper-Sim",
        "dry_run": False,
        "db_url": "sqlite:///tradesv3.hypersim.sqlite",
        "trading_mode": "spot",
        "stake_currency": "USDT",
        "stake_amount": 100,
        "max_open_trades": 3,
        "timeframe": "5m",
        "entry_pricing": {"price_side": "same", "use_order_book": True, "order_book_top": 1},
        "exit_pricing": {"price_side": "same", "use_order_book": True, "order_book_top": 1},
        "order_types": {
            "entry": "limit",
            "exit": "limit",
            "stoploss": "limit",
            "stoploss_on_exchange": True,
        },
        "exchange": {
            "name": "binance",
            "key": target.api_key,
            "secret": target.secret_key,
            "only_from_ccxt": True,
            "enable_ws": True,
            "ccxt_config": {"urls": ccxt_urls(target), "options": ccxt_options()},
            "pair_whitelist": ["BTC/USDT", "ETH/USDT"],
            "pair_blacklist": [],
        },
        "pairlists": [{"method": "StaticPairList"}],
        "initial_state": "running",
        "internals": {"process_throttle_secs": 5},
    }
    return json.dumps(settings, indent=4) + "\n"


def nautilus(target: Target) -> str:
    return f"""\
# NautilusTrader as it is.
import nautilus_trader
from nautilus_trader.adapters.binance import (
    BINANCE,
    BinanceAccountType,
    BinanceDataClientConfig,
    BinanceExecClientConfig,
    BinanceLiveDataClientFactory,
    BinanceLiveExecClientFactory,
)
from nautilus_trader.config import InstrumentProviderConfig, TradingNodeConfig
from nautilus_trader.live.node import TradingNode

account = {{
    "api_key": {quoted(target.api_key)},
    "api_secret": {quoted(target.secret_key)},
    "account_type": BinanceAccountType.SPOT,
    "base_url_http": {quoted(target.base_url)},
    "instrument_provider": InstrumentProviderConfig(load_all=True),
}}
streams = {quoted(target.streams_url)}
# Up to 1.222 a listen key is subscribed to like any stream; later versions use the WebSocket API.
by_listen_key = tuple(int(part) for part in nautilus_trader.__version__.split(".")[:2]) <= (1, 222)
user_data = streams if by_listen_key else streams + "/ws-api/v3"
node = TradingNode(
    TradingNodeConfig(
        data_clients={{BINANCE: BinanceDataClientConfig(**account, base_url_ws=streams)}},
        exec_clients={{BINANCE: BinanceExecClientConfig(**account, base_url_ws=user_data)}},
    )
)
node.add_data_client_factory(BINANCE, BinanceLiveDataClientFactory)
node.add_exec_client_factory(BINANCE, BinanceLiveExecClientFactory)
"""


def curl(target: Target) -> str:
    return f"""\
# For a POSIX shell, with curl and openssl. `hypersim curl` does the same in one line.
BASE={shlex.quote(target.base_url)}
KEY={shlex.quote(target.api_key)}
SECRET={shlex.quote(target.secret_key)}

# signed METHOD PATH [PARAMETERS]: the signature is HMAC-SHA256 of exactly the characters that are sent
signed() {{
    now=$(curl --silent --noproxy '*' "$BASE/api/v3/time" | tr -dc 0-9)
    query="${{3:+$3&}}timestamp=$now"
    signature=$(printf %s "$query" | openssl dgst -sha256 -hmac "$SECRET" | sed 's/.*= *//')
    curl --silent --noproxy '*' --request "$1" --header "X-MBX-APIKEY: $KEY" \\
        "$BASE$2?$query&signature=$signature"
    echo
}}

curl --silent --noproxy '*' "$BASE/api/v3/ticker/price?symbol=BTCUSDT"; echo
signed GET /api/v3/account omitZeroBalances=true
signed POST /api/v3/order 'symbol=BTCUSDT&side=BUY&type=MARKET&quoteOrderQty=100'
"""


CLIENTS: Final[Mapping[str, Callable[[Target], str]]] = {
    "ccxt": ccxt,
    "python-binance": python_binance,
    "binance-connector": binance_connector,
    "binance-sdk-spot": binance_sdk_spot,
    "freqtrade": freqtrade,
    "nautilus": nautilus,
    "curl": curl,
}
"""The clients, by the names that they are asked for with."""
