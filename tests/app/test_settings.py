"""What may be set, how it is read, and the one sentence about what cannot be used."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hypersim.errors import SettingsError
from hypersim.resources import folder
from hypersim.settings import Settings, bare_environment, is_loopback, read_settings, read_target

DEFAULTS = Settings(
    host="127.0.0.1",
    port=8080,
    database_url="sqlite:///hypersim.db",
    feed=("auto",),
    symbols=(),
    all_symbols=False,
    binance_api_url="https://api.binance.com",
    binance_stream_url="",
    market_update_interval_ms=1000,
    upstream_weight=1200,
    seed=1,
    rate_limits=True,
    listen_keys=True,
    open=True,
    allowed_hosts=(),
    master_key="",
    journal_keep=2,
    log_level="info",
    config=folder("config"),
)


A_FEED = "auto, binance, ccxt:<exchange id>, synthetic, manual or none is wanted"


def read(command_line: dict[str, str] | None = None, /, **environment: str) -> Settings:
    return read_settings(folder("config"), command_line, environment=environment)


def test_without_any_setting_the_documented_defaults_are_in_force() -> None:
    assert DEFAULTS == read()


def test_the_environment_wins_over_the_file_and_the_command_line_over_both() -> None:
    assert (8080, 8081, 8082) == (
        read().port,
        read(HYPERSIM_PORT="8081").port,
        read({"port": "8082"}, HYPERSIM_PORT="8081").port,
    )


def test_an_empty_variable_is_unset_as_in_compose_files() -> None:
    assert DEFAULTS == read(HYPERSIM_PORT="", HYPERSIM_MASTER_KEY="", HYPERSIM_SYMBOLS=" ")


@pytest.mark.parametrize(
    ("name", "text", "field", "value"),
    [
        ("HYPERSIM_FEED", "Binance", "feed", ("binance",)),
        ("HYPERSIM_FEED", "binance, ccxt:kraken,ccxt:okx", "feed", ("binance", "ccxt:kraken", "ccxt:okx")),
        ("HYPERSIM_FEED", "ccxt:kraken,synthetic", "feed", ("ccxt:kraken", "synthetic")),
        ("HYPERSIM_FEED", "none", "feed", ("none",)),
        ("HYPERSIM_SYMBOLS", "btcusdt, ETH/USDT", "symbols", ("BTCUSDT", "ETHUSDT")),
        ("HYPERSIM_SYMBOLS", "btcusdt", "all_symbols", False),
        ("HYPERSIM_SYMBOLS", "All", "symbols", ()),
        ("HYPERSIM_SYMBOLS", "All", "all_symbols", True),
        ("HYPERSIM_BINANCE_STREAM_URL", "wss://x:9443/", "binance_stream_url", "wss://x:9443"),
        ("HYPERSIM_MARKET_UPDATE_INTERVAL", "250ms", "market_update_interval_ms", 250),
        ("HYPERSIM_MARKET_UPDATE_INTERVAL", "1m", "market_update_interval_ms", 60_000),
        ("HYPERSIM_BINANCE_API_URL", "http://127.0.0.1:9000/", "binance_api_url", "http://127.0.0.1:9000"),
        ("HYPERSIM_RATE_LIMITS", "OFF", "rate_limits", False),
        ("HYPERSIM_LISTEN_KEYS", "off", "listen_keys", False),
        ("HYPERSIM_ALLOWED_HOSTS", "Box.lan,10.0.0.5", "allowed_hosts", ("box.lan", "10.0.0.5")),
        ("HYPERSIM_DATABASE_URL", "postgresql+psycopg://a@b/c", "database_url", "postgresql+psycopg://a@b/c"),
        ("HYPERSIM_SEED", "0", "seed", 0),
        ("HYPERSIM_MASTER_KEY", "16 characters...", "master_key", "16 characters..."),
    ],
)
def test_a_setting_is_read_as(name: str, text: str, field: str, value: object) -> None:
    assert value == getattr(read(**{name: text}), field)


@pytest.mark.parametrize(
    ("host", "opened", "is_open", "is_warned_of"),
    [
        ("127.0.0.1", "", True, False),
        ("::1", "", True, False),
        ("localhost", "", True, False),
        ("0.0.0.0", "", False, False),  # noqa: S104 - read, not bound
        ("192.168.1.5", "", False, False),
        ("0.0.0.0", "on", True, True),  # noqa: S104 - read, not bound
        ("127.0.0.1", "off", False, False),
    ],
)
def test_open_mode_is_on_where_only_this_machine_can_come_in_or_by_request(
    host: str, opened: str, is_open: bool, is_warned_of: bool
) -> None:
    settings = read(HYPERSIM_HOST=host, HYPERSIM_OPEN=opened)

    assert (is_open, is_warned_of) == (settings.open, settings.open_to_others)


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({"HYPERSIM_PORT": "80a"}, "HYPERSIM_PORT is '80a': a whole number from 0 to 65535 is wanted"),
        ({"HYPERSIM_PORT": "70000"}, "HYPERSIM_PORT is '70000': a whole number from 0 to 65535 is wanted"),
        *(
            ({"HYPERSIM_FEED": text}, f"HYPERSIM_FEED is '{text}': {said}")
            for text, said in (
                ("kraken", f"'kraken' is no feed: {A_FEED}"),
                ("replay", f"'replay' is no feed: {A_FEED}"),
                ("ccxt:", f"'ccxt:' is no feed: {A_FEED}"),
                ("ccxt:kra-ken", f"'ccxt:kra-ken' is no feed: {A_FEED}"),
                ("ccxt:<exchange id>", f"'ccxt:<exchange id>' is no feed: {A_FEED}"),
                ("binance,", f"'' is no feed: {A_FEED}"),
                ("auto,binance", "auto stands alone"),
                ("binance,manual", "manual stands alone"),
                ("none,none", "none stands alone"),
                ("binance,ccxt:kraken,binance", "binance is there twice"),
                ("synthetic,binance", "nothing comes after synthetic, which never fails"),
            )
        ),
        (
            {"HYPERSIM_BINANCE_STREAM_URL": "https://x"},
            "HYPERSIM_BINANCE_STREAM_URL is 'https://x': an address that starts with ws:// or wss:// is wanted",
        ),
        (
            {"HYPERSIM_DATABASE_URL": "mysql://x"},
            (
                "HYPERSIM_DATABASE_URL is 'mysql://x': an address that starts with sqlite:// or "
                "postgresql+psycopg:// is wanted"
            ),
        ),
        ({"HYPERSIM_OPEN": "yes"}, "HYPERSIM_OPEN is 'yes': one of on, off is wanted"),
        (
            {"HYPERSIM_MARKET_UPDATE_INTERVAL": "1"},
            "HYPERSIM_MARKET_UPDATE_INTERVAL is '1': a time from 100ms to 60m is wanted, such as 1s",
        ),
        (
            {"HYPERSIM_SYMBOLS": "BTCUSDT,BTC/USDT"},
            "HYPERSIM_SYMBOLS is 'BTCUSDT,BTC/USDT': a symbol is there twice",
        ),
        (
            {"HYPERSIM_MASTER_KEY": "15 characters.."},
            (
                "HYPERSIM_MASTER_KEY is ...: at least 16 characters are wanted, such as the output of: "
                "openssl rand -hex 32"
            ),
        ),
        ({"HYPERSIM_MASTER_KEY": "\udcff" * 16}, "HYPERSIM_MASTER_KEY is ...: text in UTF-8 is wanted"),
        (
            {"HYPERSIM_HOST": "http://x"},
            "HYPERSIM_HOST is 'http://x': a host name or an address is wanted, such as 127.0.0.1",
        ),
    ],
)
def test_a_setting_that_cannot_be_used_is_named_in_one_sentence(environment: dict[str, str], sentence: str) -> None:
    with pytest.raises(SettingsError) as refused:
        read(**environment)

    assert sentence == str(refused.value)


def test_a_misspelt_setting_is_refused_rather_than_ignored() -> None:
    with pytest.raises(SettingsError, match="HYPERSIM_ZZZ is not a setting; the settings are HYPERSIM_ALLOWED_HOSTS, "):
        read(HYPERSIM_ZZZ="8081")


@pytest.mark.parametrize(
    ("misspelt", "nearest"),
    [
        ("HYPERSIM_PROT", "HYPERSIM_PORT"),
        ("HYPERSIM_DATABASE", "HYPERSIM_DATABASE_URL"),
        ("HYPERSIM_FEEDS", "HYPERSIM_FEED"),
        ("HYPERSIM_SECRT_KEY", "HYPERSIM_SECRET_KEY"),
    ],
)
def test_a_misspelt_setting_is_told_the_nearest(misspelt: str, nearest: str) -> None:
    with pytest.raises(SettingsError) as refused:
        read(**{misspelt: "1"})

    assert f"{misspelt} is not a setting; {nearest} is the nearest that is" == str(refused.value)


def test_a_client_refuses_misspelt_settings_too(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ.keys() - bare_environment().keys():
        monkeypatch.delenv(name)
    monkeypatch.setenv("HYPERSIM_SECRT_KEY", "mine")

    with pytest.raises(SettingsError, match="HYPERSIM_SECRT_KEY is not a setting"):
        read_target(folder("config"), "http://127.0.0.1:9", None, None)


def test_names_that_mean_something_to_clients_and_tests_alone_are_let_be() -> None:
    others = {"HYPERSIM_URL": "x", "HYPERSIM_API_KEY": "x", "HYPERSIM_SECRET_KEY": "x", "HYPERSIM_RECORDED_DATA": "x"}

    assert DEFAULTS == read(**others)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://u:secretpw@127.0.0.1/x", "postgresql://u:***@127.0.0.1/x"),
        ("postgres://u:secret@p/w:x@127.0.0.1:5432/x", "postgres://u:***@127.0.0.1:5432/x"),
        ("u:secretpw@127.0.0.1/x", "u:***@127.0.0.1/x"),
        ("mysql://:secretpw@127.0.0.1/x", "mysql://:***@127.0.0.1/x"),
        ("mysql://127.0.0.1/x?user=u&password=secretpw&y=z", "mysql://127.0.0.1/x?user=u&password=***&y=z"),
        ("mysql://u@127.0.0.1:3306/x", "mysql://u@127.0.0.1:3306/x"),
    ],
)
def test_a_password_in_an_address_that_is_refused_is_not_shown(url: str, shown: str) -> None:
    with pytest.raises(SettingsError) as refused:
        read(HYPERSIM_DATABASE_URL=url)

    assert str(refused.value).startswith(f"HYPERSIM_DATABASE_URL is '{shown}': an address that starts with ")


@pytest.mark.parametrize(
    ("url", "memory", "kept"),
    [
        ("sqlite:///hypersim.db", False, True),
        ("sqlite:///hypersim.db", True, False),
        ("postgresql+psycopg://a@b/c", False, True),
        ("postgresql+psycopg://a@b/c", True, False),
        ("sqlite://", False, False),
        ("sqlite:///", False, False),
        ("sqlite:///:memory:", False, False),
        ("sqlite:///:memory:?cache=shared", False, False),
    ],
)
def test_a_world_is_kept_unless_it_is_in_memory(url: str, memory: bool, kept: bool) -> None:
    assert kept == read_settings(folder("config"), {"database_url": url}, environment={}, memory=memory).kept


def test_a_file_with_a_misspelt_setting_is_refused(tmp_path: Path) -> None:
    text = (folder("config") / "default.toml").read_text(encoding="utf-8")
    (tmp_path / "default.toml").write_text(text + "\nprot = 1\n", encoding="utf-8")

    with pytest.raises(SettingsError, match=r"prot in default\.toml is not a setting"):
        read_settings(tmp_path, environment={})


@pytest.mark.parametrize(
    ("host", "means_this_machine"),
    [
        ("127.0.0.1", True),
        ("127.8.9.10", True),
        ("[::1]", True),
        ("localhost", True),
        ("app.localhost", True),
        ("localhost.", True),
        ("localhost..", False),
        (".", False),
        ("127.0.0.1.evil.example", False),
        ("localhost.evil.example", False),
        ("0.0.0.0", False),  # noqa: S104 - read, not bound
        ("", False),
    ],
)
def test_only_loopback_names_mean_this_machine(host: str, means_this_machine: bool) -> None:
    assert means_this_machine == is_loopback(host)
