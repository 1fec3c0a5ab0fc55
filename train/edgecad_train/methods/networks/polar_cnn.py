"""The method `polar-cnn`: convolutions on the unrolled grid of uptake."""

from __future__ import annotations

from edgecad_train.methods.answer import Answer
from edgecad_train.methods.networks.polar import answer_of
from edgecad_train.methods.task import Task


def answer(task: Task) -> Answer:
    """Fit, and answer; the model that is kept takes images."""
    return answer_of("polar-cnn", task)
