"""The one reader of configuration: config/default.toml, the environment (HYPERSIM_*), the command line.

Later ones win. Guarantees typed, checked values and one sentence (SettingsError) about the first that cannot
be used. Opens no socket and no database; makes no key.
"""

import difflib
import ipaddress
import os
import re
import tomllib
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Final, TypeVar

from msgspec import Struct

from hypersim.errors import SettingsError

PREFIX: Final = "HYPERSIM_"
AUTO: Final = "auto"
BINANCE: Final = "binance"
SYNTHETIC: Final = "synthetic"
MANUAL: Final = "manual"
NO_OUTSIDE: Final = "none"
ALONE: Final = (AUTO, MANUAL, NO_OUTSIDE)
"""Feeds that have no backup, and are none."""
FEEDS: Final = (BINANCE, SYNTHETIC, *ALONE)
CCXT_FEED: Final = re.compile(r"ccxt:[a-z0-9]+", re.ASCII)
"""Any exchange that ccxt knows, by its id."""
FEEDS_IN_WORDS: Final = "auto, binance, ccxt:<exchange id>, synthetic, manual or none"
LOG_LEVELS: Final = ("debug", "info", "warning", "error")
ANY_ADDRESS: Final = ("0.0.0.0", "::")  # noqa: S104 - compared, not bound
DEMO_USER: Final = "test@example.com"
DEMO_KEY: Final = "test_key_123"
DEMO_SECRET: Final = "test_secret_456"  # noqa: S105 - published: in open mode everybody may use it
SHORTEST_MASTER_KEY: Final = 16
IN_MEMORY: Final = ("sqlite://", "sqlite:///", "sqlite:///:memory:")
"""What a database URL begins with, up to its query, where nothing is kept."""
INTERVAL_UNITS_MS: Final = {"ms": 1, "s": 1000, "m": 60_000}

T = TypeVar("T")


class Settings(Struct, frozen=True, kw_only=True):
    """Everything that can be set; what each means stands in config/default.toml."""

    host: str
    port: int
    database_url: str
    feed: tuple[str, ...]
    """The sources in the order in which they are tried."""
    symbols: tuple[str, ...]
    """Empty: those of markets.toml, or all that there are."""
    all_symbols: bool
    binance_api_url: str
    binance_stream_url: str
    """Empty: the one that belongs to `binance_api_url`."""
    market_update_interval_ms: int
    upstream_weight: int
    seed: int
    rate_limits: bool
    listen_keys: bool
    open: bool
    allowed_hosts: tuple[str, ...]
    master_key: str
    journal_keep: int
    log_level: str

    config: Path
    """The folder that holds default.toml and markets.toml."""
    memory: bool = False
    """Nothing is kept: the world ends with the process."""
    fresh: bool = False
    """Starts from an empty world."""

    @property
    def kept(self) -> bool:
        """Whether the world outlives the process."""
        return not self.memory and self.database_url.partition("?")[0] not in IN_MEMORY

    @property
    def open_to_others(self) -> bool:
        """Open mode where others than this machine can reach the exchange: worth a warning."""
        return self.open and not is_loopback(self.host)


def is_loopback(host: str) -> bool:
    """Whether a host name or address can only mean this machine; a final dot is the root of all names."""
    host = host.removesuffix(".")
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def read_settings(
    config: Path,
    command_line: Mapping[str, str] | None = None,
    *,
    environment: Mapping[str, str] | None = None,
    memory: bool = False,
    fresh: bool = False,
) -> Settings:
    """The settings in force. `command_line` has the names of default.toml. Raises SettingsError."""
    if environment is None:
        environment = os.environ
    source = _Source(_defaults(config / "default.toml"), environment, command_line or {})
    host = source.read("host", _name)
    port = source.read("port", _whole(0, 65_535))
    opened = source.read("open", _choice("", "on", "off"))
    symbols = source.read("symbols", _symbols)
    settings = Settings(
        host=host,
        port=port,
        database_url=source.read("database_url", _url("sqlite://", "postgresql+psycopg://")),
        feed=source.read("feed", _feeds),
        symbols=symbols or (),
        all_symbols=symbols is None,
        binance_api_url=source.read("binance_api_url", _url("http://", "https://")).rstrip("/"),
        binance_stream_url=source.read("binance_stream_url", _url("ws://", "wss://", empty=True)).rstrip("/"),
        market_update_interval_ms=source.read("market_update_interval", _interval_ms),
        upstream_weight=source.read("upstream_weight", _whole(1, 1_000_000)),
        seed=source.read("seed", _whole(0, 2**63 - 1)),
        rate_limits=source.read("rate_limits", _choice("on", "off")) == "on",
        listen_keys=source.read("listen_keys", _choice("on", "off")) == "on",
        open=is_loopback(host) if opened == "" else opened == "on",
        allowed_hosts=source.read("allowed_hosts", _hosts),
        master_key=source.read("master_key", _master_key),
        journal_keep=source.read("journal_keep", _whole(1, 1000)),
        log_level=source.read("log_level", _choice(*LOG_LEVELS)),
        config=config,
        memory=memory,
        fresh=fresh,
    )
    source.refuse_unknown_defaults()
    source.refuse_unknown()
    return settings


