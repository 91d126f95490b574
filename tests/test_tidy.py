"""The house rules that no other tool checks: floors, purity, sizes, and exemptions that say why.

A rule is a function from a module to what is wrong with it. Each has an example that it must catch, below.
Where a rule is wrong, change it here and in the design together, in a commit that says why.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FOLDERS = ("hypersim", "ccxt_adapter", "migrations", "tests", "benchmarks")

# From the lowest to the highest. A module imports from lower rows and its own folder, not from neighbours.
FLOORS = (
    ("errors", "resources"),
    ("units", "clock"),
    ("connect", "settings", "signed_curl"),
    ("engine",),
    ("ask", "bus", "markets", "plainframes", "views"),
    ("store",),
    ("writer", "identity", "limits", "marketsfile"),
    ("admin", "listenkeys", "masterkey", "wallet"),
    ("feeds", "sim", "chain"),
    ("kept", "outside", "world"),
    ("api", "console"),
    ("app", "http", "websocket"),
    ("serve", "startup"),
    ("cli", "testing"),
    ("__main__",),
)
DIALECTS = ("binance", "unified", "app", "admin", "sim")
# What the engine may import: nothing here reads a clock, a file, the network or chance, or keeps a log.
ENGINE_IMPORTS = set(
    "__future__ abc bisect collections dataclasses enum functools hashlib heapq itertools operator types "
    "typing msgspec sortedcontainers".split()
)
DATABASE = {"sqlalchemy", "alembic", "sqlite3", "psycopg"}
VAGUE_NAMES = {"common", "helper", "helpers", "manager", "managers", "misc", "util", "utils"}
MOST_LINES, MOST_FUNCTION_LINES = 400, 70

# (rule, module) -> why the rule does not hold there
EXEMPT: dict[tuple[str, str], str] = {
    ("nothing_swallows_every_exception", "hypersim/api/binance/dispatch.py"): (
        "the edge of a request: what nobody expected is logged with its trace and answered with a 500"
    ),
    ("nothing_swallows_every_exception", "hypersim/api/unified/dispatch.py"): (
        "the same edge of the unified dialect: logged with its trace and answered with a 500"
    ),
    ("nothing_swallows_every_exception", "hypersim/store/history.py"): (
        "a question fails in a thread: whoever asked it is told, on the event loop"
    ),
    ("nothing_swallows_every_exception", "hypersim/api/binance/wsapi/connection.py"): (
        "the same edge of a request that comes over a WebSocket: logged with its trace and answered with a 500"
    ),
    ("nothing_swallows_every_exception", "hypersim/store/thread.py"): (
        "goes on only in its own thread: whatever it was is raised where the function was asked for"
    ),
    ("settings_are_read_in_one_place", "hypersim/marketsfile.py"): (
        "config/markets.toml says what is listed; how the exchange runs is said in config/default.toml alone"
    ),
}


@dataclass(frozen=True)
class Module:
    path: str
    """Relative to the repository, with slashes."""
    source: str

    @property
    def tree(self) -> ast.Module:
        return ast.parse(self.source, self.path)

    @property
    def name(self) -> str:
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    def within(self, *folders: str) -> bool:
        return any(self.path == folder or self.path.startswith(f"{folder}/") for folder in folders)

    def imports(self) -> Iterator[tuple[int, str]]:
        """Line and dotted name of everything imported, wherever it stands; for `from a import b`: `a.b`."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from ((node.lineno, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


Wrong = Iterator[tuple[int, str]]
Rule = Callable[[Module], Wrong]


def imports_come_from_lower_floors(module: Module) -> Wrong:
    if not module.within("hypersim") or module.name == "hypersim":
        return
    height = {name: row for row, names in enumerate(FLOORS) for name in names}
    own = module.name.split(".")[1]
    if own not in height:
        yield 1, f"{own} has no floor: name it in FLOORS and in the design"
        return
    for line, name in module.imports():
        parts = name.split(".")
        if parts[0] in {"ccxt_adapter", "migrations", "tests", "benchmarks"}:
            yield line, f"imports {name}, which stands on hypersim"
        if parts[0] == "hypersim" and parts[1] != own and height.get(parts[1], -1) >= height[own]:
            yield line, f"imports {name}, which is not on a lower floor"


def dialects_do_not_know_one_another(module: Module) -> Wrong:
    if not module.within("hypersim/api"):
        return
    own = module.name.split(".")[2:3]
    for line, name in module.imports():
        parts = name.split(".")
        if parts[:2] == ["hypersim", "api"] and parts[2] in DIALECTS and parts[2:3] != own:
            yield line, f"imports {name}: what dialects share lies beside them"


