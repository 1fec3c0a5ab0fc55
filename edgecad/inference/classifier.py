"""From an image to a prediction: the one public class."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import repeat
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from edgecad.answer.familiarity import object_to_unfamiliar, unlike_training
from edgecad.answer.findings import doubts_about, findings_of, object_to_series, object_to_unseen, unseen_colours
from edgecad.answer.folding import map_on_disc
from edgecad.answer.heatmap import score_map
from edgecad.answer.prediction import Finding, Prediction
from edgecad.answer.region import findings_about_region
from edgecad.clinical.fusion import check_golden_fusion
from edgecad.clinical.values import Given, with_values
from edgecad.colourtables import ColourTable
from edgecad.contract import Contract, GoldenAnswer, MapPlace, RunPrecision
from edgecad.contract.graph import FAMILIARITY
from edgecad.errors import EdgecadError, GateFailed, UsageError
from edgecad.golden import GOLDEN_TABLES, Replay, bounds_of, recorded_answers, replay, replay_preparation
from edgecad.images import Screen, size_of
from edgecad.inference.checks import check_outputs
from edgecad.inference.choices import table_candidates, with_place
from edgecad.inference.choosing import NAMED, OpeningRequest, chosen_model
from edgecad.inference.judging import Judgement, Judges
from edgecad.inference.loading import LoadedModel, load_model, open_file, proven
from edgecad.inference.proofs import Replays, opening_proof
from edgecad.modelfiles.file import AUTO, ModelFile, own_file, parse_choice
from edgecad.modelfiles.pointer import pointer_of
from edgecad.modelfiles.signature import check_signed_file
from edgecad.picture.cells import PANEL, heatmap_panel, region_panel
from edgecad.picture.figure import answer_figure
from edgecad.picture.line import IdLine
from edgecad.polarmap import Objections, PreparedMap
from edgecad.preparing import prepare_screen, read_for
from edgecad.runners.base import Runner, RunnerFacts
from edgecad.site import Site, read_site
from edgecad.system.clock import StageClock
from edgecad.system.memory import memory_as_device
from edgecad.system.parallel import in_order, workers_beside

ANSWER_OUTPUTS = ("logits", "probabilities", "cam", "cam_bias")
"""What every answer rests on; `outputs_for` adds what a model's contract has limits for."""

Source = str | os.PathLike[str] | bytes | NDArray[np.uint8] | Any
"""A path, a file's bytes, an RGB array `(h, w, 3)` uint8, or a pydicom dataset."""


