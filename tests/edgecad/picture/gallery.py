"""All variants of the picture, to look at: python tests/edgecad/picture/gallery.py FOLDER [SCALE]

It also writes each one at a quarter of its size and in grey. `test_picture_gallery.py` draws them all, too, and
compares parts of some with those in `kept/`, which `--keep` in place of a folder writes again. What they show is
invented: no model answered.
"""

from __future__ import annotations

import dataclasses
import datetime
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from edgecad import Contract, Prediction
from edgecad.answer.findings import doubts_about
from edgecad.answer.prediction import PHANTOM_STAMP, RESEARCH_STAMP, Finding
from edgecad.answer.records import Record
from edgecad.clinical.fusion import ClinicalAnswer
from edgecad.contract import Colours, Decision, HeatmapScale, Labelling, Preparation, Zone
from edgecad.decision.recalibration import Recalibration
from edgecad.picture.canvas import Canvas
from edgecad.picture.colours import INK
from edgecad.picture.figure import answer_figure, refusal_figure
from edgecad.picture.letters import letter_facts
from edgecad.picture.line import IdLine, line_of
from edgecad.polarmap import Disc, TableReading, View

Pixels = NDArray[np.uint8]
Draw = Callable[[float], Pixels]

KEPT = Path(__file__).parent / "kept"
SIZE = 224
ZONE = Zone(low=0.07, high=0.21, alpha=0.1, cad=99, other=75, part="out-of-fold", wrong_up_to=0.153)
CONTRACT = Contract(
    name="20261129-124334-mobilenetv2",
    created="2026-11-29T12:43:34Z",
    classes=("CAD", "nonCAD"),
    positive="CAD",
    origin="phantom",
    preparation=Preparation(size=SIZE),
    scaling="tf",
    backbone="mobilenetv2",
    head="pool, 2",
    activations=(),
    feature_layer="features",
    decision=Decision(threshold=0.12, rule="balanced"),
    heatmap=HeatmapScale(full_scale=15.0, region_threshold=7.5),
    labelling=Labelling(reference="unnamed readers", prevalence=0.53),
    colours=Colours(bins="f" * 1024),
    metrics=(),
    data_sha256="0" * 64,
    split_sha256="0" * 64,
    weights="none",
    versions={},
    intended_use="to look at",
)
RECALIBRATION = Recalibration(intercept=0.4, slope=0.9, patients=140, network="a" * 64, date=datetime.date(2026, 11, 1))
LINE = IdLine(
    model=CONTRACT.name,
    model_sha256="cfa82804" * 8,
    precision="fp32",
    device="cpu",
    identity="study 0417",
    scan_sha256="daf97cbc" * 8,
    time="2026-11-29T13:41:07.120000Z",
)


def drawn_map(seed: int = 0) -> tuple[Pixels, NDArray[np.float32]]:
    """A disc of smooth uptake in warm colours, `(size, size, 3)` uint8 RGB, and the uptake, percent."""
    rng = np.random.default_rng(seed)
    rough = rng.uniform(0.25, 1.0, (5, 5)).astype(np.float32)
    uptake = np.clip(cv2.resize(rough, (SIZE, SIZE), interpolation=cv2.INTER_CUBIC), 0, 1)
    warm = np.stack([np.clip(2 * uptake, 0, 1), np.clip(1.6 * uptake - 0.4, 0, 1), np.clip(4 * uptake - 3, 0, 1)], -1)
    axis = np.arange(SIZE) - (SIZE - 1) / 2
    beyond = np.hypot(axis[:, None], axis) > SIZE / 2 - 1
    warm[beyond], uptake[beyond] = 0, np.nan
    return np.rint(255 * warm).astype(np.uint8), 100 * uptake


def cells(seed: int = 0, lean: float = 0.0, side: int = 7) -> NDArray[np.float32]:
    """A heat map `(side, side)`, logit units, that leans to one direction."""
    rng = np.random.default_rng(seed)
    rough = cv2.resize(rng.normal(lean, 8.0, (4, 4)), (side, side), interpolation=cv2.INTER_CUBIC)
    return np.asarray(rough, np.float32)


