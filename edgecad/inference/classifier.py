"""From an image to a prediction: the one public class."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from itertools import repeat
from pathlib import Path
from types import TracebackType
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from edgecad.answer.prediction import Prediction
from edgecad.clinical.values import Given, with_values
from edgecad.colourtables import ColourTable
from edgecad.contract import MapPlace, RunPrecision
from edgecad.errors import EdgecadError, UsageError
from edgecad.golden import Replay
from edgecad.images import Screen
from edgecad.images.source import Source
from edgecad.inference.loading import LoadedModel
from edgecad.inference.opening import opened_model
from edgecad.inference.predicting import ANSWER_OUTPUTS, Outputs, Predictor
from edgecad.inference.proofs import Replays
from edgecad.inference.replaying import replayed
from edgecad.modelfiles.file import AUTO, ModelFile, parse_choice
from edgecad.modelfiles.pointer import pointer_of
from edgecad.picture.cells import PANEL, heatmap_panel, region_panel
from edgecad.picture.figure import answer_figure
from edgecad.picture.line import IdLine
from edgecad.runners.base import Runner, RunnerFacts
from edgecad.site import Site, read_site
from edgecad.system.parallel import in_order, workers_beside


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
                chooses by a rule that the model has no threshold for, its recalibration is of another model, or it
                takes clinical columns from DICOM objects that the model has not.
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
        loaded = opened_model(model, device, precision, threads, replay, signer)
        predictor = Predictor.of(loaded, site, threshold, tables, place)
        self.contract = loaded.contract
        self.model_sha256 = loaded.file.sha256
        self.contract_sha256 = loaded.contract_sha256
        self.pointer = None if isinstance(model, LoadedModel) else pointer_of(model, loaded.file.path)
        self.site = site
        self.recalibration = predictor.recalibration
        self._judges = predictor.judges
        self.threshold_from = self._judges.usual.threshold_from
        self.remark, self.chosen = loaded.remark, loaded.chosen
        self.remarks = loaded.file.remarks
        self.preparation, self.candidates = predictor.preparation, predictor.candidates
        self._predictor: Predictor | None = predictor

    @property
    def _open(self) -> Predictor:
        if self._predictor is None:
            raise UsageError("this classifier was closed")
        return self._predictor

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
        return self._open.loaded.runner

    @property
    def file(self) -> ModelFile:
        """The model's file, as it was read."""
        return self._open.loaded.file

    @property
    def facts(self) -> RunnerFacts:
        """Device, provider and precision, as checked after opening."""
        return self._open.loaded.facts

    def __call__(
        self, source: Source | Screen, *, force: bool = False, frame: int | None = None, clinical: Given | None = None
    ) -> Prediction:
        """Answer one scan.

        Args:
            clinical: values of the model's clinical columns by name, as `{"age": 63, "sex": "F"}`; numbers, True and
                False, or words as in a CSV. None, an empty text and NaN are missing values. Where the site's file says
                so, a DICOM object (a file, its bytes or a dataset) gives what is missing of age and sex.
            force: answer against the map check's objections, which then stand in the answer; for a person who looks
                at the scan, never for a program.
            frame: which one of a DICOM object with several, counted from 1.

        Raises:
            InputRefused: the scan is unreadable, not what the contract's preparation takes (as a rule exactly
                one polar map), in colours that training never saw, or unlike the training scans; or, reason
                `clinical`, a clinical value is missing, out of range or no known category, or the DICOM object says
                another one.
            UsageError: values of columns that the model has not.
            GateFailed: the engine's outputs are not finite or do not fit together.
            DeviceFailed: the device gave up, or this machine's memory does not suffice.
        """
        return self._open.predict(source, force=force, frame=frame, clinical=clinical)

    def image_answer(self, source: Source | Screen) -> Prediction:
        """What the image alone says, also of a model that takes clinical columns: to compare files of models.

        Errors are those of a call. Without clinical columns it is the answer.
        """
        return self._open.predict(source, by_image=True)

    def each(
        self, sources: Iterable[Source | Screen], *, force: bool = False, clinical: Iterable[Given | None] | None = None
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

        def work(asked: tuple[Source | Screen, Given | None]) -> Prediction | EdgecadError:
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

    def replay(self, source: Source | Screen) -> Prediction:
        """Answer a golden sample: as a scan, but in whatever colours. For checks of a machine, never for a patient.

        The samples' screens have a size of their own, so a region of the contract's is left out.
        """
        return self._open.replay(source)

    def replay_golden(self) -> tuple[Replay, ...]:
        """Answer all golden samples, and compare with what the contract recorded at export.

        Raises:
            GateFailed: the model carries no golden answers, or to samples that this runtime does not have.
        """
        return replayed(self._open)

    def run(self, images: NDArray[np.uint8], outputs: Sequence[str] = ANSWER_OUTPUTS) -> Outputs:
        """Run prepared images: the hot path.

        Args:
            images: `(n, size, size, 3)` uint8 RGB.
            outputs: names among `edgecad.contract.graph.OUTPUTS`.

        Raises:
            UsageError: the model has no such output, or the images are of another shape.
            GateFailed: a value is not finite, or the maps do not add up to the logits.
        """
        return self._open.run(images, outputs)

    def close(self) -> None:
        """Let the engine go; further calls are errors."""
        self._predictor = None

    def __enter__(self) -> Classifier:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
