"""A study opens the test parts of all its runs, and is one opening: counted by who leads it, as runs finish."""

from __future__ import annotations

from collections import Counter
from functools import cached_property

from msgspec.structs import replace

from edgecad.contract import Openings
from edgecad_train.data import PreparedData
from edgecad_train.data.openings import count_opening, kept_opening, known_openings, patients_of
from edgecad_train.data.openings.file import Opening
from edgecad_train.study.definition.planning import StudyPlan
from edgecad_train.study.folder import StudyFolder


class StudyOpenings:
    """Counts what of a study was opened; resumed or not, it is one."""

    def __init__(self, folder: StudyFolder, plan: StudyPlan) -> None:
        self._folder, self._plan = folder, plan
        self._counted: frozenset[str] = frozenset()
        self.now: Openings | None = None
        """Of all test patients whose runs are done; None before the first is."""

    @cached_property
    def _opening(self) -> Opening:
        return kept_opening(self._folder.path, "study")

    @property
    def _data(self) -> PreparedData:
        """Any preparation: all are of the same scans."""
        return next(iter(self._plan.data.values()))

    def known(self) -> dict[str, Openings]:
        """By the name of each part what its runs' contracts say: who opened its test part before this study."""
        runs = Counter(unit.part_name for unit in self._plan.study.units)
        return {
            name: replace(self._known(partition.test), together=runs[name])
            for name, partition in self._plan.partitions.items()
        }

    def count(self) -> None:
        """Count the test patients of the runs that are done, if there are more than when it was last counted."""
        parts = {unit.part_name for unit in self._plan.study.units if self._folder.run(unit)}
        tested = frozenset(patient for name in parts for patient in self._plan.partitions[name].test)
        if tested != self._counted:
            patients = patients_of(self._data, sorted(tested))
            self.now = count_opening(self._plan.source, self._opening, patients)
            self._counted = tested

    def _known(self, tested: tuple[str, ...]) -> Openings:
        return known_openings(self._plan.source, self._opening, patients_of(self._data, tested))
