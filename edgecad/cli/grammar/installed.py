"""Which commands can run in this installation, and which extra brings the others."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping

RUNNING = ("onnxruntime",)
FIGURES = ("sklearn", "scipy", "statsmodels", "matplotlib")
"""What figures with intervals need."""
PLAN = ("scipy", "statsmodels")
"""What formulas of sample size and precision need."""
NETWORKS = ("tensorflow", "keras", "h5py")
"""What networks and files of weights need."""
STUDY = (*FIGURES, "filelock", "optuna", *NETWORKS)
TRAIN = (*STUDY, "jinja2")
EXPORT = ("tensorflow", "keras", "h5py", "onnx", "tf2onnx", "sklearn", "pydicom")
NEEDS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "plan": {"train": PLAN},
    "train": {"train": TRAIN},
    "study": {"train": STUDY},
    "evaluate": {"train": FIGURES},
    "export": {"cpu": RUNNING, "export": EXPORT},
    "demo": {"cpu": RUNNING, "train": TRAIN, "export": EXPORT},
}
"""Commands that a runtime alone does not have: the modules without which each does nothing, by the extra that brings
them. What a command needs only for some of its work, it asks for itself."""


def missing_extras(command: str) -> tuple[str, ...]:
    """Extras that a command wants and that are not installed; looked for without importing anything."""
    return tuple(
        extra
        for extra, modules in NEEDS.get(command, {}).items()
        if any(importlib.util.find_spec(name) is None for name in modules)
    )
