"""The order of the tests: as they stand, or shuffled by a seed that is printed (``--order random``, ``--order SEED``).

Files are shuffled, and the tests in each: what a file starts once is still started once.
"""

from __future__ import annotations

import random
from itertools import groupby

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--order", metavar="SEED", help="shuffle the tests by this seed, or by one drawn for `random`")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("order") == "random":
        config.option.order = str(random.SystemRandom().randrange(10**6))


def pytest_report_header(config: pytest.Config) -> str | None:
    seed = config.getoption("order")
    return seed and f"order of the tests: --order {seed}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Tell how to have this order again, also where there is no header."""
    if config.getoption("order") is not None:
        terminalreporter.write_line(f"order of the tests: --order {config.getoption('order')}")


@pytest.hookimpl(tryfirst=True)  # then pytest brings together what shares a costly fixture
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    seed = config.getoption("order")
    if seed is None:
        return
    dice = random.Random(seed)
    files = [list(tests) for _, tests in groupby(items, key=lambda item: item.path)]
    dice.shuffle(files)
    for tests in files:
        dice.shuffle(tests)
    items[:] = [test for tests in files for test in tests]
