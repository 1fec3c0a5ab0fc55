"""Golden samples there: what each precision of the model answers on each device, against what export recorded."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from emulated.place import KeptFolder
from emulated.wheels import BESIDE, ENVIRONMENT, OPENVINO

EDGECAD = f"{ENVIRONMENT}/bin/edgecad"
MODEL = "/trial/model"
FILES = {"fp32": "model.onnx", "int8": "model.int8.onnx", "fp16": "model.fp16.onnx"}
AUTO_NEVER = "fp16"
"""No processor is fast in it, and its answers there are not those of a GPU."""


@dataclass(frozen=True)
class Replayed:
    """A precision on a device.

    Attributes:
        device, precision: as they were asked for.
        code: exit code of `edgecad verify`; 5: an answer differs.
        samples: how many were replayed.
        logits, familiarity: largest difference from the recorded answers.
        heatmap: lowest correlation with the recorded maps.
        said: the reason, where the code is not 0.
    """

    device: str
    precision: str
    code: int
    samples: int = 0
    logits: float | None = None
    heatmap: float | None = None
    familiarity: float | None = None
    said: str = ""

    @property
    def holds(self) -> bool:
        """Whether every sample answers as recorded; none at all is no proof."""
        return self.code == 0 and self.samples > 0

    @property
    def right(self) -> bool:
        """Whether it holds, or is refused as OpenVINO's plugin for Arm does with int8: not available, code 4."""
        return self.holds or (self.device, self.precision, self.code) == (OPENVINO, "int8", 4)

    def line(self) -> str:
        """For a person."""
        if not self.samples:
            return f"{self.device} {self.precision}: code {self.code}: {self.said}"
        word = "holds" if self.holds else f"code {self.code}: {self.said}"
        figures = f"logits {self.logits:.2g}, heat map {self.heatmap:.9f}, familiarity {self.familiarity:.2g}"
        return f"{self.device} {self.precision}: {self.samples} samples, {figures}: {word}"


def replay(place: KeptFolder, device: str, precision: str) -> Replayed:
    """`edgecad verify` there."""
    beside = ["env", f"PYTHONPATH={BESIDE}"] if device == OPENVINO else []
    words = [*beside, EDGECAD, "verify", MODEL, "--device", device, "--precision", precision, "--json"]
    done = place.run(words)
    said = (done.stderr.strip().splitlines() or [""])[-1]
    try:
        found: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        return Replayed(device, precision, done.returncode or 1, said=said)
    rows = [row for row in found["replays"] if not row["skipped"]]
    return Replayed(
        device,
        precision,
        done.returncode,
        len(rows),
        logits=_worst(rows, "logits", max),
        heatmap=_worst(rows, "heatmap", min),
        familiarity=_worst(rows, "familiarity", max),
        said=said,
    )


def _worst(rows: list[dict[str, Any]], name: str, kind: Any) -> float | None:
    values = [row[name] for row in rows if row[name] is not None]
    return kind(values) if values else None


def replays(place: KeptFolder, openvino: bool) -> Iterator[Replayed]:
    """fp32 and int8 of the model on onnxruntime, and on OpenVINO where it is installed; fp16 is only asked for."""
    for device in ("cpu", *([OPENVINO] if openvino else [])):
        for precision in ("fp32", "int8"):
            if (place.model / FILES[precision]).is_file():
                yield replay(place, device, precision)


@dataclass(frozen=True)
class Taken:
    """What `--precision auto` opened there, out of the precisions that the model has."""

    offered: tuple[str, ...]
    precision: str
    said: str

    @property
    def right(self) -> bool:
        """fp16 is for GPUs, and never taken by choice."""
        return self.precision not in ("", AUTO_NEVER)

    def line(self) -> str:
        """For a person."""
        return f"auto: of {', '.join(self.offered)} it took {self.precision or f'none: {self.said}'}"


TAKE = """
import json, sys
from edgecad import Classifier
with Classifier(sys.argv[1], device="auto", precision="auto") as classifier:
    print(json.dumps([classifier.facts.precision, classifier.facts.device]))
"""


def taken(place: KeptFolder, hidden: str = "") -> Taken:
    """What `auto` takes of the model; `hidden` is a precision that the folder does not have then."""
    offered = tuple(precision for precision, name in FILES.items() if (place.model / name).is_file())
    offered = tuple(precision for precision in offered if precision != hidden)
    shown = place.work / "offered"
    place.clear(shown)
    shown.mkdir()
    sums = []
    for line in (place.model / "SHA256SUMS").read_text(encoding="utf-8").splitlines():
        name = line.split(maxsplit=1)[1].lstrip("*")
        if name not in [FILES[precision] for precision in FILES if precision not in offered]:
            (shown / name).write_bytes((place.model / name).read_bytes())
            sums.append(line)
    (shown / "SHA256SUMS").write_text("\n".join(sums) + "\n", encoding="utf-8")
    done = place.run([f"{ENVIRONMENT}/bin/python", "-c", TAKE, "/trial/offered"])
    try:
        return Taken(offered, json.loads(done.stdout)[0], "")
    except ValueError:
        return Taken(offered, "", (done.stderr.strip().splitlines() or [""])[-1])


def as_json(replayed: list[Replayed]) -> list[dict[str, Any]]:
    """For the summary's file."""
    return [{**asdict(each), "holds": each.holds} for each in replayed]
