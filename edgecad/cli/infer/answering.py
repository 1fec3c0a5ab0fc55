"""One scan of `edgecad infer`: answered or refused, recorded and drawn."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

import typer
from msgspec.structs import replace

from edgecad.answer.records import Record
from edgecad.cli.scans import as_utf8
from edgecad.clinical.sources import ClinicalSources
from edgecad.inference.answering import FindClinical, answer, write_figure
from edgecad.inference.classifier import Classifier
from edgecad.inference.identity import Identified, Identify, IdentityChoice
from edgecad.system.disk import words_of


@dataclass(frozen=True)
class ScanAnswers:
    """What is done with each scan of one command.

    Attributes:
        folder: of the pictures; None: none is drawn.
        wanted: what of whose scan it is stands in records and pictures.
        identity: the id that was given for the one scan, which comes before all others.
        clinical: where clinical values come from.
        force, frame: as `Classifier` takes them.
    """

    classifier: Classifier
    folder: Path | None
    wanted: IdentityChoice
    identity: str | None
    clinical: ClinicalSources
    force: bool
    frame: int | None

    def of(self, scan: str, source: str | bytes) -> tuple[int, Record]:
        """Answer or refuse one scan, and draw it; whatever goes wrong, it gets its record and the next one its turn.

        Args:
            scan: its name, as it was given.
            source: its path, or its bytes where it has none.

        Returns:
            The exit code that it stands for, and its record.
        """
        path = source if isinstance(source, str) else ""
        outcome = answer(
            self.classifier, source, as_utf8(scan), draw=self.folder is not None, force=self.force, frame=self.frame,
            whose=self._whose(path), clinical=self._clinical(path),
        )  # fmt: skip
        code, record = outcome.exit_code, outcome.record
        record = replace(record, scan=self.wanted.word_for(record.scan, record.scan_sha256))
        if self.folder is None or outcome.figure is None:
            return code, record
        # A scan that cannot be read has no content to be named by.
        unread = os.fsencode(scan) if self.frame is None else os.fsencode(scan) + b"\0%d" % self.frame
        name = outcome.name or "refused-" + hashlib.sha256(unread).hexdigest()[:12]
        picture = self.folder / f"{name}.png"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            write_figure(picture, outcome.figure)
        except OSError as error:
            # The answer stands although its picture could not be written.
            typer.echo(f"edgecad: the picture of a scan could not be written: {words_of(error)}", err=True)
            remark = f"no picture: {error.strerror or type(error).__name__}"
            return max(code, 1), replace(record, remarks=(*record.remarks, remark))
        return code, replace(record, figure=as_utf8(str(picture)))

    def _whose(self, path: str) -> Identify:
        """What finds whose scan it is."""
        of_name = self.wanted.id_of_name(as_utf8(path))

        def found(given: object) -> Identified:
            whose = self.wanted.identified(given, of_name)
            return whose if self.identity is None else Identified(self.identity, whose.uids)

        return found

    def _clinical(self, path: str) -> FindClinical:
        """What finds the clinical values of a scan at `path`."""
        keys = self.clinical.keys_of(as_utf8(path))
        return lambda given, identity: self.clinical.values(keys, identity, given)
