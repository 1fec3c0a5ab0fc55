"""localisation.csv: what is written is read again, and what cannot be meant is said."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from edgecad.errors import ModelInvalid
from edgecad_train.evaluation.localisation.located import LocatedScan
from edgecad_train.runs.localised import LocatedLine, located_from_csv, write_located

KNOWN = LocatedScan(3, "Doe, J.", 0.75, True, "mask", 6.5, 0.25, True, 0.875, False, False, 0.5, -0.25)
UNKNOWN = replace(
    KNOWN, scan=4, truth="", deficit=None, chance=None, peak_on_defect=None, map_auc=None, coldest_on_defect=None,
    region_empty=True, region_uptake=None, map_and_uptake=None,
)  # fmt: skip
LINES = (LocatedLine("test", KNOWN), LocatedLine("", UNKNOWN))


def test_lines_come_back(tmp_path: Path) -> None:
    path = tmp_path / "localisation.csv"
    write_located(LINES, path)
    assert located_from_csv(path, "again") == LINES
    assert path.read_text("utf-8").splitlines()[2] == ',4,"Doe, J.",0.750000,1,,,,,,,1,,'


def test_an_older_run_has_none(tmp_path: Path) -> None:
    assert located_from_csv(tmp_path / "localisation.csv", "again") == ()


@pytest.mark.parametrize(
    ("before", "after"),
    [("chance,", ""), ("0.750000", "much"), ("0.750000", ""), (",1,mask", ",yes,mask"), ("test,3", "test,three")],
)
def test_what_cannot_be_meant_is_one_line(tmp_path: Path, before: str, after: str) -> None:
    path = tmp_path / "localisation.csv"
    write_located(LINES, path)
    text = path.read_text("utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), "utf-8")
    with pytest.raises(ModelInvalid, match=r"localisation\.csv cannot be used: .*; again") as caught:
        located_from_csv(path, "again")
    assert "\n" not in str(caught.value)


def test_other_bytes_than_text_are_said(tmp_path: Path) -> None:
    path = tmp_path / "localisation.csv"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ModelInvalid, match="cannot be used"):
        located_from_csv(path, "again")
