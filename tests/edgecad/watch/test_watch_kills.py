"""Killed at any moment, a watch loses nothing and repeats nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from .conftest import files_in, records_in

Scan = Callable[[int], bytes]
KINDS = ("whole", "renamed", "slow", "copy", "zero", "text", "link", "cut")
REFUSED = {"zero": "empty", "text": "not-an-image", "link": "not-a-file", "cut": "truncated"}

ID_FROM = r"regex:-([a-z]+)\.jpg$"
"""The kind is the id, so that copies have one as well and stay copies."""


def arrive(folder: Path, number: int, kind: str, scan: bytes, rng: np.random.Generator) -> None:
    """One file, as it comes from somewhere."""
    path = folder / f"{number:04d}-{kind}.jpg"
    # A few bytes behind the end mark of a JPEG make another file of the same picture.
    content = scan if kind == "copy" else scan + b"\0" * (number + 1)
    if kind in ("whole", "copy"):
        path.write_bytes(content)
    elif kind == "renamed":
        path.with_suffix(".part").write_bytes(content)
        path.with_suffix(".part").rename(path)
    elif kind == "slow":
        with path.open("wb") as file:
            for start in range(0, len(content), len(content) // 3):
                file.write(content[start : start + len(content) // 3])
                file.flush()
                time.sleep(rng.uniform(0, 0.1))
    elif kind == "zero":
        path.touch()
    elif kind == "text":
        path.write_text(f"letter {number}")
    elif kind == "link":
        path.symlink_to(folder.parent / "elsewhere.jpg")
    else:
        path.write_bytes(content[: 4000 + number])


def wait_for_a_claim(incoming: Path, taken: Path) -> None:
    """Wait until a scan is taken, however slow the machine; not if there is none."""
    before, until = set(taken.glob("*.json")), time.monotonic() + 60
    while set(taken.glob("*.json")) <= before and any(incoming.iterdir()) and time.monotonic() < until:
        time.sleep(0.002)


@pytest.mark.skipif(os.name == "nt", reason="links and SIGKILL")
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("kills", "files"), [(8, 48), pytest.param(200, 1000, marks=pytest.mark.soak)])
def test_every_file_ends_in_one_place_with_one_record(
    kills: int, files: int, tmp_path: Path, model_folder: Path, scan_bytes: Scan
) -> None:
    rng = np.random.default_rng(kills)
    incoming, out = tmp_path / "in", tmp_path / "out"
    incoming.mkdir()
    site = tmp_path / "site.toml"
    site.write_text('[identity]\nscan = "name"\n')
    kinds = [KINDS[number % len(KINDS)] for number in range(files)]
    scans = [scan_bytes(index) for index in range(4)]
    command = [
        sys.executable, "-m", "edgecad", "watch", str(incoming), str(out), "--model", str(model_folder),
        "--device", "cpu", "--interval", "0.05", "--patience", "1", "--site", str(site), "--id-from", ID_FROM,
    ]  # fmt: skip
    done = 0.0

    def send() -> None:
        for number, kind in enumerate(kinds):
            arrive(incoming, number, kind, scans[number % 4], rng)
            time.sleep(rng.uniform(0, done / files))

    # Files go on arriving for about as long as kills go on.
    done = kills * 1.2
    sender = threading.Thread(target=send)
    sender.start()
    midway = 0
    for kill in range(kills):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if kill % 2:
            time.sleep(rng.uniform(0.1, 2.3))
        else:
            wait_for_a_claim(incoming, out / "taken")
            time.sleep(rng.uniform(0, 0.2))
        process.kill()
        process.wait()
        midway += any((out / "taken").glob("*.scan"))
    sender.join()
    ended = subprocess.run([*command, "--once"], capture_output=True, text=True, timeout=3000, check=False)
    assert ended.returncode in (0, 3), ended.stderr

    records = records_in(out)
    assert Counter(record.scan for record in records) == Counter(
        f"{number:04d}-{kind}.jpg" for number, kind in enumerate(kinds)
    )
    assert len({record.claim for record in records}) == files
    assert sorted(record.file for record in records) == sorted(
        path.relative_to(out).as_posix() for path in files_in(out)
    )
    assert not list(incoming.iterdir())
    assert not list((out / "taken").iterdir())
    assert not list(out.rglob("*.partial"))
    statuses = Counter(record.status for record in records)
    for record in records:
        kind = record.scan[5:-4]
        assert record.reason == REFUSED.get(kind), (record.scan, record.message)
        assert record.id == kind, "an id outlives a kill"
        assert (out / record.file).parts[len(out.parts)] == ("refused" if kind in REFUSED else "done")
    copies = kinds.count("copy")
    assert statuses["answered"] == sum(kind in ("whole", "renamed", "slow") for kind in kinds) + len(
        {number % 4 for number, kind in enumerate(kinds) if kind == "copy"}
    )
    assert statuses["copy"] == copies - len({number % 4 for number, kind in enumerate(kinds) if kind == "copy"})
    assert midway >= kills / 40, f"{midway} of {kills} kills met a scan, and the others show little"
    print(f"{kills} kills, {midway} with a scan in hand, {files} files: {dict(statuses)}")  # noqa: T201 - what a soak is run for
