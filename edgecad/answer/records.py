"""One JSON object a scan, for programs: the answer or the refusal, and where it came from."""

from __future__ import annotations

from typing import Literal

import msgspec

from edgecad.answer.prediction import Prediction
from edgecad.contract import Contract
from edgecad.errors import EdgecadError, InputRefused

SCHEMA = 1


class FindingRecord(msgspec.Struct, frozen=True):
    """A finding as it is printed."""

    code: str
    value: float
    text: str


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=False):
    """What is known of one scan. Fields that do not apply are null."""

    schema: int = SCHEMA
    scan: str
    """The scan as the caller named it."""
    frame: int | None = None
    """Which one of the scan's frames was named, from 1; null where none was."""
    id: str | None = None
    status: Literal["answered", "refused", "failed", "copy"]
    """`copy`, in a hot folder only: another file with the same bytes, which has the answer."""
    stamp: str
    reason: str | None = None
    message: str | None = None
    words: str | None = None
    """The answer as it is said to people."""
    label: str | None = None
    positive: str | None = None
    probability: float | None = None
    threshold: float | None = None
    threshold_from: Literal["contract", "site"] | None = None
    temperature: float | None = None
    """`probability` is the softmax of `logits` divided by this."""
    classes: tuple[str, str] | None = None
    """In the order of `logits`."""
    logits: tuple[float, ...] | None = None
    findings: tuple[FindingRecord, ...] = ()
    overruled: tuple[str, ...] = ()
    """The gate's objections against which somebody forced the answer."""
    scan_sha256: str | None = None
    model: str
    contract: str
    device: str
    provider: str
    precision: str
    milliseconds: dict[str, float] | None = None
    figure: str | None = None


class Provenance(msgspec.Struct, frozen=True):
    """What answered: the same in every record of a process."""

    stamp: str
    model: str
    contract: str
    device: str
    provider: str
    precision: str


def record_of_answer(
    scan: str, prediction: Prediction, contract: Contract, identity: str | None = None, figure: str | None = None
) -> Record:
    """Record an answer."""
    return Record(
        scan=scan,
        frame=prediction.frame,
        id=identity,
        status="answered",
        stamp=prediction.stamp,
        words=prediction.words,
        label=prediction.label,
        positive=prediction.positive,
        probability=prediction.probability,
        threshold=prediction.threshold,
        threshold_from="site" if prediction.site_threshold else "contract",
        temperature=contract.decision.temperature,
        classes=contract.classes,
        logits=tuple(float(value) for value in prediction.logits),
        findings=tuple(FindingRecord(f.code, round(f.value, 6), f.text) for f in prediction.findings),
        overruled=prediction.overruled,
        scan_sha256=prediction.scan_sha256,
        model=prediction.model_sha256,
        contract=prediction.contract_sha256,
        device=prediction.device,
        provider=prediction.provider,
        precision=prediction.precision,
        milliseconds={stage: round(value, 3) for stage, value in prediction.milliseconds.items()},
        figure=figure,
    )


def record_of_failure(
    scan: str, error: Exception, provenance: Provenance, identity: str | None = None, frame: int | None = None
) -> Record:
    """Record a refusal, a failed check of an answer, or whatever else kept a scan from its answer."""
    reason = error.reason if isinstance(error, InputRefused) else type(error).__name__
    message = str(error) if isinstance(error, EdgecadError) else _in_our_words(error)
    return Record(
        scan=scan,
        frame=frame,
        id=identity,
        status="refused" if isinstance(error, InputRefused) else "failed",
        reason=reason,
        message=message,
        **msgspec.structs.asdict(provenance),
    )


def record_of_copy(scan: str, scan_sha256: str | None, provenance: Provenance) -> Record:
    """Record a file whose bytes were answered before; the answer is in the first one's record alone."""
    return Record(
        scan=scan,
        status="copy",
        scan_sha256=scan_sha256,
        **msgspec.structs.asdict(provenance),
    )


def _in_our_words(error: Exception) -> str:
    """One line that carries no path: paths may hold a patient's name."""
    if isinstance(error, OSError):
        return (
            f"the disk or a permission failed ({error.strerror or type(error).__name__}); free or allow it, then again"
        )
    return f"unexpected {type(error).__name__}; please report it, with what EDGECAD_DEBUG=1 shows"


def json_line(record: Record) -> str:
    """One line of JSON."""
    return msgspec.json.encode(record).decode()
