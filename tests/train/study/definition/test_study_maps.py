"""A study with a method that reads several maps of a patient."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from edgecad.contract import Drawing, Preparation
from edgecad.errors import UsageError
from edgecad_train.data import preparation_for
from edgecad_train.methods.table import NORMAL_LIMITS
from edgecad_train.study.definition.planning import StudyPlan, plan_study
from edgecad_train.study.definition.request import StudyOptions, StudyRequest
from edgecad_train.study.folder import StudyFolder

SEVERAL = {"methods": f"{NORMAL_LIMITS},vgg16-maps", "backbones": "vgg16,mobilenetv2"}


@pytest.fixture(scope="module")
def tables(phantom_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`one.csv` of phantoms, and `two.csv` in which each has the map of the next one as well, at rest say."""
    folder = tmp_path_factory.mktemp("tables")
    labels = [path.parent.name for path in sorted(phantom_folder.glob("*/*.jpg"))]
    paths = sorted(phantom_folder.glob("*/*.jpg"))
    scans, others = paths[::2], paths[1::2]
    for name, header in (("one", ["path", "label", "patient"]), ("two", ["path", "label", "patient", "map:rest"])):
        with (folder / f"{name}.csv").open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(header)
            for path, label, other in zip(scans, labels[::2], others, strict=False):
                writer.writerow([path, label, path.stem, other][: len(header)])
    return folder


def _planned(data: Path, out: Path | None = None, **words: Any) -> StudyPlan:
    options: dict[str, Any] = {"strategies": "none", "seeds": 1, "first_weights": ["none"], **words}
    return plan_study(StudyRequest(data, StudyOptions(**options)), lambda done, of: None, out)


def test_there_is_one_row_on_its_own_network_and_every_scan_has_all_maps(tables: Path) -> None:
    plan = _planned(tables / "two.csv", **SEVERAL)
    assert [(unit.network, unit.variant) for unit in plan.study.units] == [
        ("none", NORMAL_LIMITS), ("vgg16", "vgg16-maps"),
    ]  # fmt: skip
    data = plan.data[224]
    assert data.further["rest"].shape == data.images.shape
    assert not np.array_equal(data.further["rest"], data.images)


def test_without_the_method_further_maps_are_not_read(tables: Path) -> None:
    plan = _planned(tables / "two.csv", backbones="vgg16")
    assert not plan.data[224].further
    assert plan.study.spec.data_sha256 == _planned(tables / "one.csv", backbones="vgg16").study.spec.data_sha256


def test_other_maps_are_another_study(tables: Path, tmp_path: Path) -> None:
    begun = _planned(tables / "two.csv", **SEVERAL)
    StudyFolder(tmp_path / "study").open(begun.study)
    text = (tables / "two.csv").read_text().splitlines()
    cells = [line.split(",") for line in text[1:]]
    turned = [",".join([*own[:3], other[3]]) for own, other in zip(cells, cells[1:] + cells[:1], strict=True)]
    (tables / "turned.csv").write_text("\n".join([text[0], *turned]))
    with pytest.raises(UsageError, match="data_sha256"):
        _planned(tables / "turned.csv", tmp_path / "study", **SEVERAL)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({"methods": "vgg16-maps", "backbones": "mobilenetv2"}, "name vgg16 in --backbones"),
        ({"methods": "vgg16-maps", "backbones": "vgg16"}, "name further maps in columns map:NAME"),
        (
            {"methods": "all", "backbones": "vgg16", "reference": "vgg16-maps"},
            "--reference vgg16-maps: it reads several maps .*, and name another reference",
        ),
        (
            {"methods": "all", "backbones": "mobilenetv2", "reference": "vgg16-maps"},
            "--reference vgg16-maps: it stands on vgg16",
        ),
    ],
)
def test_what_it_lacks_is_said_where_it_was_named(tables: Path, words: dict[str, str], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        _planned(tables / "one.csv", **words)


@pytest.mark.parametrize(("table", "network"), [("one", "vgg16"), ("two", "mobilenetv2")])
def test_among_all_it_is_left_out_with_a_reason(tables: Path, table: str, network: str) -> None:
    plan = _planned(tables / f"{table}.csv", methods="all", backbones=network)
    assert {*plan.methods_left_out} == {"vgg16-maps"}
    assert "vgg16-maps" not in plan.study.spec.methods
    assert {"polar-cnn", "polar-gcn", "rgb-cnn"} < {*plan.study.spec.methods}


@pytest.fixture
def in_rainbow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let uptake be drawn in a table whose colours go up and down."""
    from edgecad_train.study.definition import planning

    def drawn(*given: Any) -> Preparation:
        return replace(preparation_for(*given), drawing=Drawing(table="rainbow"))

    monkeypatch.setattr(planning, "preparation_for", drawn)


@pytest.mark.parametrize("words", [{"methods": "polar-cnn"}, {"methods": "all", "reference": "polar-gcn"}])
def test_a_drawing_that_does_not_tell_uptake_is_refused_before_a_scan_is_read(
    tables: Path, in_rainbow: None, monkeypatch: pytest.MonkeyPatch, words: dict[str, str]
) -> None:
    from edgecad_train.study.definition import planning

    del in_rainbow
    monkeypatch.setattr(planning, "prepare_cases", lambda *_, **__: pytest.fail("a scan was read"))
    with pytest.raises(UsageError, match=r"in the table rainbow .* do not rise with uptake; draw in hot-iron"):
        _planned(tables / "one.csv", backbones="mobilenetv2", **words)


def test_among_all_methods_those_that_read_colours_are_left_out_then(tables: Path, in_rainbow: None) -> None:
    del in_rainbow
    plan = _planned(tables / "one.csv", methods="all", backbones="mobilenetv2")
    assert {*plan.methods_left_out} == {"vgg16-maps", "polar-cnn", "polar-gcn"}
    assert "do not rise" in plan.methods_left_out["polar-cnn"]