class Classifier:
    """A model that answers, or refuses.

    ```python
    with Classifier("models/latest", device="cpu") as classifier:
        prediction = classifier("scan.jpg")
    ```

    Safe to call from several threads.
    """

    def __init__(
        self,
        model: str | os.PathLike[str] | LoadedModel | None = None,
        device: str = "auto",
        threshold: float | None = None,
        precision: RunPrecision | Literal["auto"] | None = AUTO,
        threads: int | None = None,
        site: Site | str | os.PathLike[str] | None = None,
        tables: Sequence[ColourTable | str | os.PathLike[str]] = (),
        place: MapPlace | None = None,
        replay: Replays = "always",
        key: str | os.PathLike[str] | None = None,
    ) -> None:
        """Open a model.

        Args:
            model: model folder, pointer or `.onnx` file; default `$EDGECAD_MODEL`, then `models/latest`. Or one
                that was loaded already.
            device: one of the table in `edgecad.runners.devices`, such as `cpu`, strictly; an engine that has to be
                built takes minutes. Or `auto`: what `edgecad bench --save` recorded, else a default; see `choosing`.
            threshold: a decision threshold, 0 to 1, in place of the site's and the contract's; on the score as answers
                show it, so after a site's recalibration.
            precision: which file of a model folder: `fp32`, `fp16` or `int8`; None is `fp32`, or what a lone file
                is. `bf16` runs the fp32 file in it, on a device that can (`openvino`), if its contract has bounds for
                that and the golden samples are within them. `auto`: what was recorded, else int8 on a CPU and fp16 on
                a GPU, if the folder has it and it answers as at export; else fp32, and `remark` says why.
            threads: that one scan may use on a CPU; default: all that this process may use. Who answers many scans
                from several threads of their own gets most of them with 1. Answers do not depend on it.
            site: a site's own choices, or their TOML file; see `edgecad.site`.
            tables: colour tables, names of known ones, or files of `edgecad table learn`, in which the scans are
                drawn: where one of them fits a scan, it is that scan's table.
            place: which one of several maps on a screen; default: as the contract has it.
            replay: when the golden samples must come out as at export before this is open. `always`: each time, which
                a process that stays should do. `once`: unless they did so before with this file, device, machine and
                versions, which is remembered in the user's cache. `never`: for who replays them by `replay_golden`. A
                model without golden answers is taken, and `remark` says so.
            key: PEM file of a public Ed25519 key: a model that is not in a folder signed with it is refused. Default:
                the site's, then `$EDGECAD_KEY`; where nobody names one, a signature is not checked, and `remarks` and
                every record say so.

        Raises:
            UsageError: the site's file or a colour table cannot be used, or the model has no use for it; or the site
                chooses by a rule that the model has no threshold for, or its recalibration is of another model.
            ModelInvalid: no model, no contract, or one newer than this runtime; or it is not signed with the key that
                the site demands.
            NotAvailable: the device, or an onnxruntime, is not here.
            GateFailed: the golden samples come out otherwise than at export.
            EngineBuildFailed: TensorRT built no engine.
        """
        if threshold is not None and not 0 < threshold < 1:
            raise UsageError(f"threshold {threshold} is not above 0 and below 1")
        if threads is not None and threads < 1:
            raise UsageError(f"{threads} threads; 1 or more wanted")
        if precision is not None:
            parse_choice(precision)
        site = site if site is None or isinstance(site, Site) else read_site(site)
        signer = Path(key) if key is not None else None if site is None else site.key
        demanded = opening_proof(replay, prove_golden)
        if isinstance(model, LoadedModel):
            loaded = proven(model if signer is None else _signed(model, signer), demanded)
        elif precision == AUTO or device == AUTO:
            loaded = chosen_model(OpeningRequest(model, device, precision, prove_golden, demanded, threads, signer))
        else:
            loaded = proven(load_model(model, device, precision, prove_golden, threads, key=signer), demanded)
        self.contract = loaded.contract
        self.model_sha256 = loaded.file.sha256
        self.contract_sha256 = loaded.contract_sha256
        self.pointer = None if isinstance(model, LoadedModel) else pointer_of(model, loaded.file.path)
        self.site = site
        self.recalibration = None if site is None else site.recalibration_for(loaded.contract)
        self._judges = Judges(loaded.contract, site, threshold, self.recalibration)
        self.threshold_from = self._judges.usual.threshold_from
        self.remark, self.chosen = loaded.remark, loaded.chosen or NAMED
        self.remarks = loaded.file.remarks
        own = loaded.contract.preparation
        self.preparation = own if place is None else with_place(own, place)
        self.candidates = table_candidates(own, () if site is None else site.tables, tables)
        self._loaded: LoadedModel | None = loaded

    @property
    def _open(self) -> LoadedModel:
        if self._loaded is None:
            raise UsageError("this classifier was closed")
        return self._loaded

    @property
    def threshold(self) -> float:
        """The decision threshold in force, on the probability that answers show."""
        return self._judges.usual.in_force.shown

    @property
    def own_threshold(self) -> float:
        """The same on the model's own probability; another one only where a site's recalibration is in force."""
        return self._judges.usual.in_force.own

    @property
    def image_threshold(self) -> float:
        """The threshold that `image_answer` is held against, on the model's own probability."""
        return self._judges.alone.in_force.own

    @property
    def runner(self) -> Runner:
        """What runs the graph."""
        return self._open.runner

    @property
    def file(self) -> ModelFile:
        """The model's file, as it was read."""
        return self._open.file

    @property
    def facts(self) -> RunnerFacts:
        """Device, provider and precision, as checked after opening."""
        return self._open.facts

    def __call__(
        self, source: Source, *, force: bool = False, frame: int | None = None, clinical: Given | None = None
    ) -> Prediction:
        """Answer one scan.

        Args:
            clinical: values of the model's clinical columns by name, as `{"age": 63, "sex": "F"}`; numbers, True and
                False, or words as in a CSV. None, an empty text and NaN are missing values.
            force: answer against the map check's objections, which then stand in the answer; for a person who looks
                at the scan, never for a program.
            frame: which one of a DICOM object with several, counted from 1.

        Raises:
            InputRefused: the scan is unreadable, not what the contract's preparation takes (as a rule exactly
                one polar map), in colours that training never saw, or unlike the training scans; or, reason
                `clinical`, a clinical value is missing, out of range or no known category.
            UsageError: values of columns that the model has not.
            GateFailed: the engine's outputs are not finite or do not fit together.
            DeviceFailed: the device gave up, or this machine's memory does not suffice.
        """
        with memory_as_device():
            return self._predict(source, Objections(insisted=force), golden=False, frame=frame, clinical=clinical)

    def image_answer(self, source: Source) -> Prediction:
        """What the image alone says, also of a model that takes clinical columns: to compare files of models.

        Errors are those of a call. Without clinical columns it is the answer.
        """
        with memory_as_device():
            return self._predict(source, Objections(), golden=False, by_image=True)

    def each(
        self, sources: Iterable[Source], *, force: bool = False, clinical: Iterable[Given | None] | None = None
    ) -> Iterator[Prediction | EdgecadError]:
        """Answer many scans, several at a time, and give the answers in their order.

        Args:
            force: as for one scan.
            clinical: values of each scan, in their order, as many as scans; as for one scan.

        Scans share what this process may use of the CPU: open the classifier with `threads=1` to have one a core.
        Each is answered alone, exactly as by itself.

        Yields:
            The prediction; where a scan was refused or its answer failed a check, that error in its place.

        Raises:
            UsageError: scans and values are not as many, or the values are those of one scan.
        """

        def work(asked: tuple[Source, Given | None]) -> Prediction | EdgecadError:
            source, values = asked
            try:
                return self(source, force=force, clinical=values)
            except EdgecadError as error:
                return error

        paired = zip(sources, repeat(None)) if clinical is None else with_values(sources, clinical)
        yield from in_order(work, paired, workers_beside(self.facts.threads))

    def overlay(
        self, prediction: Prediction, panel: Literal["heatmap", "region"] = "heatmap", side: int = PANEL
    ) -> NDArray[np.uint8]:
        """One panel of what the network saw, `(side, side, 3)` uint8 RGB.

        Args:
            panel: `heatmap`, the heat map's cells over the picture in grey; `region`, the picture in its own colours
                within the outlined regions alone.
            side: pixels.
        """
        draw = heatmap_panel if panel == "heatmap" else region_panel
        return draw(prediction, self.contract.heatmap, side)

    def figure(
        self, prediction: Prediction, identity: str | None = None, time: str | None = None, scale: float = 1.0
    ) -> NDArray[np.uint8]:
        """The picture for a reader, `(900, 1600, 3)` times `scale`, uint8 RGB.

        Args:
            identity: of the scan, printed if given.
            time: when it was answered, UTC, ISO 8601, printed if given; that of a record draws its picture again.
            scale: 0.25 to 8.
        """
        line = IdLine(
            model=self.contract.name,
            model_sha256=prediction.model_sha256,
            precision=prediction.precision,
            device=prediction.device,
            identity=identity,
            scan_sha256=prediction.scan_sha256,
            time=time,
            frame=prediction.frame,
        )
        return answer_figure(prediction, self.contract, line, scale)

    def replay(self, source: Source) -> Prediction:
        """Answer a golden sample: as a scan, but in whatever colours. For checks of a machine, never for a patient.

        The samples' screens have a size of their own, so a region of the contract's is left out.
        """
        with memory_as_device():
            return self._predict(source, Objections(), golden=True)

    def replay_golden(self) -> tuple[Replay, ...]:
        """Answer all golden samples, and compare with what the contract recorded at export.

        Raises:
            GateFailed: the model carries no golden answers, or to samples that this runtime does not have.
        """
        check_golden_fusion(self.contract)
        return replay(self.replay, self.contract, bounds_of(self.contract, self.facts))

    def _predict(
        self,
        source: Source,
        objections: Objections,
        golden: bool,
        frame: int | None = None,
        clinical: Given | None = None,
        by_image: bool = False,
    ) -> Prediction:
        if isinstance(source, Screen) and frame not in (None, source.frame):
            raise UsageError(f"frame {frame} of a screen that was read already; name it to read_screen")
        clock = StageClock()
        preparation, candidates = self.preparation, self.candidates
        if golden:
            preparation, candidates = replay_preparation(preparation), GOLDEN_TABLES
        with clock.stage("decode"):
            screen = read_for(preparation, source, frame)
        values = None if golden or by_image else self._judges.values_of(clinical)
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
            judged = self._judges.judge(self._own_probability(outputs), outputs["logits"][0], values)
            findings = (
                *findings_of(prepared, self.contract, unseen, shown),
                *findings_about_region(
                    prepared,
                    preparation.crop,
                    shown,
                    self.contract.heatmap,
                    above=judged.own >= judged.by.in_force.own,
                ),
                *unlike_training(_distance_in(outputs), self.contract.familiarity),
                *judged.findings,
                *doubts_about(judged.by.contract, judged.by.in_force.own),
            )
        shown = np.asarray(shown, np.float32)
        return self._prediction(screen, prepared, outputs, shown, findings, objections.gathered, clock, judged)

    def run(self, images: NDArray[np.uint8], outputs: Sequence[str] = ANSWER_OUTPUTS) -> dict[str, NDArray[np.float32]]:
        """Run prepared images: the hot path.

        Args:
            images: `(n, size, size, 3)` uint8 RGB.
            outputs: names among `edgecad.contract.graph.OUTPUTS`.

        Raises:
            UsageError: the model has no such output, or the images are of another shape.
            GateFailed: a value is not finite, or the maps do not add up to the logits.
        """
        size = self.contract.preparation.size
        if images.dtype != np.uint8 or images.ndim != 4 or images.shape[1:] != (size, size, 3):
            raise UsageError(
                f"images of shape {images.shape}, {images.dtype}; (n, {size}, {size}, 3) uint8 wanted: use prepare"
            )
        absent = [name for name in outputs if name not in self.facts.outputs]
        if absent:
            raise UsageError(f"this model has no output {', '.join(absent)}; export it with this version of edgecad")
        values = self.runner.run(images, outputs)
        check_outputs(values, self.contract.decision.temperature)
        return values

    def _prediction(
        self,
        screen: Screen,
        prepared: PreparedMap,
        outputs: dict[str, NDArray[np.float32]],
        shown: NDArray[np.float32],
        findings: tuple[Finding, ...],
        overruled: tuple[str, ...],
        clock: StageClock,
        judged: Judgement,
    ) -> Prediction:
        contract, facts, judge = self.contract, self.facts, judged.by
        return Prediction(
            label=contract.positive if judged.own >= judge.in_force.own else contract.negative,
            probability=judged.shown,
            threshold=judge.in_force.shown,
            threshold_from=judge.threshold_from,
            zone=judge.contract.decision.zone,
            clinical=judged.clinical,
            positive=contract.positive,
            logits=outputs["logits"][0],
            heatmap=shown,
            image=prepared.image,
            screen=size_of(screen),
            view=prepared.view,
            disc=prepared.disc,
            reading=prepared.reading,
            uptake=prepared.uptake,
            place=self.preparation.map,
            familiarity=_distance_in(outputs),
            findings=findings,
            overruled=overruled,
            scan_sha256=screen.sha256,
            frame=screen.frame,
            model_sha256=self.model_sha256,
            contract_sha256=self.contract_sha256,
            origin=contract.origin,
            device=facts.device,
            provider=facts.provider,
            precision=facts.precision,
            chosen=self.chosen,
            site_sha256=None if self.site is None else self.site.sha256,
            remarks=self.remarks,
            recalibration=self.recalibration,
            own_probability=None if self.recalibration is None else judged.own,
            own_threshold=None if self.recalibration is None else judge.in_force.own,
            milliseconds=clock.milliseconds,
        )

    def _own_probability(self, outputs: dict[str, NDArray[np.float32]]) -> float:
        """Of the image, which is held against the model's own threshold whatever a site shows."""
        return float(outputs["probabilities"][0, self.contract.positive_index])

    def close(self) -> None:
        """Let the engine go; further calls are errors."""
        self._loaded = None

    def __enter__(self) -> Classifier:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def outputs_for(contract: Contract) -> tuple[str, ...]:
    """The outputs that an answer of this model rests on."""
    return ANSWER_OUTPUTS if contract.familiarity is None else (*ANSWER_OUTPUTS, FAMILIARITY)


