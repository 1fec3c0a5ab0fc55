"""What a proof begins with: the card, the machine, the versions."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

import edgecad
from edgecad.doctor.machine import machine_here
from edgecad.doctor.packages import installed
from edgecad.doctor.proof.judging import computing_packages, notes_on
from edgecad.doctor.proof.record import Card, GpuProof, Host, ModelTried
from edgecad.engines.gpu import gpu_count, gpu_here, gpu_memory
from edgecad.system.clock import second_text


def card_here() -> Card | None:
    """The first card, as its driver tells."""
    gpu = gpu_here()
    if gpu is None:
        return None
    return Card(
        name=gpu.name,
        capability=gpu.capability,
        memory_mb=round(gpu_memory() / 1e6),
        driver=gpu.driver,
        cards=max(1, gpu_count()),
    )


def blank_proof(card: Card | None, models: Sequence[ModelTried]) -> GpuProof:
    """A proof of this machine, of which no step was taken yet."""
    machine, versions = machine_here(), installed()
    return GpuProof(
        made=second_text(),
        edgecad=edgecad.__version__,
        commit=_commit(),
        card=card,
        host=Host(
            system=machine.system,
            python=machine.python,
            processor=machine.processor,
            threads=machine.threads,
            memory_gb=machine.memory_gb,
            jetson=machine.jetson,
        ),
        packages=computing_packages(versions),
        models=tuple(models),
        notes=tuple(notes_on(card, versions)),
        steps=(),
        seconds=0.0,
    )


def _commit() -> str:
    """Of the checkout that this lies in; empty where there is none."""
    command = ["git", "-C", str(Path(__file__).parent), "rev-parse", "HEAD"]
    try:
        ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return ended.stdout.strip() if ended.returncode == 0 else ""
