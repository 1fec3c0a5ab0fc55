"""One scan of an open model to its prediction, step by step; whatever stands against an answer is raised."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgecad.answer.familiarity import object_to_unfamiliar, unlike_training
from edgecad.answer.findings import doubts_about, findings_of, object_to_series, object_to_unseen, unseen_colours
from edgecad.answer.folding import map_on_disc
from edgecad.answer.heatmap import score_map
from edgecad.answer.prediction import Finding, Prediction
from edgecad.answer.region import findings_about_region
from edgecad.clinical.sources import ClinicalSources, clinical_sources
from edgecad.clinical.values import ClinicalValues, Given
from edgecad.colourtables import ColourTable
from edgecad.contract import Contract, MapPlace, Preparation
from edgecad.contract.graph import FAMILIARITY
from edgecad.decision.recalibration import Recalibration
from edgecad.errors import UsageError
from edgecad.golden import GOLDEN_TABLES, replay_preparation
from edgecad.images import Screen, bytes_from_path, size_of
from edgecad.images.source import Source
from edgecad.inference.checks import check_outputs
from edgecad.inference.choices import table_candidates, with_place
from edgecad.inference.judging import Judgement, Judges
from edgecad.inference.loading import LoadedModel
from edgecad.polarmap import Objections, PreparedMap, TableCandidates
from edgecad.preparing import prepare_screen, read_for
from edgecad.site import Site
from edgecad.system.clock import StageClock
from edgecad.system.memory import memory_as_device

Outputs = dict[str, NDArray[np.float32]]
"""What the graph gave, by name."""
ANSWER_OUTPUTS = ("logits", "probabilities", "cam", "cam_bias")
"""What every answer rests on; `outputs_for` adds what a model's contract has limits for."""


def outputs_for(contract: Contract) -> tuple[str, ...]:
    """The outputs that an answer of this model rests on."""
    return ANSWER_OUTPUTS if contract.familiarity is None else (*ANSWER_OUTPUTS, FAMILIARITY)


@dataclass(frozen=True)
class _Answer:
    """One scan, what the graph gave for it, and what was decided by that.

    Attributes:
        shown: `(h, w)`, the heat map that readers see, logit units.
    """

    screen: Screen
    prepared: PreparedMap
    outputs: Outputs
    shown: NDArray[np.floating]
    judged: Judgement

    @property
    def above(self) -> bool:
        """Whether the score reaches the threshold."""
        return self.judged.own >= self.judged.by.in_force.own


