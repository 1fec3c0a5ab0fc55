"""Whose picture it is: what stands on the line below every answer and refusal."""

from __future__ import annotations

from dataclasses import dataclass

from edgecad.answer.records import Record


@dataclass(frozen=True)
class IdLine:
    """What a picture says of the scan, of when it was answered, and by what.

    Attributes:
        model: the contract's name of the model.
        precision, device: what ran it.
        model_sha256: of the model's file.
        identity: the scan's name, as the site chose it or the caller gave it; None where there is none.
        scan_sha256: of the scan; None where nothing could be read.
        time: the record's, UTC, ISO 8601, so that a picture that is drawn again is the same; None is left out.
        frame: which one of the scan's frames, from 1; None where none was named.
    """

    model: str
    model_sha256: str
    precision: str
    device: str
    identity: str | None = None
    scan_sha256: str | None = None
    time: str | None = None
    frame: int | None = None

    @property
    def name(self) -> str:
        """Identity and frame, as they are printed; empty where there is neither."""
        frame = [] if self.frame is None else [f"frame {self.frame}"]
        return ", ".join([*([self.identity] if self.identity else []), *frame])


def line_of(record: Record, model: str) -> IdLine:
    """The line of a record's picture.

    Args:
        model: the contract's name of the model, which no record holds.
    """
    return IdLine(
        model=model,
        model_sha256=record.model,
        precision=record.precision,
        device=record.device,
        identity=record.id,
        scan_sha256=record.scan_sha256,
        time=record.time,
        frame=record.frame,
    )
