"""What the runtime costs beside the network; each comparison in turn, in one run."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import numpy as np

from measures.command import EDGECAD, seconds_in_turn
from measures.models.exporting import exported, untrained_run
from measures.models.screens import answer_all, drawn_screens
from measures.quartiles import Quartiles, spread
from measures.runtime.options import RuntimeOptions

START, HELP, OVERHEAD, FOLDER = 1.25, 1.6, 1.1, 0.9
PARTS = 10
"""Of a folder: ours and the bare session take turns, part by part."""
PHANTOMS = 24
"""That a random model is made from; the screens are the first of them, whose colours it knows."""
BARE = """
import sys
import cv2
import numpy as np
import onnxruntime
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = int(sys.argv[3])
session = onnxruntime.InferenceSession(sys.argv[1], options, providers=["CPUExecutionProvider"])
size = session.get_inputs()[0].shape[1]
image = cv2.cvtColor(cv2.imread(sys.argv[2]), cv2.COLOR_BGR2RGB)
image = cv2.resize(image, (size, size), interpolation=cv2.INTER_AREA)[None]
print(session.run(["probabilities"], {"image": np.ascontiguousarray(image)})[0].tolist())
"""
"""What somebody without EdgeCAD would write: no map check, no heat map, no other checks."""


class StartTimes(msgspec.Struct, frozen=True):
    """Seconds of whole processes, their ratios, and the bounds on these (`wanted`)."""

    backbone: str
    rounds: int
    seconds: dict[str, Quartiles]
    ratios: dict[str, float]
    wanted: dict[str, float]
    held: bool


class Overhead(msgspec.Struct, frozen=True):
    """Milliseconds of a warm answer less its network's, and of OpenCV's decoding; `stages` of the answer."""

    backbone: str
    warm: int
    milliseconds: dict[str, Quartiles]
    stages: dict[str, Quartiles]
    ratio: float
    wanted: float
    held: bool


class FolderRate(msgspec.Struct, frozen=True):
    """Screens a second of ours and of the bare session."""

    backbone: str
    screens: int
    a_second: dict[str, Quartiles]
    ratio: float
    wanted: float
    held: bool


def start(options: RuntimeOptions) -> StartTimes:
    """Whole processes: ours on one scan against the bare script; help and version against typer's import."""
    from edgecad.system.cores import usable_threads

    with _model_and_screens(options, 1) as (model, (scan,)):
        threads = str(usable_threads())
        times = seconds_in_turn(
            {
                "infer": [*EDGECAD, "infer", scan, "--model", model, "--device", "cpu", "--json"],
                "bare": ["-c", BARE, model, scan, threads],
                "help": [*EDGECAD, "--help"],
                "version": [*EDGECAD, "--version"],
                "typer": ["-c", "import typer"],
            },
            options.rounds,
        )
    middle = {name: float(np.median(taken)) for name, taken in times.items()}
    ratios = {
        "infer_to_bare": middle["infer"] / middle["bare"],
        "help_to_typer": middle["help"] / middle["typer"],
        "version_to_typer": middle["version"] / middle["typer"],
    }
    bounds = {"infer_to_bare": START, "help_to_typer": HELP, "version_to_typer": HELP}
    held = all(ratios[name] <= bound for name, bound in bounds.items())
    return StartTimes(options.network, options.rounds, spread(times), ratios, bounds, held)


def overhead(options: RuntimeOptions) -> Overhead:
    """Warm answers from a path, less their network's run, against OpenCV's full decoding of the same file."""
    import cv2

    from edgecad import Classifier

    stages: dict[str, list[float]] = {}
    times: dict[str, list[float]] = {"overhead": [], "decode": []}
    with (
        _model_and_screens(options, 1) as (model, (scan,)),
        Classifier(model, device="cpu") as classifier,
    ):
        for number in range(options.warm + 10):
            begun = time.perf_counter()
            prediction = classifier(scan)
            whole = 1000 * (time.perf_counter() - begun)
            begun = time.perf_counter()
            cv2.imread(scan, cv2.IMREAD_COLOR)
            decode = 1000 * (time.perf_counter() - begun)
            if number >= 10:
                times["overhead"].append(whole - prediction.milliseconds["run"])
                times["decode"].append(decode)
                for stage, taken in prediction.milliseconds.items():
                    stages.setdefault(stage, []).append(taken)
    ratio = float(np.median(times["overhead"]) / np.median(times["decode"]))
    return Overhead(options.network, options.warm, spread(times), spread(stages), ratio, OVERHEAD, ratio <= OVERHEAD)


def folder(options: RuntimeOptions) -> FolderRate:
    """Screens a second of `edgecad infer FOLDER --json` without its start, against the session on prepared images."""
    from edgecad import Classifier
    from edgecad.inference.predicting import ANSWER_OUTPUTS
    from edgecad.system.parallel import share_for

    share = share_for(options.screens)
    with (
        _model_and_screens(options, min(options.screens, PHANTOMS)) as (model, scans),
        Classifier(model, device="cpu") as bare,
        Classifier(model, device="cpu", threads=share.threads) as classifier,
    ):
        prepared = classifier(scans[0]).image[None]
        screens = [scans[number % len(scans)] for number in range(max(1, options.screens // PARTS))]
        rates: dict[str, list[float]] = {"ours": [], "bare": []}
        for _ in range(PARTS):
            begun = time.perf_counter()
            answer_all(classifier, screens, share.workers)
            rates["ours"].append(len(screens) / (time.perf_counter() - begun))
            begun = time.perf_counter()
            for _ in screens:
                bare.runner.run(prepared, ANSWER_OUTPUTS)
            rates["bare"].append(len(screens) / (time.perf_counter() - begun))
    ratio = float(np.median(rates["ours"]) / np.median(rates["bare"]))
    return FolderRate(options.network, len(screens) * PARTS, spread(rates), ratio, FOLDER, ratio >= FOLDER)


@contextmanager
def _model_and_screens(options: RuntimeOptions, count: int) -> Iterator[tuple[str, list[str]]]:
    """An `.onnx` file, and screens of 1640 x 1068 as JPEG."""
    with tempfile.TemporaryDirectory() as folder:
        scans = drawn_screens(Path(folder), count)
        if options.model is not None:
            yield str(options.model), scans
            return
        with untrained_run(options.network, PHANTOMS) as run:
            yield str(exported(run, ()).folder / "model.onnx"), scans
