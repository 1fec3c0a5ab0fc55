"""One JSON object a scan, for programs: the answer or the refusal, and where it came from.

Schema 2 is closed: a field that is added, renamed or removed, or that changes its meaning, makes schema 3. A record of
schema 1 is read as one of schema 2 whose later fields are null.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, TypeVar

import msgspec

from edgecad.answer.heatmap import as_recorded
from edgecad.answer.prediction import Finding, Prediction
from edgecad.clinical.fusion import ClinicalAnswer
from edgecad.contract import Contract
from edgecad.decision.recalibration import Recalibration
from edgecad.decision.zone import Certainty
from edgecad.errors import EdgecadError, InputRefused, JudgeDied, UsageError
from edgecad.frozen import SchemaNumber
from edgecad.images.dicom.attributes import DicomUids
from edgecad.polarmap import Disc, TableReading, View
from edgecad.site import ThresholdFrom
from edgecad.system.clock import now_text

SCHEMA = 2


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=False):
    """What is known of one scan. Fields that do not apply are null."""

    schema: int = SCHEMA
    time: str | None = None
    """When it was answered, refused or failed, UTC, ISO 8601; null in schema 1 alone."""
    scan: str
    """The scan as the caller named it, or the first 16 digits of its hash."""
    frame: int | None = None
    """Which one of the scan's frames was named, from 1; null where none was."""
    id: str | None = None
    """The scan's own name, as its caller gave it or as the site wants it; null where nobody wants one."""
    uids: DicomUids | None = None
    """Of the DICOM object, if the site wants them; null otherwise, and where the scan is none."""
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
    threshold_from: ThresholdFrom | None = None
    """In schema 1 `site` was said of a user's threshold, too."""
    certainty: Certainty | None = None
    """`uncertain`: the score lies in the zone. `clear`: it lies outside, which says nothing of how sure it is. Null
    where the model has no zone."""
    zone: tuple[float, float] | None = None
    """From where to where scores are uncertain, with the threshold in force."""
    temperature: float | None = None
    """The model's own probability is the softmax of `logits` divided by this; it is `probability`, or, where there is a
    `recalibration`, `own_probability`. Of a fused score the terms in `clinical` were divided by it."""
    recalibration: Recalibration | None = None
    """By which the site's file moved the model's own probability and threshold; null where it has none."""
    own_probability: float | None = None
    """The model's own, before the recalibration; null without one."""
    own_threshold: float | None = None
    """The threshold before the recalibration, by which the answer was decided; null without one."""
    clinical: ClinicalAnswer | None = None
    """How clinical columns entered the score; null where the model has none. The log-odds of `probability` are the sum
    of its `baseline`, `image` and `columns`."""
    classes: tuple[str, str] | None = None
    """In the order of `logits`."""
    logits: tuple[float, ...] | None = None
    heatmap: tuple[tuple[float, ...], ...] | None = None
    """Rows of the map of the score, from the top; logit units."""
    full_scale: float | None = None
    """Logit units at which a colour of the map is full."""
    region_threshold: float | None = None
    """Logit units beyond which a cell of the map is outlined."""
    view: View | None = None
    """What of the screen the map shows, pixels."""
    disc: Disc | None = None
    """Where the polar map was on the screen, pixels; null where the whole image was taken."""
    colour_table: TableReading | None = None
    """The table through which uptake was read, and who chose it."""
    segments: tuple[float, ...] | None = None
    """Mean uptake in the 17 segments, percent of the table's span; numbers, and no diagnosis."""
    layout: str | None = None
    """Which one of several maps on the screen was taken: `1/3` is the first of three."""
    familiarity: float | None = None
    """Distance of what the network saw to the training scans, 0 to 2; null where the model has no limits for it."""
    familiarity_limit: float | None = None
    """Beyond this distance a scan is refused as `unfamiliar`."""
    screen: tuple[int, int] | None = None
    """Width and height of the scan, pixels."""
    findings: tuple[Finding, ...] = ()
    overruled: tuple[str, ...] = ()
    """The map check's objections against which somebody forced the answer."""
    remarks: tuple[str, ...] = ()
    """What else is to be known of this record, in words; no finding about the scan: a signature of the model that
    nobody checked, a model file without a digest, no `id` although one is wanted."""
    scan_sha256: str | None = None
    """Of the file's bytes, or of the pixels where there was no file; null where nothing could be read."""
    model: str
    contract: str
    site: str | None = None
    """SHA-256 of the site's file; null where there was none."""
    device: str
    provider: str
    precision: str
    chosen: str | None = None
    """Why this device and precision: `named`, `default` (with the reason, where something else was recorded), or
    `bench of` and its day with milliseconds an answer; null in earlier records."""
    milliseconds: dict[str, float] | None = None
    figure: str | None = None