def answered(score: float, threshold: float = 0.12, *, seed: int = 0, **more: object) -> Prediction:
    """An answer of `CONTRACT`, with its zone."""
    image, uptake = drawn_map(seed)
    plain = Prediction(
        label="CAD" if score >= threshold else "nonCAD",
        probability=score,
        threshold=threshold,
        threshold_from="contract" if threshold == CONTRACT.decision.threshold else "site",
        positive="CAD",
        logits=np.zeros(2, np.float32),
        heatmap=cells(seed, 4.0 if score >= threshold else -4.0),
        image=image,
        uptake=uptake,
        reading=TableReading("warm", "contract", 256, 1.0, "b" * 64),
        zone=ZONE,
        screen=(800, 600),
        view=View(400.0, 300.0, 400.0, 400.0, 400.0),
        disc=Disc(400.0, 300.0, 200.0),
        findings=(),
        overruled=(),
        scan_sha256="daf97cbc" * 8,
        frame=None,
        model_sha256="cfa82804" * 8,
        contract_sha256="c" * 64,
        origin="phantom",
        device="cpu",
        provider="CPUExecutionProvider",
        precision="fp32",
    )
    return dataclasses.replace(plain, **more)  # type: ignore[arg-type]


def refused(message: str, reason: str = "wrong-kind", **more: object) -> Record:
    """The record of a scan that was not answered."""
    plain = Record(
        time="2026-11-29T13:41:07.120000Z", scan="daf97cbc", id="study 0420", status="refused", stamp=PHANTOM_STAMP,
        reason=reason, message=message, scan_sha256="d458f73c" * 8, model="cfa82804" * 8, contract="c" * 64,
        device="cpu", provider="CPUExecutionProvider", precision="fp32",
    )  # fmt: skip
    return replace(plain, **more)


MANY = (
    Finding("region-not-colder", 1.04, "THE OUTLINED REGION IS NOT COLDER"),
    Finding("overlay", 0.012, "text or lines over 1.2% of the disc were painted over"),
    Finding("colours-unseen", 0.05, "5% of the disc has colours unseen in training"),
    Finding("evidence-outside", 0.23, "23% of the heat map lies outside the disc"),
    Finding("steps", 16.0, "THE COLOURS STAND IN 16 STEPS"),
    Finding("unfamiliar", 0.4, "UNLIKE THE TRAINING SCANS: distance 0.4"),
    Finding("site-threshold-unmeasured", 0.5, "a site's own threshold is in force"),
    Finding("of-another-version", 1.0, "a finding that this picture has no words for"),
)
LONG = "20261129-124334-mobilenetv2-trained-on-the-patients-of-three-hospitals-with-attenuation-correction"
UNPROVEN = replace(CONTRACT, data_sha256="not known", metrics=())


def variants() -> Iterator[tuple[str, Draw]]:
    """Name of each variant, and what draws it at a scale."""
    yield from _states()
    yield from _thresholds()
    yield from _inputs()
    yield from _clinical()
    yield from _names()
    yield from _refusals()


def _answer(prediction: Prediction, contract: Contract = CONTRACT, line: IdLine = LINE) -> Draw:
    return partial(answer_figure, prediction, contract, line)


def _refusal(record: Record, model: str = CONTRACT.name) -> Draw:
    return partial(refusal_figure, record, line_of(record, model))


def _states() -> Iterator[tuple[str, Draw]]:
    yield "above", _answer(answered(0.91))
    yield "below", _answer(answered(0.04, seed=1))
    yield "uncertain-above", _answer(answered(0.16, seed=2))
    yield "uncertain-below", _answer(answered(0.09, seed=3))
    yield "no-zone-above", _answer(answered(0.91, zone=None))
    yield "no-zone-below", _answer(answered(0.04, zone=None))
    research = {"origin": "patients"}
    yield "research-above", _answer(answered(0.91, **research))
    yield "research-below", _answer(answered(0.04, **research))
    objections = (
        "the file says that it is a rest study; a stress map with attenuation correction is wanted: send that",
        "63% of the disc has colours that training never saw, at most 60% allowed; save the screen in its colours",
    )
    for name, score in (("above", 0.91), ("below", 0.04), ("uncertain", 0.16)):
        yield f"forced-{name}", _answer(answered(score, overruled=objections, **research))
        unproven = doubts_about(UNPROVEN)
        yield f"unproven-{name}", _answer(answered(score, findings=unproven), UNPROVEN)
    useless = Finding("operating-point-useless", 0.21, "DO NOT DEPLOY: at its threshold, specificity 0.21")
    yield "do-not-deploy", _answer(answered(0.91, findings=(useless,)))
    both = (*MANY, useless)
    yield "forced-unproven-many", _answer(answered(0.91, findings=both, overruled=objections * 3))
    yield "many-findings", _answer(answered(0.91, findings=MANY))
    yield "one-finding", _answer(answered(0.91, findings=MANY[2:3]))


