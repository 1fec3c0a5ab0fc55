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
