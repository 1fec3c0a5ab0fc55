"""The outputs of the graph, by name: which every model has, and which a model may have.

A new output is a row here. It is optional for as long as models without it are in use.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

FAMILIARITY = "familiarity"
"""Name of the output that a graph has where its contract has limits for it."""


@dataclass(frozen=True)
class GraphOutput:
    """One output of the graph, fp32.

    Attributes:
        shape: its dimensions in words; N images, C channels, h x w cells.
        about: what it holds.
        required: whether a graph without it is no model. Where an optional one is absent, only what reads it is.
        answers: whether answers rest on it. Another one an engine may compute only where it is asked for.
    """

    name: str
    shape: str
    about: str
    required: bool = True
    answers: bool = True


OUTPUT_TABLE = (
    GraphOutput("logits", "(N, 2)", "raw"),
    GraphOutput("probabilities", "(N, 2)", "softmax of logits / temperature"),
    GraphOutput("features", "(N, h, w, C)", "input of the pooling layer", required=False, answers=False),
    GraphOutput(
        "fc_weights", "(N, 2, C)", "effective weights of the head for this image", required=False, answers=False
    ),
    GraphOutput("cam", "(N, 2, h, w)", "raw, signed, logit units"),
    GraphOutput("cam_bias", "(N, 2)", "mean(cam) + cam_bias == logits"),
    GraphOutput(FAMILIARITY, "(N, 1)", "distance of the pooled features to the training scans'", required=False),
)
OUTPUTS = tuple(output.name for output in OUTPUT_TABLE)
"""All names that are known. Export writes those that there are, in this order: all but `familiarity`, which takes a run
that measured it."""


def missing_outputs(present: Collection[str]) -> tuple[str, ...]:
    """The required outputs that a graph with the outputs `present` lacks."""
    return tuple(output.name for output in OUTPUT_TABLE if output.required and output.name not in present)


def known_outputs(present: Collection[str]) -> tuple[str, ...]:
    """The outputs of a graph that a runner gives, in the table's order; others of the graph are not looked at."""
    return tuple(output.name for output in OUTPUT_TABLE if output.name in present)


def answering_outputs(present: Collection[str]) -> tuple[str, ...]:
    """Those of the known outputs among `present` that answers rest on."""
    return tuple(output.name for output in OUTPUT_TABLE if output.answers and output.name in present)