def _thresholds() -> Iterator[tuple[str, Draw]]:
    yield "site-below-disagrees", _answer(answered(0.31, 0.5, seed=4))
    yield "site-uncertain", _answer(answered(0.55, 0.5, zone=dataclass_zone(0.35, 0.65)))
    yield "site-agrees", _answer(answered(0.91, 0.5))
    moved = {"recalibration": RECALIBRATION, "own_probability": 0.9, "own_threshold": 0.12}
    yield "recalibrated", _answer(answered(0.88, RECALIBRATION.moved(0.12), threshold_from="contract", **moved))
    moved = {"recalibration": RECALIBRATION, "own_probability": 0.3, "own_threshold": 0.4}
    yield "recalibrated-site", _answer(answered(RECALIBRATION.moved(0.3), RECALIBRATION.moved(0.4), **moved))
    for score in (0.004, 0.996, 0.0, 1.0, 0.12, 0.12004, 0.12 + 1e-9):
        yield f"score-{score:.10g}", _answer(answered(score))
    for threshold in (0.001, 0.03, 0.25, 0.5, 0.97, 0.999):
        own = replace(CONTRACT, decision=Decision(threshold=threshold, rule="given"))
        yield f"threshold-{threshold:g}", _answer(answered(0.5, threshold, threshold_from="contract"), own)
    zone = dataclass_zone(0.0, 1.0)
    yield "zone-of-everything", _answer(answered(0.6, zone=zone))
    yield "zone-of-a-point", _answer(answered(0.12, zone=dataclass_zone(0.12, 0.12)))
    yield "score-beside-the-zone", _answer(answered(0.2101))


def dataclass_zone(low: float, high: float) -> Zone:
    """The zone with other bounds."""
    return replace(ZONE, low=low, high=high)


def _inputs() -> Iterator[tuple[str, Draw]]:
    whole = replace(CONTRACT, preparation=Preparation(size=SIZE, crop="none"))
    unchecked = Finding("picture-unchecked", 1.0, "NOTHING CHECKED WHAT THE IMAGE SHOWS: it was taken whole")
    rgb = {"uptake": None, "reading": None}
    yield "whole-image", _answer(answered(0.91, disc=None, findings=(unchecked,), **rgb), whole)
    yield "colours-as-input", _answer(answered(0.91, **rgb))
    fine = answered(0.91, heatmap=cells(5, 3.0, 28))
    yield "fine-cells", _answer(fine)
    yield "no-region", _answer(answered(0.91, heatmap=cells(5, 0.0) / 8, findings=(
        Finding("region-empty", 0.5, "NO REGION IS OUTLINED"),)))  # fmt: skip
    table = TableReading("the-table-of-our-old-workstation-2009", "site", 16, 1.0, "b" * 64)
    yield "table-with-a-long-name", _answer(answered(0.91, reading=table))


def fused(*columns: float, baseline: float = -0.4, image: float = 1.7) -> ClinicalAnswer:
    """Terms of a fused score, of age, sex and others."""
    names = ("age", "sex", "diabetes", "years since the first symptom of any kind", "smoker", "chest pain", "height")
    return ClinicalAnswer(fused=True, baseline=baseline, image=image, columns=dict(zip(names, columns, strict=False)))


def _clinical() -> Iterator[tuple[str, Draw]]:
    yield "clinical", _answer(answered(0.91, clinical=fused(0.62, -0.21)))
    many = fused(0.62, -0.21, 0.4, -0.9, 0.02, 0.0, 1.3)
    yield "clinical-many", _answer(answered(0.16, findings=MANY, clinical=many))
    why = "age is missing (40 to 82, as in training)"
    missing = Finding("clinical-missing", 1.0, f"THE IMAGE ALONE ANSWERED, without the clinical columns: {why}")
    alone = ClinicalAnswer(fused=False, why=why)
    yield "clinical-image-alone", _answer(answered(0.91, clinical=alone, findings=(missing,)))


def _names() -> Iterator[tuple[str, Draw]]:
    yield "frame", _answer(answered(0.91, frame=3), line=dataclasses.replace(LINE, frame=3))
    yield "no-identity", _answer(answered(0.91), line=dataclasses.replace(LINE, identity=None, time=None))
    for name, identity in {
        "long": "accession 2026-11-29/" + "0123456789" * 24,
        "umlauts": "Größe Łódź Nguyễn Ångström ½",
        "boxes": "患者 12 🫀\n\x07",
        "combining": "Gro\u0308\u00dfe",
    }.items():
        yield f"identity-{name}", _answer(answered(0.91), line=dataclasses.replace(LINE, identity=identity))
    both = dataclasses.replace(
        LINE, identity="accession " + "0123456789" * 24, model=LONG, device="tensorrt:0", precision="fp16", frame=12
    )
    yield "all-long", _answer(answered(0.91), line=both)
    words = "no obstructive coronary artery disease in any of the three territories"
    named = replace(CONTRACT, classes=("disease of at least one coronary artery", words),
                    positive="disease of at least one coronary artery")  # fmt: skip
    yield "long-classes", _answer(answered(0.04, label=words, positive=named.positive), named)
    reference = "two readers in consensus, a third one where they differed, after angiography within ninety days"
    labelled = replace(CONTRACT, labelling=Labelling(reference=f"{reference}; {reference}", prevalence=None))
    yield "long-reference", _answer(answered(0.16, findings=MANY), labelled)


