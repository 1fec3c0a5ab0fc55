"""TensorFlow is imported in silence, and sees no GPU until training opens one by its name."""

from __future__ import annotations

import os
import sys
from types import SimpleNamespace

import pytest

from edgecad.system import extras
from edgecad.system.extras import require_tensorflow, without_greetings


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What a TensorFlow that is imported for the first time is told."""
    said: list[str] = []
    config = SimpleNamespace(
        list_physical_devices=lambda: said.append("list"),
        set_visible_devices=lambda devices, kind: said.append(f"see {devices} of {kind}"),
    )
    monkeypatch.delitem(sys.modules, "tensorflow", raising=False)
    monkeypatch.setattr(extras, "require", lambda name, extra: SimpleNamespace(config=config))
    return said


def test_gpus_are_hidden_from_a_tensorflow_that_was_just_imported(told: list[str]) -> None:
    require_tensorflow(extra="export")
    assert told == ["list", "see [] of GPU"]


def test_a_gpu_that_training_has_opened_stays(told: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorflow", SimpleNamespace())  # it was imported before, and a device chosen
    require_tensorflow(extra="train")
    assert told == ["list"]


def test_only_what_is_written_meanwhile_is_left_out(capfd: pytest.CaptureFixture[str]) -> None:
    with without_greetings():
        os.write(2, b"hello from C++\n")
    with pytest.raises(ImportError), without_greetings():  # an import that fails still raises, and what follows is seen
        raise ImportError
    os.write(2, b"an error\n")
    assert capfd.readouterr().err == "an error\n"
