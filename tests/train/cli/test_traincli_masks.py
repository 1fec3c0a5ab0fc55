"""Masks of defects go with a run: an unfinished one finds them again when it is resumed."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from edgecad.errors import UsageError
from edgecad_train.cli.train import steps
from edgecad_train.runs.request import DataOptions, TrainRequest


@pytest.mark.parametrize("masks", [None, "/somewhere/masks"])
def test_a_resumed_run_looks_for_the_masks_and_columns_that_it_was_given(
    masks: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []

    def find(*words: Any, **more: Any) -> None:
        seen.append((words, more))
        raise UsageError("enough")

    monkeypatch.setattr(steps, "find_cases", find)
    spec: Any = SimpleNamespace(data="/data", patient_from="^p", masks=masks, keep=("sex",), clinical=())
    with pytest.raises(UsageError, match="enough"):
        steps._found_again(spec)
    ((words, more),) = seen
    assert words == (Path("/data"), "^p")
    assert more["masks"] == (None if masks is None else Path(masks))
    assert [one.name for one in more["asked"].kept] == ["sex"]


def test_a_folder_of_masks_that_is_not_there_is_said_before_anything_is_read(
    phantom_folder: Path, tmp_path: Path
) -> None:
    request = TrainRequest(phantom_folder, DataOptions(masks=tmp_path / "nowhere"))
    with pytest.raises(UsageError, match=r"no folder of masks at .*nowhere; --masks wants one"):
        request.found()