def apis_and_feeds_ask_and_view(module: Module) -> Wrong:
    inside = re.compile(r"hypersim\.(writer|engine\.(exchange|book|ledger|outside|triggers))\b")
    if module.within("hypersim/api", "hypersim/feeds"):
        yield from ((line, f"imports {name}") for line, name in module.imports() if inside.match(name))


def the_engine_is_pure(module: Module) -> Wrong:
    if not module.within("hypersim/engine"):
        return
    for line, name in module.imports():
        if not name.startswith("hypersim.") and name.split(".")[0] not in ENGINE_IMPORTS:
            yield line, f"imports {name}"
    for node in ast.walk(module.tree):
        if isinstance(node, ast.AsyncFunctionDef | ast.Await | ast.AsyncFor | ast.AsyncWith):
            yield node.lineno, "waits"
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in {"open", "print", "input"}
        ):
            yield node.lineno, f"calls {node.func.id}"


def money_is_never_a_float(module: Module) -> Wrong:
    if not module.within("hypersim/engine", "hypersim/units.py"):
        return
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, float):
            yield node.lineno, f"the float {node.value}"
        if isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div):
            yield node.lineno, "a true division"
        if isinstance(node, ast.Name) and node.id == "float":
            yield node.lineno, "float"


def sql_lives_in_the_store(module: Module) -> Wrong:
    if module.within("hypersim", "ccxt_adapter", "benchmarks") and not module.within("hypersim/store"):
        yield from ((line, f"imports {name}") for line, name in module.imports() if name.split(".")[0] in DATABASE)


def time_is_read_in_one_place(module: Module) -> Wrong:
    if not module.within("hypersim") or module.within("hypersim/clock.py"):
        return
    yield from ((line, f"imports {name}") for line, name in module.imports() if name.split(".")[0] == "time")
    readers = {
        "datetime.now",
        "datetime.utcnow",
        "datetime.today",
        "date.today",
        "asyncio.sleep",
        "anyio.sleep",
    }
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute) and ".".join(ast.unparse(node).split(".")[-2:]) in readers:
            yield node.lineno, ast.unparse(node)


def settings_are_read_in_one_place(module: Module) -> Wrong:
    if not module.within("hypersim") or module.within("hypersim/settings.py"):
        return
    yield from ((line, f"imports {name}") for line, name in module.imports() if name.split(".")[0] == "tomllib")
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute) and ast.unparse(node) in {"os.environ", "os.getenv"}:
            yield node.lineno, ast.unparse(node)


def the_adapter_needs_only_ccxt(module: Module) -> Wrong:
    foreign = {"hypersim", "litestar", "msgspec", "httpx", *DATABASE}
    if module.within("ccxt_adapter"):
        yield from ((line, f"imports {name}") for line, name in module.imports() if name.split(".")[0] in foreign)


def nothing_swallows_every_exception(module: Module) -> Wrong:
    if module.within("tests"):
        return
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ExceptHandler):
            caught = {"everything"} if node.type is None else set(re.findall(r"\w+", ast.unparse(node.type)))
            if caught & {"everything", "Exception", "BaseException"} and not isinstance(node.body[-1], ast.Raise):
                yield node.lineno, "catches every exception and goes on"
        if isinstance(node, ast.Call) and re.search(r"suppress\(.*\b(Base)?Exception\b", ast.unparse(node)):
            yield node.lineno, "suppresses every exception"


def modules_hold_no_state(module: Module) -> Wrong:
    yield from ((n.lineno, "a global variable") for n in ast.walk(module.tree) if isinstance(n, ast.Global))


def a_module_has_a_subject_and_says_it(module: Module) -> Wrong:
    if vague := VAGUE_NAMES & set(module.name.split(".")):
        yield 1, f"is named {vague.pop()}"
    if module.tree.body and ast.get_docstring(module.tree) is None:
        yield 1, "has no docstring"


def a_file_is_one_concept(module: Module) -> Wrong:
    if (lines := len(module.source.splitlines())) > MOST_LINES:
        yield MOST_LINES, f"has {lines} lines, more than {MOST_LINES}"
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > MOST_FUNCTION_LINES:
                yield node.lineno, f"{node.name} has {lines} lines, more than {MOST_FUNCTION_LINES}"


def exemptions_carry_reasons(module: Module) -> Wrong:
    exemption = re.compile(r"#\s*(?:noqa|type:\s*ignore|fmt:\s*(?:off|skip))(?::\s*\w+(?:,\s*\w+)*|\[[^\]]*\])?(.*)")
    for token in tokenize.generate_tokens(io.StringIO(module.source).readline):
        found = exemption.match(token.string) if token.type == tokenize.COMMENT else None
        if found is not None and len(re.findall(r"\w+", found[1])) < 2:
            yield token.start[0], f"no reason beside {token.string}"