AnyRecord = TypeVar("AnyRecord", bound=Record)


class Provenance(msgspec.Struct, frozen=True):
    """What answered: the same in every record of a process."""

    stamp: str
    model: str
    contract: str
    device: str
    provider: str
    precision: str
    site: str | None = None
    remarks: tuple[str, ...] = ()
    chosen: str | None = None


def record_of_answer(
    scan: str, prediction: Prediction, contract: Contract, identity: str | None = None, figure: str | None = None
) -> Record:
    """Record an answer."""
    return Record(
        time=now_text(),
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
        threshold_from=prediction.threshold_from,
        certainty=prediction.certainty,
        zone=prediction.zone_bounds,
        temperature=prediction.answered_by(contract).decision.temperature,
        recalibration=prediction.recalibration,
        own_probability=prediction.own_probability,
        own_threshold=prediction.own_threshold,
        clinical=prediction.clinical,
        classes=contract.classes,
        logits=tuple(float(value) for value in prediction.logits),
        heatmap=tuple(map(tuple, as_recorded(prediction.heatmap, contract.heatmap.full_scale).tolist())),
        full_scale=contract.heatmap.full_scale,
        region_threshold=contract.heatmap.region_threshold,
        view=prediction.view,
        disc=prediction.disc,
        colour_table=_rounded_reading(prediction.reading),
        segments=_segments(prediction),
        layout=None if prediction.place is None else str(prediction.place),
        familiarity=None if prediction.familiarity is None else round(prediction.familiarity, 6),
        familiarity_limit=None if contract.familiarity is None else contract.familiarity.limit,
        screen=prediction.screen,
        findings=tuple(Finding(each.code, round(each.value, 6), each.text) for each in prediction.findings),
        overruled=prediction.overruled,
        scan_sha256=prediction.scan_sha256,
        model=prediction.model_sha256,
        contract=prediction.contract_sha256,
        site=prediction.site_sha256,
        remarks=prediction.remarks,
        device=prediction.device,
        provider=prediction.provider,
        precision=prediction.precision,
        chosen=prediction.chosen,
        milliseconds={stage: round(value, 3) for stage, value in prediction.milliseconds.items()},
        figure=figure,
    )


def _rounded_reading(reading: TableReading | None) -> TableReading | None:
    return None if reading is None else replace(reading, residual=round(reading.residual, 3))


def _segments(prediction: Prediction) -> tuple[float, ...] | None:
    means = prediction.segment_means
    return None if means is None else tuple(round(float(mean), 1) for mean in means)


def record_of_failure(
    scan: str,
    error: Exception,
    provenance: Provenance,
    identity: str | None = None,
    frame: int | None = None,
    scan_sha256: str | None = None,
) -> Record:
    """Record a refusal, a failed check of an answer, or whatever else kept a scan from its answer."""
    reason = error.reason if isinstance(error, (InputRefused, JudgeDied)) else type(error).__name__
    message = str(error) if isinstance(error, EdgecadError) else _in_our_words(error)
    return Record(
        time=now_text(),
        scan=scan,
        frame=frame,
        id=identity,
        status="refused" if isinstance(error, InputRefused) else "failed",
        reason=reason,
        message=message,
        scan_sha256=scan_sha256,
        **msgspec.structs.asdict(provenance),
    )


def record_of_copy(scan: str, scan_sha256: str | None, provenance: Provenance) -> Record:
    """Record a file whose scan was answered before; the answer is in the first one's record alone."""
    return Record(
        time=now_text(),
        scan=scan,
        status="copy",
        scan_sha256=scan_sha256,
        **msgspec.structs.asdict(provenance),
    )


def record_from_json(text: str | bytes, kind: type[AnyRecord]) -> AnyRecord:
    """Read a record of any schema that was ever released. Fields that the kind does not have are passed over.

    Args:
        kind: `Record`, or one that has more fields, as a watch's.

    Raises:
        UsageError: it is no record, or one of a schema that this version does not know.
    """
    try:
        schema = msgspec.json.decode(text, type=SchemaNumber).schema
        if 1 <= schema <= SCHEMA:
            return msgspec.json.decode(text, type=kind)
    except (msgspec.DecodeError, RecursionError) as error:
        raise UsageError(f"this is no record of edgecad that can be read: {error}; take another one") from error
    raise UsageError(
        f"the record has schema {schema}, and this edgecad reads 1 to {SCHEMA}; update edgecad, or read it with the "
        "version that wrote it"
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
