"""`edgecad infer --frame`: one screen of a DICOM object with several, in the record and in a picture of its own."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgecad import Classifier
from edgecad.errors import InputRefused, UsageError
from edgecad.images import read_screen
from edgecad.inference.answering import answer
from edgecad.picture.canvas import Canvas
from edgecad_train.phantoms import png_bytes

Pixels = np.ndarray
Run = Callable[..., Any]

pydicom = pytest.importorskip("pydicom")


@pytest.fixture(scope="module")
def screens(phantom_screen: Callable[[int], Pixels]) -> list[Pixels]:
    """Two maps, and between them what is none."""
    first, last = phantom_screen(0), phantom_screen(1)
    return [first, np.zeros_like(first), last]


@pytest.fixture(scope="module")
def captures(screens: list[Pixels], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Secondary Capture of three frames."""
    dataset = pydicom.Dataset()
    dataset.file_meta = pydicom.dataset.FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.1"
    dataset.SOPClassUID, dataset.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.7.4", "2.25.1"
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation, dataset.PlanarConfiguration = 3, "RGB", 0
    dataset.Rows, dataset.Columns, dataset.NumberOfFrames = *screens[0].shape[:2], 3
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 8, 8, 7, 0
    dataset.PixelData = b"".join(screen.tobytes() for screen in screens)
    dataset["PixelData"].VR = "OB"
    path = tmp_path_factory.mktemp("captures") / "captures.dcm"
    pydicom.dcmwrite(path, dataset, enforce_file_format=True)
    return path


@pytest.fixture(scope="module")
def classifier(model_folder: Path) -> Classifier:
    return Classifier(model_folder, device="cpu")


def test_each_frame_gets_the_answer_of_its_own_screen(
    classifier: Classifier, captures: Path, screens: list[Pixels]
) -> None:
    for number in (1, 3):
        prediction, alone = classifier(captures, frame=number), classifier(screens[number - 1])
        assert prediction.probability == alone.probability
        assert (prediction.frame, alone.frame) == (number, None)
    assert classifier(captures, frame=1).probability != classifier(captures, frame=3).probability
    with pytest.raises(InputRefused) as caught:
        classifier(captures)
    assert caught.value.reason == "several-frames"
    with pytest.raises(UsageError, match="frame 3 of a screen that was read already"):
        classifier(read_screen(captures, 1), frame=3)


def test_frames_of_one_file_have_records_and_pictures_of_their_own(
    edgecad: Run, model_folder: Path, captures: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    command = ("infer", captures, "--model", model_folder, "--json", "--out", out)
    done = [edgecad(*command, *more) for more in ((), *(("--frame", number) for number in (1, 2, 3, 4, 5)))]
    records = [json.loads(one.stdout) for one in done]
    assert [one.code for one in done] == [3, 0, 3, 0, 3, 3]
    assert [record["frame"] for record in records] == [None, 1, 2, 3, 4, 5]
    reasons = [record["reason"] for record in records]
    assert reasons == ["several-frames", None, "blank", None, "no-such-frame", "no-such-frame"]
    assert "3 frames" in records[0]["message"]
    assert "--frame" in records[0]["message"]
    assert "1 to 3" in records[4]["message"]
    pictures = {record["figure"] for record in records}
    assert len(pictures) == len(list(out.iterdir())) == 6, "no picture was written over another"
    assert records[1]["scan_sha256"] == records[3]["scan_sha256"]


def test_the_picture_says_which_frame_it_shows(
    classifier: Classifier, captures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words: list[str] = []
    write = Canvas.write
    monkeypatch.setattr(Canvas, "write", lambda *given, **more: words.append(given[1]) or write(*given, **more))
    for number, identity, caption in ((1, None, "frame 1"), (2, "case-17", "frame 2")):
        answer(classifier, str(captures), "scan", draw=True, identity=identity, frame=number)
        assert any(word.endswith(caption) for word in words)
        assert identity is None or any(identity in word for word in words)
        words.clear()
    answer(classifier, str(captures), "scan", draw=True)
    assert words
    assert not any(re.search(r"frame \d$", word) for word in words)


def test_a_file_of_one_frame_has_the_first_alone(
    edgecad: Run, model_folder: Path, phantom_jpeg: Path, tmp_path: Path, phantom_screen: Callable[[int], Pixels]
) -> None:
    png = tmp_path / "second.png"
    png.write_bytes(png_bytes(phantom_screen(1)))
    command = ("infer", phantom_jpeg, png, "--model", model_folder, "--json")
    first, second = (edgecad(*command, "--frame", number) for number in (1, 2))
    assert (first.code, second.code) == (0, 3)
    assert [json.loads(line)["frame"] for line in first.stdout.splitlines()] == [1, 1]
    refused = [json.loads(line) for line in second.stdout.splitlines()]
    assert [record["reason"] for record in refused] == ["no-such-frame"] * 2
    assert "1, the only one" in refused[0]["message"]


@pytest.mark.parametrize("number", ["0", "-1", "first"])
def test_what_is_no_number_of_a_frame_is_a_usage_error(edgecad: Run, phantom_jpeg: Path, number: str) -> None:
    done = edgecad("infer", phantom_jpeg, "--frame", number)
    assert (done.code, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert "--frame" in line
