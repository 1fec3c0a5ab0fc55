"""The files of saved benches: what one is about, what is no bench, and how many are kept."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace
from typer.testing import CliRunner

from edgecad import Classifier
from edgecad.cli.program import app
from edgecad.engines.gpu import Gpu
from edgecad.inference import proofs
from edgecad.inference.benches import cache as cache_module
from edgecad.inference.benches import lookup
from edgecad.inference.benches.bench import BenchSubject, SavedBench
from edgecad.inference.benches.cache import remove_benches, save_bench, saved_benches
from edgecad.inference.benches.lookup import BenchFound, bench_for

from .conftest import FolderOf, bench, row


def _other_file(folder: Path, patch: pytest.MonkeyPatch) -> None:
    (folder / "model.int8.onnx").unlink()
    (folder / "SHA256SUMS").unlink()


def _same_file_of_another_digest(folder: Path, patch: pytest.MonkeyPatch) -> None:
    from edgecad.modelfiles.digest import with_digest

    path = folder / "model.onnx"
    path.write_bytes(with_digest(path.read_bytes().replace(b'"a-run"', b'"b-run"').replace(b"tiny", b"tinz")))


CHANGES: dict[str, Callable[[Path, pytest.MonkeyPatch], None]] = {
    "file gone": _other_file,
    "file changed": _same_file_of_another_digest,
    "edgecad": lambda _, patch: patch.setattr("edgecad.__version__", "9.9"),
    "opencv": lambda _, patch: patch.setattr("cv2.__version__", "9.9"),
    "engine gone": lambda _, patch: patch.setattr(proofs, "version", lambda name: "9.9"),
    "machine": lambda _, patch: patch.setattr("platform.machine", lambda: "other"),
    "processor": lambda _, patch: patch.setattr("edgecad.system.processor._CPU", Path(__file__)),
    "gpu": lambda _, patch: patch.setattr(
        lookup, "gpu_here", lambda index: Gpu("abacus", "8.7", "1.0")
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", CHANGES)
def test_it_says_nothing_of_another_model_machine_or_version(
    what: str, folder_of: FolderOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = folder_of("fp32", "int8")
    save_bench(bench(folder, row("cpu", "fp32")))
    assert bench_for(folder).saved is not None
    CHANGES[what](folder, monkeypatch)
    assert bench_for(folder) == BenchFound()


def _text(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    told = json.loads(path.read_text())
    change(told)
    path.write_text(json.dumps(told))


def _pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _link(path: Path) -> None:
    path.rename(path.with_name("real"))
    path.symlink_to("real")


def _dangling(path: Path) -> None:
    path.unlink()
    path.symlink_to("nowhere")


def _row(**changed: Any) -> Callable[[Path], None]:
    return lambda path: _text(path, lambda told: told["rows"][0].update(changed))


DAMAGE: dict[str, tuple[Callable[[Path], None], str]] = {
    "cut": (lambda path: path.write_bytes(path.read_bytes()[:-9]), "it cannot be read"),
    "empty": (lambda path: path.write_bytes(b""), "it cannot be read"),
    "no text": (lambda path: path.write_bytes(bytes(range(256))), "it cannot be read"),
    "deep": (lambda path: path.write_bytes(b"[" * 60000), "it cannot be read"),
    "huge": (lambda path: os.truncate(path, 20 << 30), "more than 65536 bytes"),
    "a link": (_link, "it is a link"),
    "a dangling link": (_dangling, "it is a link"),
    "a pipe": (_pipe, "no regular file"),
    "a folder": (_folder, ""),
    "another schema": (lambda path: _text(path, lambda told: told.update(schema=1)), "schema 1"),
    "an unknown field": (lambda path: _text(path, lambda told: told.update(run="rm")), "unknown field"),
    "no time of day": (lambda path: _text(path, lambda told: told.update(time="\x1b[2J\nnow")), "time is not ISO 8601"),
    "a name of two lines": (lambda path: _text(path, lambda told: told.update(model="a\nb")), "model is no name"),
    "of another model": (
        lambda path: _text(path, lambda told: told["subject"]["files"].update(fp32="0" * 64)),
        "than its name says",
    ),
    "no device": (_row(device="abacus"), "no device is called 'abacus'"),
    "auto": (_row(device="auto"), "auto is no device of its own"),
    "a device without its number": (_row(device="cuda"), "cuda is no device of its own"),
    "a path as a device": (_row(device="../cpu"), "no device is called"),
    "no precision": (_row(precision="fp8"), "it cannot be read"),
    "a precision that the model has not": (_row(precision="fp16"), "it names fp16, which the model has not"),
    "no time": (_row(p50=0.0), "milliseconds above 0"),
    "hundreds of digits": (_row(p95=1e300), "milliseconds above 0"),
    "an endless time": (lambda path: path.write_text(path.read_text().replace(": 2.0", ": 1e999")), ""),
}


@pytest.mark.skipif(os.name == "nt", reason="pipes and links lie in folders on POSIX systems alone")
@pytest.mark.parametrize("what", DAMAGE)
def test_a_file_that_cannot_be_used_is_passed_over_with_a_remark(what: str, folder_of: FolderOf) -> None:
    damage, said = DAMAGE[what]
    folder = folder_of("fp32", "int8")
    path = save_bench(bench(folder, row("cpu", "fp32")))
    damage(path)
    found = bench_for(folder)
    assert found.saved is None
    assert found.remark.startswith(f"the saved bench {path} is not used: ")
    assert said in found.remark
    assert "\n" not in found.remark
    with Classifier(folder, replay="never") as classifier:
        assert classifier.remark == found.remark
        assert classifier.chosen == f"default; {found.remark}"
    assert [str(each) for each, about in saved_benches() if not isinstance(about, str)] == []


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="files belong to users on POSIX systems alone")
def test_a_file_of_another_user_is_passed_over(folder_of: FolderOf, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = folder_of("fp32")
    save_bench(bench(folder, row("cpu", "fp32")))
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    assert "it belongs to another user" in bench_for(folder).remark


def test_a_bench_is_listed_and_removed(folder_of: FolderOf, cache: Path) -> None:
    saved = bench(folder_of("fp32"), row("cpu", "fp32"))
    path = save_bench(saved)
    (cache / "benches" / "noise.json").write_text("{")
    assert dict(saved_benches())[path] == saved
    assert remove_benches() == 2
    assert list((cache / "benches").iterdir()) == []


def test_the_cache_command_lists_and_forgets_them(folder_of: FolderOf, cache: Path) -> None:
    path = save_bench(bench(folder_of("fp32"), row("cpu", "fp32"), row("cuda:0", "fp32", fit=False)))
    (cache / "benches" / "noise.json").write_text("{")
    shown = CliRunner().invoke(app, ["cache", "list"]).stdout
    assert f"2 saved benches in {cache / 'benches'}" in shown
    assert "a-run, 2026-11-30: cpu fp32 2.00 ms\n" in shown
    assert "CANNOT BE USED: it cannot be read" in shown
    told = json.loads(CliRunner().invoke(app, ["cache", "list", "--json"]).stdout)["benches"]
    assert {each["path"]: each["fault"] is None for each in told} == {
        str(path): True, str(path.with_name("noise.json")): False,
    }  # fmt: skip
    gone = CliRunner().invoke(app, ["cache", "forget"])
    assert gone.stdout.splitlines()[0] == f"removed 2 saved benches from {cache / 'benches'}"
    assert "saved bench" not in CliRunner().invoke(app, ["cache", "list"]).stdout


def test_the_oldest_go(folder_of: FolderOf, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache_module, "MOST", 2)
    saved = bench(folder_of("fp32"), row("cpu", "fp32"))
    for number in range(4):
        subject = BenchSubject({"fp32": str(number)}, saved.subject.machine, saved.subject.versions)
        path = save_bench(replace(saved, subject=subject))
        os.utime(path, (1000 + number, 1000 + number))
    assert len(list((cache / "benches").iterdir())) == 2


def test_what_is_saved_is_saved_whatever_old_files_do(
    folder_of: FolderOf, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache_module, "MOST", 1)
    stuck = cache_module.benches_folder() / "a folder"
    (stuck / "with a file").mkdir(parents=True)
    os.utime(stuck, (1, 1))
    folder = folder_of("fp32")
    path = save_bench(bench(folder, row("cpu", "fp32")))
    assert path.is_file()
    assert bench_for(folder).saved is not None


def test_a_bench_is_json_that_people_can_read(folder_of: FolderOf) -> None:
    path = save_bench(bench(folder_of("fp32"), row("cpu", "fp32")))
    assert msgspec.json.decode(path.read_bytes(), type=SavedBench).rows[0].words == "cpu fp32 2.00 ms"
    assert path.read_text().count("\n") > 10
