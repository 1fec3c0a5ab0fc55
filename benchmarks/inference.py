"""What an answer costs, side by side with what a user could have taken instead.

    python benchmarks/inference.py networks       one image through every engine: ours, onnxruntime, OpenVINO, ...
    python benchmarks/inference.py auto           auto after edgecad bench --save, against the best that is proven
    python benchmarks/inference.py models         nothing is timed: models that are not in --models yet are made
    python benchmarks/inference.py explanation    score and heat map, against Grad-CAM and against the score alone
    python benchmarks/inference.py cold           one scan in whole processes, against a Keras script
    python benchmarks/inference.py folder         screens a second, against a Keras pipeline

Each engine has a process of its own (benchmarks/peer.py), and all take turns on the same model, images and threads.
What they answer is compared as well: nobody is fast by being wrong. An engine that is not installed (extra `bench`)
has a line that says so. Models have random weights, and are made once, in `--models`. Each network's figures are
written as soon as they are there, to benchmarks/results/inference_<what>_<network>.json. By default 10 turns of 5
images, 3 cold processes, 200 screens: about 25 minutes in all on two quiet cores, once the models are made.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from measures.inference.cold import cold
from measures.inference.explanation import explanation
from measures.inference.folders import folder
from measures.inference.networks import networks
from measures.inference.options import InferenceOptions
from measures.inference.saved import saved_against_best
from measures.machine import versions_of
from measures.models.kept import kept_model
from measures.program import keep, read_options

WHAT: dict[str, Callable[[InferenceOptions, str], msgspec.Struct]] = {
    "networks": networks, "auto": saved_against_best, "explanation": explanation, "cold": cold, "folder": folder,
}  # fmt: skip
PEERS = ("onnx", "onnxruntime", "openvino", "nncf", "ai-edge-litert")
"""Packages whose versions the figures depend on, beside those that `machine` tells."""


def main() -> None:
    """Measure one thing of each network, and keep it."""
    options = read_options(InferenceOptions, __doc__)
    if options.what == "models":
        for backbone in options.networks:
            print(kept_model(backbone, options.models), flush=True)
        return
    for backbone in options.networks:
        found = WHAT[options.what](options, backbone)
        name = f"inference_{options.what}_{backbone}"
        keep(options, name, options.what, found, peer_versions=versions_of(PEERS))


if __name__ == "__main__":
    main()
