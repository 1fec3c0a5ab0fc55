"""The contract of an ensemble: what its members share, and of each what is its own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from edgecad.answer.heatmap import scale_of_maps
from edgecad.contract import Contract, Features, Member, Scaling, network_digest
from edgecad.system.clock import second_text
from edgecad_train.ensembles.members import MemberRun
from edgecad_train.ensembles.scores import EnsembleScores, openings_of
from edgecad_train.evaluation.familiarity.measuring import MeasuredFamiliarity
from edgecad_train.versions import package_versions


def contract_of(
    name: str,
    members: Sequence[MemberRun],
    scores: EnsembleScores,
    feature_layer: str,
    held_maps: NDArray[np.floating],
    familiarity: MeasuredFamiliarity | None,
) -> Contract:
    """Write the contract of an ensemble; all that its members share is the first one's.

    Args:
        feature_layer: of the joined network.
        held_maps: mean heat maps of out-of-fold scans, `(n, h, w)`, logit units; they fix the scale.
    """
    contracts = [member.contract for member in members]
    return replace(
        contracts[0],
        name=name,
        created=second_text(),
        scaling=_scaling(contracts),
        backbone=_counted([contract.backbone for contract in contracts]),
        head=f"mean of {len(contracts)} heads over their own features: "
        f"{_counted([contract.head for contract in contracts])}",
        feature_layer=feature_layer,
        features=_features(contracts),
        familiarity=None if familiarity is None else familiarity.familiarity,
        decision=scores.decision,
        heatmap=scale_of_maps(np.asarray(held_maps, np.float64)),
        test_openings=openings_of(members),
        metrics=tuple(metric for evaluation in scores.evaluations for metric in evaluation.metrics),
        weights=_counted([contract.weights for contract in contracts]),
        versions=package_versions(),
        members=tuple(_member(contract) for contract in contracts),
    )


def _member(contract: Contract) -> Member:
    return Member(
        name=contract.name,
        network=network_digest(contract),
        backbone=contract.backbone,
        head=contract.head,
        features=contract.features,
        feature_layer=contract.feature_layer,
        scaling=contract.scaling,
        weights=contract.weights,
    )


def _scaling(contracts: Sequence[Contract]) -> Scaling:
    """Of all; where they differ the whole takes 0 to 255 as it is, and each member scales by itself."""
    own = {contract.scaling for contract in contracts}
    return own.pop() if len(own) == 1 else "none"


def _features(contracts: Sequence[Contract]) -> Features:
    own = {contract.features for contract in contracts}
    return own.pop() if len(own) == 1 else "both"


def _counted(words: Sequence[str]) -> str:
    """Each of the words once, with how often it is there: `a x 2 + b`."""
    counts = {word: words.count(word) for word in dict.fromkeys(words)}
    return " + ".join(word if count == 1 else f"{word} x {count}" for word, count in counts.items())
