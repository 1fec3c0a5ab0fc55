"""What tests of several rooms of the runtime share."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def drawn_words(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every line of text that is drawn on a picture from now on."""
    from edgecad.picture import canvas

    words: list[str] = []
    cover = canvas.coverage

    def noted(text: str, *rest: Any, **more: Any) -> Any:
        words.append(text)
        return cover(text, *rest, **more)

    monkeypatch.setattr(canvas, "coverage", noted)
    return words


@pytest.fixture
def all_extras() -> None:
    """Skip a test of commands that only other extras bring, where these are not installed."""
    from edgecad.cli.grammar.installed import NEEDS, missing_extras

    lacking = sorted({extra for command in NEEDS for extra in missing_extras(command)})
    if lacking:
        pytest.skip(f"needs the extras {', '.join(lacking)}")
