"""EdgeCAD's runtime: from a report screen to a probability and a heat map, or to a refusal.

The way of a scan, as `edgecad infer` takes it:

    cli/infer/command               its options                        -> cli/opening: which model, device, threshold
    inference/classifier            the public class; opening opens    -> modelfiles: the file, read once and checked;
                                                                          contract: what it says; runners, engines:
                                                                          what runs its graph
    inference/proofs                does it answer here as at export?  -> golden: three phantom screens
    inference/predicting            one scan, step by step:
    preparing                       images: bytes to a screen          -> polarmap: the disc, checked, as the network's
                                                                          input
    inference/checks                what must hold of an engine's outputs
    answer                          the prediction, its heat map, doubts and record
    picture                         the picture of an answer or a refusal
    inference/answering             all of it for one scan of many; errors become records
    inference/identity              whose scan it is, as far as the site asks

Beside the way: decision, identity and site (what a site chooses), models (which one is in force), verification (is it
what was exported), bench and doctor (this machine), spool (each scan once, and a page for each day) and watch (a hot
folder as its source), system (the operating system), frozen and errors (for all).
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edgecad.answer.prediction import Prediction
    from edgecad.contract import Contract
    from edgecad.errors import EdgecadError, InputRefused
    from edgecad.inference.classifier import Classifier

__version__ = "0.2.0rc1"
__all__ = ["Classifier", "Contract", "EdgecadError", "InputRefused", "Prediction", "__version__"]

# From 1.29 on onnxruntime's own builds report sessions, names of models and a device's identifier to their maker over
# the network. It is told not to before it can be loaded, whatever the environment says.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

# OpenVINO reports each import of its own to its maker over the network, and asks nobody. What sends is a package
# beside it, without which it does all else. An import of that package fails from here on in this process.
SENDER = "openvino_telemetry"
sys.modules.setdefault(SENDER, None)  # type: ignore[arg-type]

_HOMES = {
    "Classifier": "edgecad.inference.classifier",
    "Contract": "edgecad.contract",
    "EdgecadError": "edgecad.errors",
    "InputRefused": "edgecad.errors",
    "Prediction": "edgecad.answer.prediction",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for, so that `edgecad --help` loads no OpenCV."""
    if name not in _HOMES:
        raise AttributeError(f"module 'edgecad' has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_HOMES[name]), name)
