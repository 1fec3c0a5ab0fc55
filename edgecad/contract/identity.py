"""Which trained network a contract is about: the same for its run and for each of its files, and for no other's."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec

from edgecad.contract.clinical import numbers_of
from edgecad.contract.parts import Contract

OF_ONE_FILE = frozenset(("precision", "tolerances", "executions", "golden", "familiarity", "versions", "digest"))
"""Fields that an export gives to each of its files; all others are of the network and its training."""


def network_digest(contract: Contract) -> str:
    """SHA-256 of what training alone decides, in hexadecimal.

    An export adds to the contract: precision, tolerances, executions, golden answers, limits of familiarity for that
    file, versions of packages. None of it counts. Single values are listed, so that a field which the contract gets
    later changes no digest.
    """
    decided: tuple[object, ...] = (
        contract.created,
        contract.data_sha256,
        contract.split_sha256,
        contract.weights,
        contract.backbone,
        contract.head,
        contract.feature_layer,
        contract.classes,
        contract.positive,
        contract.preparation.size,
        contract.preparation.input,
        contract.decision.temperature,
        contract.heatmap.full_scale,
        contract.heatmap.region_threshold,
        [(metric.part, metric.name, metric.value) for metric in contract.metrics],
    )
    if contract.clinical is not None:
        decided = (*decided, numbers_of(contract.clinical))
    return hashlib.sha256(msgspec.json.encode(decided)).hexdigest()


def differing_fields(one: Mapping[str, Any], other: Mapping[str, Any]) -> tuple[str, ...]:
    """Names of fields in which two contracts are not of one export, sorted; none of the files of one folder.

    Args:
        one, other: as their texts have them. A contract is not checked here, which would take a hundred times longer.
    """
    names = (one.keys() | other.keys()) - OF_ONE_FILE
    return tuple(sorted(name for name in names if one.get(name) != other.get(name)))
