"""A watch whose model is no longer the one in force: it says so once, and goes on with its own."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

from edgecad import Classifier
from edgecad.modelfiles.pointer import put_in_force
from edgecad.watch.watcher import Watcher

from .conftest import QUICK, Hot


def test_another_model_in_force_is_said_once_and_no_answer_changes(
    hot: Hot, model_folder: Path, tmp_path: Path, scan_bytes: Callable[[int], bytes]
) -> None:
    models = tmp_path / "models"
    for name in ("one", "two", "three"):
        shutil.copytree(model_folder, models / name)
    put_in_force(models / "one", "edgecad export")
    said: list[str] = []
    with Classifier(models / "latest", device="cpu") as classifier:
        watcher = Watcher(classifier, hot.incoming, hot.out, QUICK, on_problem=said.append)
        seen = []
        for number, name in enumerate(("one", "two", "two", "three", "one", "two")):
            put_in_force(models / name, "edgecad models use")
            (hot.incoming / f"{number}.jpg").write_bytes(scan_bytes(number))
            watcher.run(threading.Event(), threading.Event(), once=True)
            heartbeat = json.loads((hot.out / "heartbeat.json").read_text())
            assert heartbeat["model"] == classifier.model_sha256
            seen.append(heartbeat["model_in_force"])
    assert seen == [None, "two", "two", "three", None, "two"]
    assert [line.split(": ")[1].split(";")[0] for line in said] == ["two", "three", "two"]
    assert all("goes on with one until it is started again" in line for line in said)
    assert {record.status for record in hot.records("done")} == {"answered"}
    assert {record.model for record in hot.records("done")} == {classifier.model_sha256}


def test_a_watch_of_a_named_folder_follows_no_pointer(hot: Hot) -> None:
    hot.once()
    assert json.loads((hot.out / "heartbeat.json").read_text())["model_in_force"] is None