def _refusals() -> Iterator[tuple[str, Draw]]:
    kind = "DICOM of the kind Nuclear Medicine Image Storage (raw data or a report, not a screen)"
    yield "refused", _refusal(refused(f"{kind}; wanted a polar map screen as Secondary Capture: save the screen"))
    research = {"stamp": RESEARCH_STAMP}
    yield "refused-research", _refusal(refused("the screen is blank", "blank", **research))
    yield (
        "refused-unread",
        _refusal(refused("the file has no bytes; send it again", "empty", scan_sha256=None, id=None)),
    )
    failed = {"status": "failed", "time": None}
    yield (
        "failed",
        _refusal(refused("the engine gave a value that is not finite; run `edgecad verify`", "GateFailed", **failed)),
    )
    yield (
        "refused-long",
        _refusal(refused("; ".join(["a long sentence about the scan " * 12, "what to do " * 60]), id="é" * 90), LONG),
    )
    yield "refused-endless", _refusal(refused("words without an end " * 300))
    yield "refused-one-word", _refusal(refused("x" * 900))


def kept_parts() -> dict[str, Callable[[], Pixels]]:
    """What is compared with a kept picture: all letters; verdict, bar and line of some variants; a column."""
    named = dict(variants())
    parts: dict[str, Callable[[], Pixels]] = {"letters": all_letters}
    for name in ("above", "below", "uncertain-above", "forced-below", "unproven-above", "forced-uncertain"):
        parts[name] = partial(_verdict, named[name])
    parts["stamp-and-line"] = partial(_stamp_and_line, named["all-long"])
    parts["refused"] = partial(named["refused"], 0.5)
    parts["column"] = partial(_column, named["many-findings"])
    return parts


def all_letters() -> Pixels:
    """All characters, lines of both weights by turns, and some large ones; grey in three channels."""
    characters = letter_facts().characters
    canvas = Canvas(np.zeros((330, 1600, 3), np.uint8), 1.0)
    for row, first in enumerate(range(0, len(characters), 110)):
        canvas.write(characters[first : first + 110], 4, 40 + 44 * row, 22, INK, bold=row % 2 == 1)
    canvas.write("Rg8&ß@", 4, 300, 80, INK)
    canvas.write("Rg8&ß@", 500, 300, 80, INK, bold=True)
    return canvas.pixels


def _verdict(draw: Draw) -> Pixels:
    return draw(1.0)[60:290, 30:760]


def _stamp_and_line(draw: Draw) -> Pixels:
    picture = draw(1.0)
    return np.concatenate([picture[:54, 800:], picture[856:, :800], picture[856:, 800:]])


def _column(draw: Draw) -> Pixels:
    return draw(1.0)[330:850, 1040:]


def keep() -> None:
    """Write the kept pictures again."""
    for name, draw in kept_parts().items():
        content = cv2.imencode(".png", cv2.cvtColor(draw(), cv2.COLOR_RGB2BGR), [cv2.IMWRITE_PNG_COMPRESSION, 9])[1]
        (KEPT / f"{name}.png").write_bytes(content.tobytes())


def main() -> None:
    """Write all variants to a folder, or the kept pictures."""
    if sys.argv[1] == "--keep":
        keep()
        return
    folder, scale = Path(sys.argv[1]), float(sys.argv[2]) if len(sys.argv) > 2 else 1.0
    for name in ("full", "quarter", "grey"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for name, draw in variants():
        picture = cv2.cvtColor(draw(scale), cv2.COLOR_RGB2BGR)
        small = cv2.resize(picture, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
        cv2.imwrite(str(folder / "full" / f"{name}.png"), picture)
        cv2.imwrite(str(folder / "quarter" / f"{name}.png"), small)
        cv2.imwrite(str(folder / "grey" / f"{name}.png"), cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY))


if __name__ == "__main__":
    main()
