"""`MODEL_CARD.md`: what a person must know before using a model.

Its parts follow Mitchell et al. 2019 (Model Cards for Model Reporting, arXiv:1810.03993).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from edgecad.answer.findings import doubts_about
from edgecad.answer.prediction import RESEARCH_STAMP, stamp_of
from edgecad.contract import NOT_KNOWN, Contract, Metric, openings_sentence
from edgecad_export.candidates import Candidate
from edgecad_export.modelfolder.card_clinical import clinical_section
from edgecad_export.modelfolder.card_decision import decision_section
from edgecad_export.modelfolder.card_input import input_section, map_section
from edgecad_export.modelfolder.card_proof import HALF_PROOF, files_section, proof_section
from edgecad_export.modelfolder.engines import Engine, engines_section
from edgecad_export.modelfolder.exported_file import ExportedFile
from edgecad_export.modelfolder.markdown import bullets, code, plain, section, table

ORIGINS = {
    "phantom": "synthetic phantoms, drawn by a program; no patient is among them",
    "patients": "patients",
    "mixed": "patients and synthetic phantoms together",
}
PARTS = {
    "test": "Test part. It chose nothing: neither epochs nor threshold, temperature or heat map scale.",
    "out-of-fold": "Out-of-fold scores of the development part. They chose temperature and threshold, and the epochs "
    "of a network that was fine-tuned, so they are a little too good.",
    "validation": "Validation part. It chose temperature and threshold, and the epochs of a network that was "
    "fine-tuned, so it is too good.",
}
"""In the order of the card."""
PARTS_OF_METHODS = {
    "test": "Test part. It chose nothing: neither threshold, temperature nor heat map scale.",
    "out-of-fold": "Out-of-fold scores of the development part. They chose temperature and threshold, so they are a "
    "little too good.",
    "validation": "Validation part. It chose temperature and threshold, so it is a little too good.",
}
"""The same of a method, of which inner folds choose the rest."""
FEW = 100
"""Patients in a test part below which the card says that they are few."""


def model_card(
    folder_name: str,
    files: Sequence[ExportedFile],
    contract: Contract,
    refused: Sequence[Candidate] = (),
    engines: Sequence[Engine] = (),
    method: str = "",
) -> str:
    """Write the card, in Markdown.

    Args:
        folder_name: of the model's folder.
        files: as they lie there now, fp32 first; they are hashed.
        contract: of the first file, with its golden answers.
        refused: what was asked for and does not hold.
        engines: TensorRT engines that lie there too.
        method: what the method is, for people, where it is none of a fine-tuned network.
    """
    parts = (
        f"# Model card: {plain(folder_name)}",
        _banner(contract),
        _purpose(contract, method),
        _data(contract),
        _figures(contract, PARTS_OF_METHODS if method else PARTS),
        decision_section(contract),
        clinical_section(contract),
        map_section(contract),
        input_section(contract),
        files_section(files),
        proof_section(files, refused),
        engines_section(engines),
        _limits(contract, files),
        _versions(contract),
    )
    return "\n\n".join(part for part in parts if part) + "\n"


def _banner(contract: Contract) -> str:
    words = [f"> **{stamp_of(contract.origin)}**"]
    if contract.origin != "patients":
        words.append(
            f"> The training data are {ORIGINS[contract.origin]}. Every figure below that was measured on them is a "
            "PHANTOM figure and says nothing about patients."
        )
        words.append(f"> {RESEARCH_STAMP}.")
    words.extend(f"> **{plain(doubt.text)}**" for doubt in doubts_about(contract.fused))
    return "\n>\n".join(words)


def _purpose(contract: Contract, method: str) -> str:
    positive, negative = plain(contract.positive), plain(contract.negative)
    return section(
        "What it is and what it is for",
        plain(contract.intended_use),
        bullets(
            (
                "For research. It is not a medical device, and must not decide or delay anybody's care.",
                f"It reads one stress SPECT polar map and gives a score from 0 to 1: how much the map looks like those "
                f"that the readers of the training scans called {positive}, rather than {negative}. The score is not "
                "the chance of a disease.",
                "With every score comes a heat map that adds up to it exactly."
                if contract.clinical is None
                else "With every score comes a heat map that adds up to the image's part of it exactly, and what each "
                "clinical column added.",
                f"{_kind(contract, method)} Made {plain(contract.created)}, name {code(contract.name)}.",
                *_members(contract),
            )
        ),
    )


def _kind(contract: Contract, method: str) -> str:
    """What answers: a network that was fine-tuned, or a method, and the network that it may stand on."""
    if not method:
        network = f"Network: {plain(contract.backbone)}; head: {plain(contract.head)}"
        return f"{network}; first weights: {plain(contract.weights)}."
    words = f"Method: {plain(method)}"
    if contract.on_network:
        words += f" Network: {plain(contract.backbone)}, not fine-tuned; its weights: {plain(contract.weights)}."
    return words


def _members(contract: Contract) -> Iterator[str]:
    if contract.members:
        yield f"It is an ensemble of {len(contract.members)} networks of one split; its logits are the mean of theirs:"
    for member in contract.members:
        yield (
            f"{code(member.name)}: {plain(member.backbone)}, {member.features} features, head {plain(member.head)}, "
            f"network {code(member.network[:12])}"
        )


def _data(contract: Contract) -> str:
    labelling = contract.labelling
    rows = [
        ("Origin", ORIGINS[contract.origin]),
        *((f"Patients, {part}", str(count)) for part, count in _patients(contract.metrics)),
        (f"Share of {plain(contract.positive)}", _prevalence(contract)),
        ("Reference standard", f"agreement with readers; labelled by {plain(labelling.reference)}"),
        ("SHA-256 of the data", _hash(contract.data_sha256)),
        ("SHA-256 of the split", _hash(contract.split_sha256)),
    ]
    return section("Training data", table(("what", "value"), rows))


def _prevalence(contract: Contract) -> str:
    prevalence = contract.labelling.prevalence
    return NOT_KNOWN if prevalence is None else f"{prevalence:.1%} of the training patients"


def _hash(sha256: str) -> str:
    return NOT_KNOWN if sha256 == NOT_KNOWN else code(sha256)


def _patients(metrics: Sequence[Metric]) -> Iterator[tuple[str, int]]:
    """How many patients each part has: the most that one of its figures is about."""
    for part in PARTS:
        counts = [metric.n for metric in metrics if metric.part == part]
        if counts:
            yield f"{part} part" if part != "out-of-fold" else part, max(counts)


def _figures(contract: Contract, parts: Mapping[str, str]) -> str:
    if not contract.metrics:
        return section("Figures", "None are known: nobody measured this model on labelled scans. Treat it so.")
    phantom = "" if contract.origin == "patients" else " PHANTOM figures, not clinical ones."
    intro = f"Agreement with the readers, with 95 % intervals. A patient has one vote.{phantom}"
    return section("Figures", intro, *(_part(contract, part, words) for part, words in parts.items()))


def _part(contract: Contract, part: str, words: str) -> str:
    metrics = [metric for metric in contract.metrics if metric.part == part]
    if not metrics:
        return ""
    rows = (
        (
            _figure_name(metric.name, contract.positive),
            f"{metric.value:.3f}",
            f"{metric.low:.3f} to {metric.high:.3f}",
            str(metric.n),
            plain(metric.method),
        )
        for metric in metrics
    )
    columns = ("figure", "value", "95 % interval", "patients", "interval by")
    return f"{words}\n\n{table(columns, rows, right=columns[1:4])}"


def _figure_name(name: str, positive: str) -> str:
    """A metric's name for people; `_cad` at its end means the positive class."""
    abbreviations = {"auc": "AUC", "ppv": "PPV", "npv": "NPV", "f1": "F1", "brier": "Brier score"}
    stem = name.removesuffix("_cad")
    words = " ".join(abbreviations.get(word, word) for word in stem.split("_"))
    own = f" for {plain(positive)}" if stem != name else ""
    return plain(words[:1].upper() + words[1:]) + own


