"""Whether a proof is of this machine and of what is installed on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import edgecad
from edgecad.doctor.proof.record import Card, GpuProof
from edgecad.engines.gpu import Gpu

COMPUTING = (
    "onnxruntime", "tensorrt", "cuda-", "nvidia-", "numpy", "opencv-", "simplejpeg", "pydicom", "msgspec",
)  # fmt: skip
"""How the distributions begin on which an answer rests; those of CUDA 13 and later bear no number in their names."""


def computing_packages(versions: Mapping[str, str]) -> dict[str, str]:
    """Those of the installed distributions on which an answer rests, by name."""
    return {name: versions[name] for name in sorted(versions) if name.startswith(COMPUTING)}


def differences(proof: GpuProof, gpu: Gpu | None, versions: Mapping[str, str]) -> tuple[str, ...]:
    """What differs between a proof and this machine, a phrase each; none: it is a proof of this machine.

    Args:
        gpu: the first one here.
        versions: of the installed distributions, by canonical name.
    """
    return tuple(_differences(proof, gpu, computing_packages(versions)))


def _differences(proof: GpuProof, gpu: Gpu | None, here: Mapping[str, str]) -> Iterator[str]:
    card = proof.card
    there = "no card" if card is None else f"{card.name} (compute capability {card.capability})"
    if there != (str(gpu) if gpu else "no card"):
        yield f"card: {there} in the proof, {gpu or 'none answers'} here"
    elif card is not None and gpu is not None and card.driver != gpu.driver:
        yield f"driver: {card.driver} in the proof, {gpu.driver} here"
    if proof.edgecad != edgecad.__version__:
        yield f"edgecad: {proof.edgecad} in the proof, {edgecad.__version__} here"
    for name in sorted({*proof.packages, *here}):
        if proof.packages.get(name) != here.get(name):
            yield f"{name}: {proof.packages.get(name, 'none')} in the proof, {here.get(name, 'none')} here"


RTX_CARDS = ("8.0", "8.6", "8.9")
"""Compute capabilities for which TensorRT-RTX documents engines, beside 12.0 and up."""


def notes_on(card: Card | None, versions: Mapping[str, str]) -> Iterator[str]:
    """What is known beforehand of what may not run on a card with what is installed."""
    runtime, offered = versions.get("nvidia-cuda-runtime", ""), "" if card is None else card.driver
    wants, offers = _major(runtime), _major(offered.rpartition("CUDA ")[2])
    if offers and wants > offers:
        yield (
            f"the packages are built for CUDA {wants}, and the driver {offered} offers less: install a newer driver "
            "(580 or later for CUDA 13)"
        )
    if "tensorrt" not in versions:
        yield "full TensorRT is not installed, so it was not tried: make test-gpu TENSORRT=tensorrt"
        if card is not None and card.capability not in RTX_CARDS and _major(card.capability) < 12:
            yield (
                f"TensorRT-RTX documents no engines for compute capability {card.capability}; full TensorRT and CUDA "
                "have them"
            )


def _major(version: str) -> int:
    """The first number of a version; 0 where there is none."""
    first = version.partition(".")[0]
    return int(first) if first.isdigit() else 0
