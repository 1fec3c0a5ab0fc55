"""Schema 2: when, of which bytes, by whose choices, and what draws the map again without its model."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path

import msgspec
import numpy as np
import pytest
from msgspec.structs import replace

from edgecad import Classifier, Prediction
from edgecad.answer.records import Record, json_line, record_from_json, record_of_answer
from edgecad.contract import Contract, HeatmapScale
from edgecad.errors import UsageError
from edgecad.images import limits
from edgecad.inference import answering
from edgecad.inference.answering import answer
from edgecad.picture.cells import CellStyle, draw_cells, heatmap_on_screen
from edgecad.spool.index import SpoolRecord

V1 = Path(__file__).with_name("record_v1.json")


@pytest.fixture(scope="module")
def classifier(model_folder: Path) -> Classifier:
    return Classifier(model_folder, device="cpu")


@pytest.fixture(scope="module")
def shown(classifier: Classifier, phantom_screen: Callable[[int], np.ndarray]) -> Prediction:
    return classifier(phantom_screen(1))


@pytest.mark.parametrize("full_scale", [1e-3, 0.0371, 1.0, 9.99, 123.0, 2e4])
@pytest.mark.parametrize("cells", [4, 7, 12])
def test_a_map_is_drawn_again_from_its_record_as_it_was(
    shown: Prediction, tiny_contract: Contract, full_scale: float, cells: int
) -> None:
    rng = np.random.default_rng(cells)
    heatmap = (rng.normal(0, full_scale, (cells, cells)) * rng.choice([0.01, 1, 3])).astype(np.float32)
    # Some lie just beside a step: rounding must not carry them over it in one picture alone.
    heatmap.ravel()[:3] = np.array([0.24996, 0.50004, -0.49996]) * full_scale
    answered = dataclasses.replace(shown, heatmap=heatmap)
    scale = HeatmapScale(full_scale=full_scale, region_threshold=full_scale / 2)
    line = json_line(record_of_answer("a", answered, replace(tiny_contract, heatmap=scale)))
    record = msgspec.json.decode(line, type=Record)
    assert (record.full_scale, record.region_threshold) == (full_scale, full_scale / 2)
    again = np.array(record.heatmap, np.float32)
    assert np.abs(again - heatmap).max() <= full_scale / 1000
    one, other = (draw_cells(shown.image, values, CellStyle(scale)) for values in (heatmap, again))
    np.testing.assert_array_equal(one, other)
    assert (one != draw_cells(shown.image, np.zeros_like(heatmap), CellStyle(scale))).any()


def test_where_the_map_lies_on_the_screen_is_told_in_full(shown: Prediction, tiny_contract: Contract) -> None:
    record = msgspec.json.decode(json_line(record_of_answer("a", shown, tiny_contract)), type=Record)
    assert (record.view, record.disc, record.screen) == (shown.view, shown.disc, shown.screen)
    one, other = heatmap_on_screen(shown), heatmap_on_screen(record)
    np.testing.assert_allclose(one, other, atol=tiny_contract.heatmap.full_scale / 1000)
    assert np.isfinite(other).any()
    bare = replace(record, heatmap=None)
    with pytest.raises(UsageError, match="has no heat map"):
        heatmap_on_screen(bare)


def test_all_that_draws_a_map_of_seven_by_seven_takes_less_than_a_kilobyte(
    shown: Prediction, tiny_contract: Contract
) -> None:
    heatmap = -np.random.default_rng(0).uniform(1, 9, (7, 7)).astype(np.float32)
    record = record_of_answer("a", dataclasses.replace(shown, heatmap=heatmap), tiny_contract)
    bare = replace(record, heatmap=None, full_scale=None, view=None, disc=None, screen=None)
    assert len(json_line(record)) - len(json_line(bare)) < 1000


@pytest.mark.parametrize("kind", ["answered", "refused", "failed", "no picture"])
def test_time_and_hash_stand_in_every_record_of_a_scan_that_could_be_read(
    classifier: Classifier, phantom_jpeg: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    content = phantom_jpeg.read_bytes()
    if kind == "failed":
        monkeypatch.setattr(type(classifier.runner), "run", lambda *_: 1 / 0)
    if kind in ("refused", "no picture"):
        content = b"a letter" if kind == "no picture" else content[:9000]
    path = tmp_path / "scan.jpg"
    path.write_bytes(content)
    for source in (path, str(path), content):
        before = datetime.now(timezone.utc)
        record = answer(classifier, source, "scan", draw=False).record
        assert record.status == ("refused" if kind == "no picture" else kind)
        assert record.scan_sha256 == hashlib.sha256(content).hexdigest()
        assert record.time is not None
        assert record.time.endswith("Z")
        told = datetime.fromisoformat(record.time.replace("Z", "+00:00"))
        assert before <= told <= before + timedelta(minutes=1)


def test_what_could_not_be_read_whole_has_no_hash(
    classifier: Classifier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (answering, limits):
        monkeypatch.setattr(module, "MAX_BYTES", 100)
    (tmp_path / "large.jpg").write_bytes(bytes(101))
    (tmp_path / "empty.jpg").touch()
    for source in (tmp_path / "absent.jpg", tmp_path, tmp_path / "large.jpg", bytes(101), tmp_path / "empty.jpg", b""):
        record = answer(classifier, source, "scan", draw=False).record
        assert (record.status, record.scan_sha256) == ("refused", None)
        assert record.time is not None


def test_a_record_of_schema_1_is_read_and_its_later_fields_are_null() -> None:
    content = V1.read_bytes()
    record = record_from_json(content, SpoolRecord)
    assert (record.schema, record.status, record.threshold_from) == (1, "answered", "contract")
    later = set(Record.__struct_fields__) - msgspec.json.decode(content).keys()
    assert later == {
        "time",
        "site",
        "heatmap",
        "full_scale",
        "region_threshold",
        "view",
        "disc",
        "screen",
        "clinical",
        "colour_table",
        "segments",
        "layout",
        "familiarity",
        "familiarity_limit",
        "certainty",
        "zone",
        "recalibration",
        "own_probability",
        "own_threshold",
        "uids",
        "remarks",
        "chosen",
    }
    assert {getattr(record, name) for name in later - {"remarks"}} == {None}
    assert record.remarks == ()
    assert [finding.code for finding in record.findings] == ["evidence-outside"]