def _limits(contract: Contract, files: Sequence[ExportedFile]) -> str:
    return section("Limits", bullets(_limit_lines(contract, {file.contract.precision for file in files})))


def _limit_lines(contract: Contract, precisions: set[str]) -> Iterator[str]:
    if contract.metrics:
        yield "No external validation: it was tested on scans of the same origin as those it was trained on."
    else:
        yield "Nobody has told how well it answers: no figure of accuracy comes with it. Test it before it is believed."
    yield (
        "The reference is what readers said, not angiography or outcome. Agreement with readers is easier to reach "
        "than agreement with disease."
    )
    without = "history or any clinical data" if contract.clinical is None else "or any clinical data but its columns"
    yield f"One map of one study, without rest images, raw counts, {without}."
    yield from _untold(contract)
    tested = [metric.n for metric in contract.metrics if metric.part == "test"]
    if tested and max(tested) < FEW:
        yield f"The test part has {max(tested)} patients, which is few: read the intervals, not the values."
    if contract.metrics:
        yield plain(openings_sentence(contract.test_openings))
    yield "Other cameras, reconstructions, colour tables or readers can change every figure above."
    yield (
        "Golden samples are phantom screens. That they come out here as they did at export shows that this machine "
        "computes as it should, not that the answers are right."
    )
    if "fp16" in precisions:
        yield (
            f"fp16 is for GPUs. It was {HALF_PROOF} Run `edgecad verify --precision fp16 --device cuda` on the machine "
            "that will use it."
        )
    if "int8" in precisions:
        yield (
            "int8 is for CPUs, and its answers differ from fp32's within the bounds above. Its weights are bounded "
            "so that processors without 8-bit dot products do not saturate; still, run "
            "`edgecad verify --precision int8` on each machine."
        )


def _untold(contract: Contract) -> Iterator[str]:
    if contract.preparation.crop == "polar-map":
        yield (
            "A rest map without words cannot be told from a stress map: a JPEG or PNG has no words. Send stress maps "
            "only. One scan does not tell a mirrored or turned map either; it gets an answer."
        )


def _versions(contract: Contract) -> str:
    rows = ((plain(name), plain(number)) for name, number in contract.versions.items())
    contract_line = f"Contract version {contract.version}, preparation version {contract.preparation.version}."
    return section("Versions", contract_line, table(("package", "version"), rows) if contract.versions else "")
