"""A journal that was written once must mean the same for ever, or for another version of the rules."""

from typing import get_args

from hypersim.engine import commands
from hypersim.engine.exchange import RULES
from hypersim.engine.lists import ListKind
from hypersim.engine.orders import OrderType
from tests.engine import golden

ADVICE = "the rules changed: raise RULES in hypersim/engine/exchange.py, then run python -m tests.engine.golden"


def test_the_golden_journal_leads_where_it_led_under_these_rules() -> None:
    kept = golden.read()
    assert kept.rules == RULES, ADVICE
    assert kept == golden.outcome(kept.commands), ADVICE


def test_the_golden_journal_is_the_life_that_its_module_tells() -> None:
    assert golden.read().commands == golden.life(), "run python -m tests.engine.golden"


def test_the_golden_journal_holds_every_command() -> None:
    held = {type(stamped.command) for stamped in golden.read().commands}
    assert set(get_args(commands.Command)) == held


def test_the_golden_journal_holds_every_order_type_and_every_kind_of_list() -> None:
    told = [stamped.command for stamped in golden.read().commands]
    lists = [command for command in told if isinstance(command, commands.PlaceList)]
    orders = [command for command in told if isinstance(command, commands.PlaceOrder)]
    orders += [order for each in lists for order in each.orders]
    assert (set(OrderType), set(ListKind)) == ({order.type for order in orders}, {each.kind for each in lists})