@dataclass(frozen=True)
class Predictor:
    """An open model, and what a site and a user chose for it: all that its answers rest on.

    Attributes:
        loaded: the model; its runner computes.
        site: None where there is none.
        recalibration: of the site; None where it has none.
        clinical: what DICOM objects say of the model's clinical columns, where the site's file lets them.
        judges: what decides by a score.
        preparation: of screens; the contract's, but for the map that was chosen of several.
        candidates: the tables through which scans may be read.
    """

    loaded: LoadedModel
    site: Site | None
    recalibration: Recalibration | None
    clinical: ClinicalSources
    judges: Judges
    preparation: Preparation
    candidates: TableCandidates

    @classmethod
    def of(
        cls,
        loaded: LoadedModel,
        site: Site | None = None,
        threshold: float | None = None,
        tables: Iterable[ColourTable | str | os.PathLike[str]] = (),
        place: MapPlace | None = None,
    ) -> Predictor:
        """The predictor of a model that was opened and proven; the rest is as `Classifier` takes it.

        Raises:
            UsageError: the model has no use for a choice, or the site's choices are of another model.
            NotAvailable: pydicom, which reads what DICOM objects say of clinical columns, is not installed.
        """
        own = loaded.contract.preparation
        recalibration = None if site is None else site.recalibration_for(loaded.contract)
        return cls(
            loaded,
            site,
            recalibration,
            clinical_sources(loaded.contract.clinical, site),
            Judges(loaded.contract, site, threshold, recalibration),
            own if place is None else with_place(own, place),
            table_candidates(own, () if site is None else site.tables, tables),
        )

    @property
    def contract(self) -> Contract:
        """The model's."""
        return self.loaded.contract

    def predict(
        self,
        source: Source | Screen,
        *,
        force: bool = False,
        frame: int | None = None,
        clinical: Given | None = None,
        golden: bool = False,
        by_image: bool = False,
    ) -> Prediction:
        """Answer one scan.

        Args:
            force, frame, clinical: as a call of `Classifier` takes them.
            golden: the scan is a golden sample, in colours of its own; the image alone is asked.
            by_image: the image alone is asked, whatever clinical columns the model takes.

        Raises:
            InputRefused, UsageError, GateFailed, DeviceFailed: as a call of `Classifier`.
        """
        if isinstance(source, Screen) and frame not in (None, source.frame):
            raise UsageError(f"frame {frame} of a screen that was read already; name it to read_screen")
        clock, objections = StageClock(), Objections(insisted=force)
        preparation, candidates = self.preparation, self.candidates
        if golden:
            preparation, candidates = replay_preparation(preparation), GOLDEN_TABLES
        with memory_as_device():
            with clock.stage("decode"):
                if self.clinical.dicom and isinstance(source, (str, os.PathLike)):
                    source = bytes_from_path(source)  # read once, for the picture and for what the object says
                screen = read_for(preparation, source, frame)
            values = None
            if not (golden or by_image):
                values = self.judges.values_of(self.clinical.values_with(clinical, source))
            object_to_series(screen.says, preparation.crop, objections)
            with clock.stage("prepare"):
                prepared = prepare_screen(screen, preparation, objections, candidates)
                unseen = unseen_colours(prepared.image, self.contract)
                if not golden:
                    object_to_unseen(unseen, preparation.crop, objections)
            with clock.stage("run"):
                outputs = self.run(prepared.image[None], outputs_for(self.contract))
            if not golden:
                object_to_unfamiliar(_distance_in(outputs), self.contract.familiarity, objections)
            with clock.stage("heatmap"):
                shown = map_on_disc(score_map(outputs["cam"], self.contract.positive_index), self.contract)[0]
                answer = _Answer(screen, prepared, outputs, shown, self._judged(outputs, values))
                findings = tuple(self._findings(answer, unseen))
            return self._prediction(answer, findings, objections.gathered, clock)

    def replay(self, source: Source | Screen) -> Prediction:
        """Answer a golden sample: as a scan, but in whatever colours.

        The samples' screens have a size of their own, so a region of the contract's is left out.
        """
        return self.predict(source, golden=True)

    def run(self, images: NDArray[np.uint8], outputs: Sequence[str] = ANSWER_OUTPUTS) -> Outputs:
        """Run prepared images; arguments and errors as `Classifier.run` has them."""
        size = self.contract.preparation.size
        if images.dtype != np.uint8 or images.ndim != 4 or images.shape[1:] != (size, size, 3):
            raise UsageError(
                f"images of shape {images.shape}, {images.dtype}; (n, {size}, {size}, 3) uint8 wanted: use prepare"
            )
        absent = [name for name in outputs if name not in self.loaded.facts.outputs]
        if absent:
            raise UsageError(f"this model has no output {', '.join(absent)}; export it with this version of edgecad")
        values = self.loaded.runner.run(images, outputs)
        check_outputs(values, self.contract.decision.temperature)
        return values

    def _judged(self, outputs: Outputs, values: ClinicalValues | None) -> Judgement:
        # Of the image, which is held against the model's own threshold whatever a site shows.
        own = float(outputs["probabilities"][0, self.contract.positive_index])
        return self.judges.judge(own, outputs["logits"][0], values)

    def _findings(self, answer: _Answer, unseen: float) -> Iterator[Finding]:
        contract, prepared, judged = self.contract, answer.prepared, answer.judged
        yield from findings_of(prepared, contract, unseen, answer.shown)
        crop = self.preparation.crop
        yield from findings_about_region(prepared, crop, answer.shown, contract.heatmap, above=answer.above)
        yield from unlike_training(_distance_in(answer.outputs), contract.familiarity)
        yield from judged.findings
        yield from doubts_about(judged.by.contract, judged.by.in_force.own)

    def _prediction(
        self, answer: _Answer, findings: tuple[Finding, ...], overruled: tuple[str, ...], clock: StageClock
    ) -> Prediction:
        contract, loaded, facts = self.contract, self.loaded, self.loaded.facts
        screen, prepared, judged, judge = answer.screen, answer.prepared, answer.judged, answer.judged.by
        return Prediction(
            label=contract.positive if answer.above else contract.negative,
            probability=judged.shown,
            threshold=judge.in_force.shown,
            threshold_from=judge.threshold_from,
            zone=judge.contract.decision.zone,
            clinical=judged.clinical,
            positive=contract.positive,
            logits=answer.outputs["logits"][0],
            heatmap=np.asarray(answer.shown, np.float32),
            image=prepared.image,
            screen=size_of(screen),
            view=prepared.view,
            disc=prepared.disc,
            reading=prepared.reading,
            uptake=prepared.uptake,
            place=self.preparation.map,
            familiarity=_distance_in(answer.outputs),
            findings=findings,
            overruled=overruled,
            scan_sha256=screen.sha256,
            frame=screen.frame,
            model_sha256=loaded.file.sha256,
            contract_sha256=loaded.contract_sha256,
            origin=contract.origin,
            device=facts.device,
            provider=facts.provider,
            precision=facts.precision,
            chosen=loaded.chosen,
            site_sha256=None if self.site is None else self.site.sha256,
            remarks=loaded.file.remarks,
            recalibration=self.recalibration,
            own_probability=None if self.recalibration is None else judged.own,
            own_threshold=None if self.recalibration is None else judge.in_force.own,
            milliseconds=clock.milliseconds,
        )


def _distance_in(outputs: Outputs) -> float | None:
    """Distance of one scan to the training scans, where it was asked for; rounding below zero is none."""
    return max(0.0, float(outputs[FAMILIARITY][0, 0])) if FAMILIARITY in outputs else None