# rule, a module that breaks it, and the line where it does
EXAMPLES: tuple[tuple[Rule, str, str, int], ...] = (
    (imports_come_from_lower_floors, "hypersim/views/depth.py", "from hypersim.store import journal", 1),
    (imports_come_from_lower_floors, "hypersim/sim/reset.py", "def f():\n    import hypersim.feeds.base", 2),
    (imports_come_from_lower_floors, "hypersim/clock.py", "import hypersim.units", 1),
    (imports_come_from_lower_floors, "hypersim/app.py", "from tests import postgres", 1),
    (imports_come_from_lower_floors, "hypersim/attic.py", "x = 1", 1),
    (dialects_do_not_know_one_another, "hypersim/api/unified.py", "from hypersim.api import binance", 1),
    (dialects_do_not_know_one_another, "hypersim/api/binance/orders.py", "import hypersim.api.sim", 1),
    (apis_and_feeds_ask_and_view, "hypersim/api/sim.py", "from hypersim.engine import exchange", 1),
    (apis_and_feeds_ask_and_view, "hypersim/feeds/base.py", "from hypersim.writer import Writer", 1),
    (the_engine_is_pure, "hypersim/engine/book.py", "import random", 1),
    (the_engine_is_pure, "hypersim/engine/book.py", "async def f(): ...", 1),
    (the_engine_is_pure, "hypersim/engine/book.py", "print(1)", 1),
    (money_is_never_a_float, "hypersim/engine/ledger.py", "fee = 0.1", 1),
    (money_is_never_a_float, "hypersim/engine/ledger.py", "fee = 1\nfee /= 3", 2),
    (money_is_never_a_float, "hypersim/units.py", "x = float('1')", 1),
    (sql_lives_in_the_store, "hypersim/app.py", "from sqlalchemy import text", 1),
    (time_is_read_in_one_place, "hypersim/writer.py", "import time", 1),
    (time_is_read_in_one_place, "hypersim/writer.py", "import datetime\ndatetime.datetime.now()", 2),
    (time_is_read_in_one_place, "hypersim/feeds/base.py", "async def f():\n    await asyncio.sleep(1)", 2),
    (settings_are_read_in_one_place, "hypersim/app.py", "import os\nos.environ['HOME']", 2),
    (settings_are_read_in_one_place, "hypersim/app.py", "import tomllib", 1),
    (the_adapter_needs_only_ccxt, "ccxt_adapter/hypersim.py", "import hypersim.units", 1),
    (nothing_swallows_every_exception, "hypersim/app.py", "try: f()\nexcept Exception: pass", 2),
    (
        nothing_swallows_every_exception,
        "hypersim/app.py",
        "try: f()\nexcept (OSError, BaseException): g()",
        2,
    ),
    (nothing_swallows_every_exception, "hypersim/app.py", "try: f()\nexcept: g()", 2),
    (nothing_swallows_every_exception, "hypersim/app.py", "with contextlib.suppress(Exception): f()", 1),
    (modules_hold_no_state, "hypersim/app.py", "def f():\n    global worlds", 2),
    (a_module_has_a_subject_and_says_it, "hypersim/api/utils.py", "'''Things.'''", 1),
    (a_module_has_a_subject_and_says_it, "hypersim/api/order.py", "x = 1", 1),
    (a_file_is_one_concept, "hypersim/app.py", "x = 1\n" * 401, 400),
    (a_file_is_one_concept, "tests/test_app.py", "def f():\n" + "    x = 1\n" * 70, 1),
    (exemptions_carry_reasons, "hypersim/app.py", "x = 1\nx = y  # noqa: F821", 2),
    (exemptions_carry_reasons, "hypersim/app.py", "x = y  # type: ignore[name-defined]", 1),
)
RULES = tuple(dict.fromkeys(rule for rule, *_ in EXAMPLES))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_house_is_tidy(rule: Rule) -> None:
    wrong = [
        f"{module.path}:{line}: {what}"
        for module in modules()
        if (rule.__name__, module.path) not in EXEMPT
        for line, what in rule(module)
    ]
    assert [] == wrong


@pytest.mark.parametrize(("rule", "path", "source", "line"), EXAMPLES)
def test_the_rule_catches_what_breaks_it(rule: Rule, path: str, source: str, line: int) -> None:
    assert [line] == [found for found, _ in rule(Module(path, source))]


def test_no_exemption_outlives_its_use() -> None:
    rules = {rule.__name__: rule for rule in RULES}
    found = {(name, module.path) for module in modules() for name, rule in rules.items() if any(rule(module))}
    assert set() == set(EXEMPT) - found


def modules() -> Iterator[Module]:
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield Module(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8"))
