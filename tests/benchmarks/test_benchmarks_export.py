"""Each export benchmark runs, small, and its file says what it measured; no time is judged."""

from __future__ import annotations

import importlib
import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

PROGRAM = Path(__file__).resolve().parents[2] / "benchmarks" / "export.py"
SMALL = ("--backbones", "mobilenetv2", "--rounds", "20")
Measured = Callable[..., dict[str, Any]]


@pytest.fixture
def measured(with_real_network: Callable[[Path], list[str]], tmp_path: Path) -> Measured:
    """Run one benchmark as a user runs it, and read its file."""

    def run(what: str, *words: str) -> dict[str, Any]:
        command = [*with_real_network(PROGRAM), what, *SMALL, *words, "--results", str(tmp_path / "results")]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        found = json.loads((tmp_path / "results" / f"export_{what}_mobilenetv2.json").read_text())
        assert found["what"] == what
        assert isinstance(found["machine"]["vnni"], bool)
        return dict(found)

    return run


def test_untrained_times_every_precision_side_by_side(measured: Measured) -> None:
    row = measured("untrained", "--precisions", "fp16")
    assert set(row["files"]) == set(row["milliseconds"]) == {"fp32", "fp16"}
    assert row["files"]["fp32"]["loosened"] == []
    assert row["files"]["fp16"]["backbone_share_of_fp32"] < 0.52
    assert row["faster"]["fp32"] == 1.0
    assert row["faster"]["fp16"] == pytest.approx(
        row["milliseconds"]["fp32"]["median"] / row["milliseconds"]["fp16"]["median"]
    )


def test_cam_compares_the_same_network_with_and_without_its_maps(measured: Measured, kept_models: Path) -> None:
    row = measured("cam", "--models", str(kept_models))
    times = row["milliseconds"]
    assert row["cost"] == pytest.approx(times["with"]["median"] / times["without"]["median"] - 1)
    assert row["held"] is (row["cost"] <= 0.02)


def test_a_file_that_misses_is_tried_with_looser_bounds(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.syspath_prepend(PROGRAM.parent)
    parity, exporting = (importlib.import_module(f"measures.{name}") for name in ("export.parity", "models.exporting"))
    tried = []

    def run_command(words: Any, folder: Path, allowed: Any = (0,)) -> Any:
        bounds = [word for word in words if str(word).startswith("int8.")]
        tried.append(bounds)
        return exporting.ProcessEnd(1.0, 1.0, 0 if len(tried) == 3 else parity.GateFailed.exit_code)

    monkeypatch.setattr(exporting, "run_command", run_command)
    found = parity.narrowed(tmp_path, "int8")
    assert found.loosened == parity.LOOSER["int8"][2]
    assert tried == [[f"int8.{bound}" for bound in bounds] for bounds in parity.LOOSER["int8"][:3]]


RUN = PROGRAM.parents[1] / "tests" / "formats" / "f477da6" / "run"
"""A run of a small network, as an earlier EdgeCAD left it."""


@pytest.mark.parametrize("words", [(), ("missed",)], ids=["holds", "missed"])
def test_int8_says_whether_it_holds_by_default_and_what_of_it_is_in_8_bits(
    words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.syspath_prepend(PROGRAM.parent)
    int8, options = (importlib.import_module(f"measures.export.{name}") for name in ("int8", "options"))
    source = int8.exported
    bounds = ("probabilities=0", "neighbourhood=0") if words else ()
    monkeypatch.setattr(int8, "exported", lambda *given, **named: source(*given, bounds, **named))
    (row,) = int8.int8(options.ExportOptions(what="int8", runs=(RUN,), rounds=20, fresh=6, results=tmp_path))
    entry = row.int8
    assert row.held is not bool(words)
    assert row.held is (entry.validation.probabilities <= entry.tolerances["probabilities"])
    assert 0 < entry.multiply_adds_in_fewer_bits <= 1
    assert (entry.multiply_adds_in_fewer_bits == 1) is (not entry.kept_in_fp32)
    assert set(row.milliseconds) == ({"fp32", "int8"} if row.held else {"fp32"})
    assert set(row.bytes) == set(row.milliseconds)
    assert (row.faster is None) is bool(words)
    assert (row.fresh is None) is bool(words)
    if row.fresh is not None:
        assert 1 < row.fresh.images <= 6
        assert 0 < row.fresh.probabilities_rms <= row.fresh.probabilities
        assert (row.fresh.beyond == 0) is (row.fresh.probabilities <= entry.tolerances["probabilities"])
    told = capsys.readouterr().out.splitlines()[-1]
    assert told.count("|") == len(int8.COLUMNS) + 1
    assert ("**missed**: " in told) is bool(words)
    assert f"{entry.multiply_adds_in_fewer_bits:.0%}" in told


def test_every_input_and_seed_is_a_training_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.syspath_prepend(PROGRAM.parent)
    int8, options = (importlib.import_module(f"measures.export.{name}") for name in ("int8", "options"))
    trained = []

    @contextmanager
    def run_of(backbone: str, patients: int, words: Any) -> Iterator[Path]:
        told = {word: words[place + 1] for place, word in enumerate(words) if str(word).startswith("--")}
        trained.append((backbone, patients, told["--input"], told["--seed"]))
        yield tmp_path

    monkeypatch.setattr(int8, "run_of", run_of)
    monkeypatch.setattr(int8, "_row", lambda source, options: source.backbone)
    wanted = options.ExportOptions(
        what="int8", weights=("vgg16=w",), inputs=("uptake", "rgb"), seeds=(0, 3), patients=9, results=tmp_path
    )
    names = list(int8.int8(wanted))
    assert names == ["vgg16-uptake-0", "vgg16-uptake-3", "vgg16-rgb-0", "vgg16-rgb-3"]
    assert trained == [("vgg16", 9, own, seed) for own in ("uptake", "rgb") for seed in (0, 3)]
