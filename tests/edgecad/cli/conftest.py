"""What tests of commands share."""

from __future__ import annotations

import pytest

from edgecad.cli.grammar.installed import NEEDS, missing_extras


@pytest.fixture
def all_extras() -> None:
    """Skip a test of commands that only other extras bring, where these are not installed."""
    lacking = sorted({extra for command in NEEDS for extra in missing_extras(command)})
    if lacking:
        pytest.skip(f"needs the extras {', '.join(lacking)}")
