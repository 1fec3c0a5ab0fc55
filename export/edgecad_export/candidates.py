"""One file of each precision, with what the gate says of it."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import onnx
from msgspec.structs import replace
from numpy.typing import NDArray

from edgecad import __version__
from edgecad.contract import METADATA_KEY, Contract, Familiarity, Precision, RunPrecision
from edgecad.frozen import json_from_struct
from edgecad.modelfiles.digest import PLACEHOLDER, with_digest
from edgecad_export.graph.onnx_from_keras import set_metadata
from edgecad_export.precision.limits import carried_over, distances_of
from edgecad_export.precision.narrowed import Narrowed
from edgecad_export.proof.executions import left_over
from edgecad_export.proof.gate import ParityGate, Verdict
from edgecad_export.proof.tolerances import Tolerances
from edgecad_export.runfiles import Run

MOST_COMPARED = 256
"""Images on which distances to the training scans are compared, at most."""
MOST_LOOKED_AT = 24
"""Validation images, and training images, on which the range of activations is measured, at most."""


@dataclass(frozen=True)
class Candidate:
    """A file that would like to bear its name.

    Attributes:
        contract: of this file: its precision, and the tolerances that it was held to.
        narrowed: the graph, and how it came to be.
        seconds: what making and judging it took.
        as_bf16: what the gate says of an fp32 graph whose backbone is rounded to bf16; None where nobody asked.
    """

    contract: Contract
    narrowed: Narrowed
    seconds: float
    as_bf16: Verdict | None = None

    @property
    def verdict(self) -> Verdict:
        """What the gate says of it."""
        return self.narrowed.verdict

    @property
    def precision(self) -> Precision:
        """Of its backbone."""
        return self.contract.precision

    def content(self, contract: Contract | None = None) -> bytes:
        """The file's bytes, with its contract or a completed one inside."""
        return with_contract(self.narrowed.proto, contract or self.contract)


@dataclass(frozen=True)
class Candidates:
    """Makes candidates of one run from its fp32 graph."""

    run: Run
    contract: Contract
    gate: ParityGate
    fp32: onnx.ModelProto
    say: Callable[[str], None] = lambda _: None

    def of(self, precision: Precision, allowed: Tolerances) -> Candidate:
        """Make and judge one; int8 needs training images to calibrate by."""
        begun = time.monotonic()
        contract = replace(self.contract, precision=precision, tolerances=allowed.recorded())
        gate = self.gate if precision == "fp32" else self.gate.without(self.run.calibration)
        if gate is self.gate and precision != "fp32" and len(self.run.calibration):
            self.say(f"{precision}: no validation image is left that it was not fitted to; it is judged on those")

        def judged(proto: onnx.ModelProto) -> Verdict:
            return gate.judge(proto, allowed)

        narrowed = self._narrowed(precision, judged)
        if contract.familiarity is not None and precision != "fp32" and narrowed.verdict.validation.finite:
            contract = replace(contract, familiarity=self._carried(contract.familiarity, narrowed.proto))
        return Candidate(contract, narrowed, time.monotonic() - begun)

    def with_executions(self, candidate: Candidate, allowed: Mapping[RunPrecision, Tolerances]) -> Candidate:
        """The same with what its answers may differ by where another engine runs it in a way of its own."""
        if candidate.precision == "int8":
            left = {"int8": left_over(candidate.verdict, allowed["int8"])}
            return dataclasses.replace(candidate, contract=replace(candidate.contract, executions=left))
        if candidate.precision != "fp32":
            return candidate
        from edgecad_export.precision.bf16 import as_bf16

        verdict = self.gate.judge(as_bf16(self.fp32), allowed["bf16"])
        bounds = {"bf16": allowed["bf16"].recorded()} if verdict.holds else {}
        contract = replace(candidate.contract, executions=bounds)
        return dataclasses.replace(candidate, contract=contract, as_bf16=verdict)

    def _carried(self, limits: Familiarity, proto: onnx.ModelProto) -> Familiarity:
        """The limits for the file's own distances, from those that both files give for the same images."""
        images = np.concatenate([self.run.images, self.run.calibration])
        images = images[:: -(-len(images) // MOST_COMPARED)]
        return carried_over(limits, distances_of(self.fp32, images), distances_of(proto, images))

    def _narrowed(self, precision: Precision, judged: Callable[[onnx.ModelProto], Verdict]) -> Narrowed:
        if precision == "fp32":
            return Narrowed(self.fp32, judged(self.fp32))
        if precision == "fp16":
            from edgecad_export.precision.fp16.converting import narrowed_to_fp16

            return narrowed_to_fp16(self.fp32, self.run.calibration, judged, self._looked_at(), self.say)
        from edgecad_export.precision.int8.converting import narrowed_to_int8

        return narrowed_to_int8(self.fp32, self.run.calibration, judged, self.say)

    def _looked_at(self) -> NDArray[np.uint8]:
        """Images on which ranges are measured: of everything that is at hand some, and all golden screens."""
        some = (images[:: -(-len(images) // MOST_LOOKED_AT) or 1] for images in (self.run.images, self.run.calibration))
        return np.concatenate([*some, self.gate.golden.images])


def with_contract(proto: onnx.ModelProto, contract: Contract) -> bytes:
    """A graph's bytes with its contract inside, and the digest of all of it in the contract."""
    proto.producer_name, proto.producer_version = "edgecad", __version__
    set_metadata(proto, {METADATA_KEY: json_from_struct(replace(contract, digest=PLACEHOLDER))})
    return with_digest(bytes(proto.SerializeToString()))
