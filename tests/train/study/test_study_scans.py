"""Prepared scans as workers open them: all that is known of a scan comes along, its defect too."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from fake_study import SIZE, fake_data

from edgecad_train.data.truth import DefectTruth
from edgecad_train.study.scans import store_scans, stored_scans


def test_stored_scans_keep_where_their_defects_are(tmp_path: Path) -> None:
    data = fake_data()
    upper = np.arange(32)[:, None] < np.full(32, 16)
    known = {0: DefectTruth.of_mask(upper).with_deficit(4.5), 2: DefectTruth.of_segments([1, 17])}
    cases = tuple(replace(case, defect=known.get(row)) for row, case in enumerate(data.cases))
    store_scans(replace(data, cases=cases), tmp_path)
    again = stored_scans(tmp_path, SIZE)
    assert again.cases == cases
    assert {row: case.defect for row, case in enumerate(again.cases) if case.defect} == known
    assert again.cases[0].defect is not None
    assert again.cases[0].defect.mask.mean() == 0.5
    np.testing.assert_array_equal(again.images, data.images)
