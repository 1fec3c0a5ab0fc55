"""Parts of the model card: the files, and how far each lies from the trained Keras model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from edgecad_export.candidates import Candidate
from edgecad_export.modelfolder.exported_file import ExportedFile
from edgecad_export.modelfolder.markdown import code, plain, section, table
from edgecad_export.proof.parity import Parity

HALF_PROOF = (
    "judged with every value rounded to half, which is what hardware gives that multiplies halves and adds in fp32 "
    "(tensor cores). Hardware that also adds in half, as ONNX Runtime's Arm kernels, gives other values: there only "
    "the golden samples tell."
)
"""What the gate of an fp16 file proves, and what it does not."""
PURPOSES = {"fp32": "the reference, any device", "fp16": "GPUs", "int8": "CPUs"}
BOUNDS = {
    "logits": "logit difference, of their scale, at most",
    "probabilities": "score difference, at most",
    "neighbourhood": "label or certainty may flip only so near the threshold or a bound of the zone",
    "heatmap_correlation": "heat map correlation, at least",
    "auc_loss": "AUC loss, at most",
    "hidden": "move of a hidden unit that a ReLU switched, of its layer's largest, at most",
    "familiarity": "move of the distance to the training scans on one image, of its limit, at most",
    "identity": "relative error of mean(cam) + cam_bias = logits, at most",
}


def files_section(files: Sequence[ExportedFile]) -> str:
    """Each file: what for, how large, how fast, and its hash."""
    largest = files[0].size_bytes
    columns = ("file", "precision", "for", "MB", "of fp32", "ms an image")
    rows = (
        (
            code(file.name),
            file.contract.precision,
            PURPOSES[file.contract.precision],
            f"{file.size_bytes / 1e6:.1f}",
            f"{file.size_bytes / largest:.0%}",
            f"{file.milliseconds:.1f}",
        )
        for file in files
    )
    sums = ((code(file.name), code(file.sha256)) for file in files)
    return section(
        "Files",
        table(columns, rows, right=columns[3:]),
        "Times: median of one image through the network alone, on the CPU that exported it. Each file carries its "
        "contract (classes, preparation, threshold, golden answers) inside and is a model by itself.",
        table(("file", "SHA-256"), sums),
    )


def proof_section(files: Sequence[ExportedFile], refused: Sequence[Candidate]) -> str:
    """What was measured against the Keras model, what was allowed, and what it took."""
    columns = (
        "file", "images", "logits", "score", "flips", "flips near it", "heat map", "peak shift", "identity",
        "switched units", "AUC loss",
    )  # fmt: skip
    rows = (row for file in files for row in _parities(file))
    return section(
        "Proof against the trained model",
        "Every file was held against the trained Keras model before it got its name, on the validation images and on "
        "golden screens. Largest differences; flips are answers whose label or certainty changed; the heat map's least "
        "correlation; the farthest shift of its strongest cell, in cells, which is not judged.",
        table(columns, rows, right=columns[2:]),
        "What was allowed:",
        _bounds(files),
        *_kept(files),
        *_executions(files),
        *_switched(files),
        *_refused(refused),
    )


def _parities(file: ExportedFile) -> Iterator[tuple[str, ...]]:
    verdict = file.candidate.verdict
    yield _parity(file, "validation", verdict.validation)
    yield _parity(file, "golden", verdict.golden)


def _parity(file: ExportedFile, what: str, parity: Parity) -> tuple[str, ...]:
    return (
        code(file.name),
        f"{parity.images} {what}",
        f"{parity.logits:.1e}",
        f"{parity.probabilities:.1e}",
        str(parity.flips),
        str(parity.flips_in_neighbourhood),
        f"{parity.heatmap_correlation:.6f}",
        f"{parity.peak_shift:.1f}",
        f"{parity.identity:.1e}",
        str(parity.switched),
        "-" if parity.auc_loss is None else f"{parity.auc_loss:+.4f}",
    )


def _bounds(files: Sequence[ExportedFile]) -> str:
    names = [name for name in BOUNDS if any(name in file.contract.tolerances for file in files)]
    names += sorted({name for file in files for name in file.contract.tolerances} - set(BOUNDS))
    columns = ("bound", *(file.contract.precision for file in files))
    rows = ((BOUNDS.get(name, plain(name)), *(_bound(file, name) for file in files)) for name in names)
    return table(columns, rows, right=columns[1:])


def _bound(file: ExportedFile, name: str) -> str:
    value = file.contract.tolerances.get(name)
    return "not judged" if value is None else f"{value:g}"


def _kept(files: Sequence[ExportedFile]) -> Iterator[str]:
    """What it took that a file holds; `parity.json` names the nodes."""
    for file in files[1:]:
        narrowed = file.candidate.narrowed
        count, tries = len(narrowed.wider), len(narrowed.attempts)
        kept = f"{count} node{'' if count == 1 else 's'} of the backbone {'was' if count == 1 else 'were'} kept in fp32"
        if count and narrowed.work is not None:
            kept += f", so that {narrowed.work:.0%} of its multiply-adds are in 8 bits"
        yield (
            f"{file.contract.precision}: {kept if count else 'the whole backbone was narrowed'}, after {tries} "
            f"attempt{'' if tries == 1 else 's'}; head and heat map are fp32 in every file."
        )
        if file.contract.precision == "fp16":
            yield f"fp16 was {HALF_PROOF}"


def _executions(files: Sequence[ExportedFile]) -> Iterator[str]:
    """What engines that compute in a way of their own may do with the files."""
    verdict = files[0].candidate.as_bf16
    if verdict is not None and verdict.holds:
        seen = max(verdict.validation.probabilities, verdict.golden.probabilities)
        yield (
            "bf16: an engine that can may run the backbone of the fp32 file in bf16 (`--precision bf16`). With all its "
            f"weights and values rounded so, the score differed by {seen:.1e} at most. The golden samples prove it "
            "where it runs."
        )
    elif verdict is not None:
        yield f"bf16: the fp32 file is not run in it: {plain(verdict.summary)}."


def _switched(files: Sequence[ExportedFile]) -> Iterator[str]:
    verdicts = [file.candidate.verdict for file in files]
    if any(verdict.validation.switched or verdict.golden.switched for verdict in verdicts):
        yield (
            "Switched units: hidden units with a ReLU that stood so near zero that rounding set them on the other "
            "side. The score hardly changes there and the heat map jumps, so each file's map was compared with the "
            "trained model's under the file's own switches."
        )


def _refused(refused: Sequence[Candidate]) -> Iterator[str]:
    for candidate in refused:
        yield (
            f"**Refused: {candidate.precision}** was asked for as well, and is not in this folder. "
            f"{plain(candidate.verdict.summary)}; `parity.json` has what was tried."
        )