def _distance_in(outputs: dict[str, NDArray[np.float32]]) -> float | None:
    """Distance of one scan to the training scans, where it was asked for; rounding below zero is none."""
    return max(0.0, float(outputs[FAMILIARITY][0, 0])) if FAMILIARITY in outputs else None


def _signed(loaded: LoadedModel, key: Path) -> LoadedModel:
    """A model that was loaded before, once its signature holds."""
    check_signed_file(loaded.file.path, loaded.file.sha256, key)
    return replace(loaded, file=replace(loaded.file, remarks=()))


def prove_golden(loaded: LoadedModel) -> None:
    """Demand that a model answers the golden samples as it did at export.

    Raises:
        GateFailed: it does not.
    """
    wrong = [entry.sample for entry in Classifier(loaded, replay="never").replay_golden() if not entry.holds]
    if wrong:
        raise GateFailed(
            f"on {loaded.facts.device} ({loaded.facts.provider}) the model answers {', '.join(wrong)} otherwise than "
            "at export, so it must not be used there; use another --device or --precision, and report it"
        )


def golden_answers(model: Path) -> tuple[GoldenAnswer, ...]:
    """Answer every golden sample on the CPU, for the contract of `model`."""
    with Classifier(open_file(own_file(model), "cpu"), replay="never") as classifier:
        return recorded_answers(classifier.replay, classifier.contract)
