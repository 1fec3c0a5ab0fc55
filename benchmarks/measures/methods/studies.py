"""Studies of drawn phantoms, made only where something is missing, and what their systems said.

A seed is another draw of phantoms: other patients is what figures must hold for. Each of them is tested once, in one
of the folds of its study, and each fold is another training, from another seed. `edgecad study --seeds` would draw
other splits of one cohort instead, and its intervals would be of those patients alone.
"""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from edgecad_train.classes import LabelRule
from edgecad_train.methods.table import METHODS, NORMAL_LIMITS
from edgecad_train.study.definition.spec import STUDY
from edgecad_train.study.folder import StudyFolder
from edgecad_train.study.results.unit_run import UnitRun
from measures.command import EDGECAD, ProcessEnd, run_command, weights_word, words_of_options
from measures.decisions.runs import draw_phantoms
from measures.methods.maps import draw_maps
from measures.methods.options import MethodOptions

Answers = tuple[UnitRun, ...]
"""Of one system on one draw of phantoms, a fold each."""
REFERENCE = "two-stage"
"""The paper's strategy, which stands beside the methods."""
SLOW = ("polar-cnn", "polar-gcn", "rgb-cnn", "vgg16-maps")
"""Networks of others' that are trained for minutes: a study each."""
WITHOUT_WEIGHTS = {"vgg16-maps": "vgg16"}
"""Methods on a network of their own, of which no ImageNet weights are wanted: its first weights are random."""


@dataclass(frozen=True)
class SystemsStudy:
    """Systems that one `edgecad study` makes together."""

    name: str
    strategies: tuple[str, ...]
    methods: tuple[str, ...]

    @property
    def systems(self) -> tuple[str, ...]:
        """Its rows."""
        return *self.strategies, *self.methods

    @property
    def several_maps(self) -> bool:
        """Whether its systems read more than one map of a patient."""
        return any(METHODS[name].needs == "maps" for name in self.methods)

    def words(self, options: MethodOptions) -> list[object]:
        """Of `edgecad study`, but for data, parts and folder."""
        alone = [WITHOUT_WEIGHTS[name] for name in self.methods if name in WITHOUT_WEIGHTS]
        network, weights = (alone[0], "none") if alone else (options.backbone, weights_word(options.weights))
        words: list[object] = ["--backbones", network, "--weights", weights, "--rates", "uniform", "--quiet"]
        words += ["--strategies", ",".join(self.strategies) or "none", "--methods", ",".join(self.methods)]
        left_out = [] if NORMAL_LIMITS in self.methods else [f"--without-{NORMAL_LIMITS}"]
        return [*words, *left_out, *words_of_options(options.train_options)]


QUICK = SystemsStudy("quick", (REFERENCE,), tuple(name for name in METHODS if name not in SLOW))
STUDIES = (QUICK, *(SystemsStudy(name, (), (name,)) for name in SLOW))
SYSTEMS = tuple(name for study in STUDIES for name in study.systems)
"""In the order in which they are made."""


def asked_studies(options: MethodOptions) -> tuple[SystemsStudy, ...]:
    """Those with a method that is asked for, the quick ones first."""
    return tuple(study for study in STUDIES if set(study.methods) & set(options.methods))


@dataclass(frozen=True)
class Cohort:
    """One draw of phantoms, labelled by one rule, and its studies."""

    rule: LabelRule
    seed: int
    options: MethodOptions

    @property
    def place(self) -> Path:
        """Its folder."""
        own = self.options
        kind = "-".join((own.backbone, str(own.patients), f"{own.folds}-folds", *own.train_options[1::2]))
        return own.kept.absolute() / kind / self.rule / f"seed-{self.seed}"

    def data(self, several_maps: bool) -> str:
        """The scans in its folder, drawn if need be: a folder, or a CSV of several maps."""
        words = self.options.patients, self.seed, "--label-rule", self.rule
        if several_maps:
            return str(draw_maps(self.place, "data-maps", *words).relative_to(self.place))
        draw_phantoms(self.place, "data", *words)
        return "data"

    def make(self, study: SystemsStudy) -> None:
        """Have a study done."""
        folder = self.place / study.name
        if not _done(folder):
            data = self.data(study.several_maps)
            words = [*EDGECAD, "study", data, *study.words(self.options), "--folds", self.options.folds]
            run_command([*words, "--out", study.name], self.place)

    def answers(self) -> Mapping[str, Answers]:
        """By the system, what each fold of each study that is done said of its test part."""
        found: dict[str, Answers] = {}
        for study in STUDIES:
            folder = self.place / study.name
            if _done(folder):
                found |= dict(_answers(folder))
        return found

    def deficits(self) -> Mapping[str, float]:
        """True total perfusion deficit of each phantom, percent."""
        with (self.place / "data" / "labels.csv").open(newline="", encoding="utf-8") as file:
            return {row["patient"]: float(row["deficit_percent"]) for row in csv.DictReader(file)}

    def timed(self, study: SystemsStudy, parts: Sequence[object]) -> tuple[ProcessEnd, Mapping[str, Answers]]:
        """Do a study from its beginning.

        Args:
            parts: words that say which runs it has.
        """
        data, folder = self.data(study.several_maps), self.place / "timed"
        shutil.rmtree(folder, ignore_errors=True)
        ended = run_command(
            [*EDGECAD, "study", data, *study.words(self.options), *parts, "--out", folder.name], self.place
        )
        found = dict(_answers(folder))
        shutil.rmtree(folder)
        return ended, found


def _done(folder: Path) -> bool:
    """Whether all runs of a study are there."""
    if not (folder / STUDY).is_file():
        return False
    kept = StudyFolder(folder)
    return all(kept.run(unit) is not None for unit in kept.study().units)


def _answers(folder: Path) -> Iterator[tuple[str, Answers]]:
    kept = StudyFolder(folder)
    for (_, variant), units in kept.study().rows().items():
        yield variant, tuple(run for unit in units if (run := kept.run(unit)) is not None)