class Target(Struct, frozen=True, kw_only=True):
    """The exchange, and the account on it, that the commands for clients talk to."""

    url: str
    api_key: str
    secret_key: str


def read_target(config: Path, url: str | None, api_key: str | None, secret_key: str | None) -> Target:
    """What was given, else the environment (HYPERSIM_URL, _API_KEY, _SECRET_KEY), else the demo account where
    `serve` would listen. Raises SettingsError.
    """
    _Source(_defaults(config / "default.toml"), os.environ, {}).refuse_unknown()
    url = url or os.environ.get(f"{PREFIX}URL")
    if not url:
        settings = read_settings(config)
        host = "127.0.0.1" if settings.host in ANY_ADDRESS else settings.host
        url = f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"
    return Target(
        url=url.rstrip("/"),
        api_key=api_key or os.environ.get(f"{PREFIX}API_KEY", DEMO_KEY),
        secret_key=secret_key or os.environ.get(f"{PREFIX}SECRET_KEY", DEMO_SECRET),
    )


def bare_environment() -> dict[str, str]:
    """This process's environment without any setting of Hyper-Sim, for a child whose settings are its own."""
    return {name: value for name, value in os.environ.items() if not name.upper().startswith(PREFIX)}


def _defaults(path: Path) -> dict[str, str]:
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SettingsError(f"{path} is not there") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: {error}") from None
    return {name: str(value) for name, value in values.items()}


class _Source:
    """Where each value comes from, and what to call it in a sentence about it."""

    def __init__(
        self, defaults: Mapping[str, str], environment: Mapping[str, str], command_line: Mapping[str, str]
    ) -> None:
        self._defaults = defaults
        self._environment = {
            name[len(PREFIX) :].lower(): text.strip()
            for name, text in environment.items()
            if name.upper().startswith(PREFIX) and text.strip()  # an empty one is unset, as in compose files
        }
        self._command_line = command_line
        self._read: set[str] = set()

    def read(self, name: str, convert: Callable[[str], T]) -> T:
        self._read.add(name)
        for called, values in (
            (f"--{name.replace('_', '-')}", self._command_line),
            (_variable(name), self._environment),
            (f"{name} in default.toml", self._defaults),
        ):
            if name not in values:
                continue
            try:
                return convert(_encodable(values[name]))
            except ValueError as error:
                shown = "..." if name == "master_key" else repr(_masked(values[name]))
                raise SettingsError(f"{called} is {shown}: {error}") from None
        raise SettingsError(f"default.toml lacks {name}")

    def refuse_unknown_defaults(self) -> None:
        """A setting in the file that nothing reads is a spelling mistake: say so instead of going on without it."""
        for name in self._defaults:
            if name not in self._read:
                raise SettingsError(f"{name} in default.toml is not a setting; {_nearest(name, self._read)}")

    def refuse_unknown(self) -> None:
        """The same of variables: those that the file lacks mean nothing to the exchange, or to clients."""
        known = self._defaults.keys() | NOT_SETTINGS
        for name in sorted(self._environment.keys() - known):
            raise SettingsError(f"{_variable(name)} is not a setting; {_nearest(name, known, _variable)}")


