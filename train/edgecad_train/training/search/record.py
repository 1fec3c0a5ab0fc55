"""What a head search found, which scores then chose, and which judge."""

from __future__ import annotations

import msgspec

from edgecad_train.training.search.choice import HeadChoice


class FoundHead(msgspec.Struct, frozen=True):
    """What a search found for one training: `run`, `fold 1`, `refit`."""

    training: str
    choice: HeadChoice


class SearchRecord(msgspec.Struct, frozen=True):
    """A head search: configurations that were tried for each training, and what was found."""

    trials: int
    found: tuple[FoundHead, ...]
    deciding: tuple[str, ...] = ()
    """Trainings of the exported head whose out-of-fold scores chose epochs, temperature and threshold. Empty where one
    part chose, and in earlier versions, in which the folds' own heads did."""

    @property
    def by_one_part(self) -> bool:
        """Whether one validation part chose heads, and not folds."""
        return not any(one.training.startswith("fold") for one in self.found)

    @property
    def sentences(self) -> tuple[tuple[str, str], ...]:
        """What chose, and what judges, for people."""
        if self.deciding:
            return (("what chose", CHOSE.format(len(self.deciding))), ("what judges", JUDGES))
        return (("what chose", CHOSE_BY_ONE_PART if self.by_one_part else CHOSE_EARLIER),)


CHOSE = (
    "one more search over all development patients found the head and the rates of the exported network. {} fold "
    "networks of that head chose its epochs, temperature, threshold and zone by their out-of-fold scores, which are in "
    "deciding.csv. The head was found on the same patients, so these scores choose and do not judge."
)
JUDGES = (
    "the out-of-fold figures are nested: the head of each fold was found inside its own training patients. These "
    "scores chose nothing. They judge this way of finding a head, not the exported head alone; the test part judges "
    "that."
)
CHOSE_EARLIER = (
    "fold networks of other heads than the exported one chose its epochs, temperature and threshold, as in all "
    "searches with folds of that version."
)
CHOSE_BY_ONE_PART = (
    "the validation part chose the head and the rates too, and then epoch, temperature and threshold. Its figures are "
    "better than new patients will give; the test part chose nothing."
)
