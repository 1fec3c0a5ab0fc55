"""A plugin of pytest, for the tests there: rooms that may differ come first, and no test begins after a time.

It alone imports pytest, which the Python that runs the program need not have.
"""

from __future__ import annotations

import time

import pytest

from emulated.rooms import NOT_BEGUN, rank


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option of this plugin."""
    parser.addoption("--begin-until", type=float, help="seconds since 1970 after which no test begins; default: none")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort by rooms; all else stays in its order, so that fixtures of a file are set up once."""
    items.sort(key=lambda item: rank(item.nodeid))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test that would begin too late, before anything is set up for it."""
    until = item.config.getoption("begin_until")
    if until is not None and time.time() > until:
        pytest.skip(NOT_BEGUN)