NOT_SETTINGS: Final = frozenset({"url", "api_key", "secret_key", "recorded_data"})
"""Names with the prefix that mean something to clients or tests, and nothing to the exchange."""


def _variable(name: str) -> str:
    return f"{PREFIX}{name.upper()}"


def _nearest(name: str, known: Collection[str], called: Callable[[str], str] = str) -> str:
    """What was probably meant, or else all that could have been."""
    near = difflib.get_close_matches(name, sorted(known), n=1)
    if near:
        return f"{called(near[0])} is the nearest that is"
    return f"the settings are {', '.join(called(each) for each in sorted(known))}"


def _encodable(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("text in UTF-8 is wanted") from None
    return text


def _masked(text: str) -> str:
    """A value as it may be shown: without the password of an address, however the rest of it is written."""
    text = re.sub(r"(password=)[^&]*", r"\1***", text, flags=re.IGNORECASE)
    return re.sub(r"^([\w+.-]*://)?+([^:@]*):.*@", r"\1\2:***@", text, flags=re.DOTALL)


def _master_key(text: str) -> str:
    if text and len(text) < SHORTEST_MASTER_KEY:
        raise ValueError(
            f"at least {SHORTEST_MASTER_KEY} characters are wanted, such as the output of: openssl rand -hex 32"
        )
    return text


def _name(text: str) -> str:
    if not text or any(character.isspace() or character == "/" for character in text):
        raise ValueError("a host name or an address is wanted, such as 127.0.0.1")
    return text


def _whole(least: int, most: int) -> Callable[[str], int]:
    def convert(text: str) -> int:
        if re.fullmatch(r"[0-9]{1,19}", text, re.ASCII) is None or not least <= int(text) <= most:
            raise ValueError(f"a whole number from {least} to {most} is wanted")
        return int(text)

    return convert


def _choice(*values: str) -> Callable[[str], str]:
    def convert(text: str) -> str:
        if text.lower() not in values:
            raise ValueError(f"one of {', '.join(value for value in values if value)} is wanted")
        return text.lower()

    return convert


def _url(*schemes: str, empty: bool = False) -> Callable[[str], str]:
    def convert(text: str) -> str:
        if not text.startswith(schemes) and not (empty and text == ""):
            raise ValueError(f"an address that starts with {' or '.join(schemes)} is wanted")
        return text

    return convert


def check_sources(names: Sequence[str]) -> tuple[str, ...]:
    """Names of feeds that stand in for one another, in order. Raises ValueError where they cannot."""
    if not names:
        raise ValueError(f"{FEEDS_IN_WORDS} is wanted")
    for name in names:
        if name not in FEEDS and CCXT_FEED.fullmatch(name) is None:
            raise ValueError(f"{name!r} is no feed: {FEEDS_IN_WORDS} is wanted")
        if name in ALONE and len(names) > 1:
            raise ValueError(f"{name} stands alone")
        if names.count(name) > 1:
            raise ValueError(f"{name} is there twice")
    if SYNTHETIC in names[:-1]:
        raise ValueError(f"nothing comes after {SYNTHETIC}, which never fails")
    return tuple(names)


def _feeds(text: str) -> tuple[str, ...]:
    return check_sources([part.strip().lower() for part in text.split(",")])


def _symbols(text: str) -> tuple[str, ...] | None:
    """None for all that there are."""
    if text.strip().lower() == "all":
        return None
    symbols = tuple(part.strip().upper().replace("/", "") for part in text.split(",") if part.strip())
    if len(set(symbols)) < len(symbols):
        raise ValueError("a symbol is there twice")
    return symbols


def _interval_ms(text: str) -> int:
    match = re.fullmatch(r"([0-9]{1,6})(ms|s|m)", text, re.ASCII)
    interval_ms = int(match[1]) * INTERVAL_UNITS_MS[match[2]] if match else 0
    if not 100 <= interval_ms <= 3_600_000:
        raise ValueError("a time from 100ms to 60m is wanted, such as 1s")
    return interval_ms


def _hosts(text: str) -> tuple[str, ...]:
    return tuple(part.strip().lower() for part in text.split(",") if part.strip())
