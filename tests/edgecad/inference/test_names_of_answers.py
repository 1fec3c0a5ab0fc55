"""A scan's files are named by all that may change its answer, so none takes the place of another, or passes for it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from edgecad import Classifier
from edgecad.inference.answering import name_of
from edgecad.runners.base import RunnerFacts

SAME = [("cpu", "fp32"), ("cuda:0", "fp32"), ("openvino:cpu", "fp32"), ("openvino:gpu", "fp16")]
"""What tells the precision is the file here, so one file has one name."""
OTHERS = [("openvino:cpu", "bf16"), ("openvino:cpu", "int8")]


def test_a_precision_that_a_device_computes_in_its_own_way_has_a_name_of_its_own(
    model_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Classifier(model_folder, "cpu") as classifier:
        facts = classifier.facts

        def named(device: str, precision: str) -> str:
            def told(_: Classifier) -> RunnerFacts:
                return replace(facts, device=device, precision=precision)

            monkeypatch.setattr(Classifier, "facts", property(told))
            return name_of("a" * 64, classifier)

        assert len({named(*each) for each in SAME}) == 1
        assert len({named(*each) for each in (SAME[0], *OTHERS)}) == 3
