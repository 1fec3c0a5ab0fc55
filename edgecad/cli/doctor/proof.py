"""`edgecad doctor --proof FILE`: a proof of a GPU as a table for people, or as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import typer

from edgecad.cli.table import table_lines
from edgecad.doctor.packages import installed
from edgecad.doctor.proof.figures import (
    BatchTimes,
    ColdTimes,
    GoldenAgreement,
    Latency,
    PhantomAgreement,
    Refusals,
)
from edgecad.doctor.proof.judging import differences
from edgecad.doctor.proof.reading import read_proof
from edgecad.doctor.proof.record import Card, GpuProof, ProofStep, ProofTarget
from edgecad.engines.gpu import gpu_here
from edgecad.system.words import on_one_line

TITLES = (
    "model", "on", "golden\nsamples", "logits", "map", "answer\np50", "\np95", "network\np50", "engine\np50",
    "cold\nstart", "most\na second",
)  # fmt: skip
NOTHING = "-"
SHOWN = ("golden", "parity", "latency", "cold", "batches")
"""Checks that have a column."""


def show_proof(path: Path, *, json: bool) -> None:
    """Print a proof, and end with its exit code unless that is 0.

    Raises:
        UsageError: the file is no proof.
    """
    proof = read_proof(path)
    others = differences(proof, gpu_here(), installed())
    if json:
        told = {"schema": 1, "proof": proof, "code": proof.exit_code, "differences": others}
        typer.echo(msgspec.json.encode(told).decode())
    else:
        for line in proof_lines(proof, others):
            typer.echo(on_one_line(line))  # the file is of others: nothing in it may steer a terminal
    if proof.exit_code:
        raise typer.Exit(proof.exit_code)


def proof_lines(proof: GpuProof, others: Sequence[str]) -> Iterator[str]:
    """A proof for people: what it is of, figures by target, what is not proven, and the verdict."""
    yield from table_lines((), _heading(proof), "ll")
    yield ""
    yield from _this_machine(others)
    targets = dict.fromkeys(step.target for step in proof.steps if step.target is not None and step.check in SHOWN)
    if targets:
        yield ""
        yield from table_lines(TITLES, (_row(proof, target) for target in targets), "ll" + "r" * (len(TITLES) - 2))
        yield "  milliseconds; logits: largest difference to the CPU's fp32, relative; map: least agreement"
    yield from _part("notes", proof.notes)
    for state in ("failed", "not run"):
        yield from _part(state, [f"{step.name}: {step.reason}" for step in proof.steps if step.state == state])
    yield from _part("batches without a figure", list(_without_figure(proof)))
    yield ""
    yield _verdict(proof)


def _part(title: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        yield ""
        yield f"{title}:"
        yield from (f"  {line}" for line in lines)


def _without_figure(proof: GpuProof) -> Iterator[str]:
    for step in proof.steps:
        if isinstance(step.figures, BatchTimes) and step.state == "proven":
            for row in step.figures.rows:
                if row.reason:
                    yield f"{row.images} at once, {step.name}: {row.reason}"


def _heading(proof: GpuProof) -> Iterator[tuple[str, str]]:
    commit = f", commit {proof.commit[:12]}" if proof.commit else ""
    yield "proof", f"{proof.made}, edgecad {proof.edgecad}{commit}, {proof.seconds:.0f} s"
    yield "card", "none" if proof.card is None else _card(proof.card)
    host = proof.host
    yield "machine", f"{host.system}, Python {host.python}" + (f", {host.jetson}" if host.jetson else "")
    yield "processor", f"{host.processor or 'unknown'}; {host.threads} threads; {host.memory_gb:.1f} GB"
    engines = [f"{name} {version}" for name, version in proof.packages.items() if name.startswith(("onnxr", "tensor"))]
    yield "engines", ", ".join(engines) or "none"
    for model in proof.models:
        yield "model", f"{model.folder}: {model.backbone}; {model.stamp or 'of patients'}"
    strict = next((step for step in proof.steps if step.check == "strict"), None)
    if strict is not None:
        yield "strict", _strict(strict)


def _card(card: Card) -> str:
    several = f", the first of {card.cards}" if card.cards > 1 else ""
    memory = f", {card.memory_mb / 1000:.1f} GB" if card.memory_mb else ""
    return f"{card.name} (compute capability {card.capability}){memory}, driver {card.driver}{several}"


def _strict(step: ProofStep) -> str:
    if not isinstance(step.figures, Refusals) or step.state != "proven":
        return step.state
    return f"proven: {', '.join(each.device for each in step.figures.refused)} refused, and answered by nothing else"


def _this_machine(others: Sequence[str]) -> Iterator[str]:
    if not others:
        yield "It is of this machine, with what is installed now."
        return
    yield "It is not of this machine as it is now:"
    yield from (f"  {phrase}" for phrase in others[:8])
    if len(others) > 8:
        yield f"  and {len(others) - 8} more; --json has all"


def _row(proof: GpuProof, target: ProofTarget) -> tuple[str, ...]:
    found = {step.check: step for step in proof.steps if step.target == target}
    cells = {check: _cells(step) for check, step in found.items()}
    none = (NOTHING,) * 4
    golden = _state(found.get("golden"))
    return (
        target.model,
        target.words,
        golden,
        *cells.get("parity", none)[:2],
        *cells.get("latency", none)[:4],
        cells.get("cold", none)[0],
        cells.get("batches", none)[0],
    )


def _state(step: ProofStep | None) -> str:
    if step is None or not isinstance(step.figures, GoldenAgreement):
        return NOTHING if step is None else step.state
    return f"{step.figures.samples} hold" if step.state == "proven" else step.state


def _cells(step: ProofStep) -> tuple[str, ...]:
    found = step.figures
    if isinstance(found, PhantomAgreement):
        return f"{found.logits:.1e}", f"{found.heatmap:.5f}"
    if isinstance(found, Latency):
        engine = NOTHING if found.engine is None else f"{found.engine.p50:.3f}"
        return f"{found.answer.p50:.2f}", f"{found.answer.p95:.2f}", f"{found.network.p50:.3f}", engine
    if isinstance(found, ColdTimes) and found.starts:
        return (f"{found.median:.0f}",)
    if isinstance(found, BatchTimes):
        best = max(found.rows, key=lambda row: row.a_second, default=None)
        return (NOTHING,) if best is None or not best.a_second else (f"{best.a_second:.0f} by {best.images}",)
    return (NOTHING,) * 4


def _verdict(proof: GpuProof) -> str:
    counts = ", ".join(f"{len(proof.of(state))} {state}" for state in ("proven", "failed", "not run"))
    if proof.of("failed"):
        return f"{counts}: do not use the targets that failed, and report this file"
    if proof.card is None:
        return f"{counts}: there was no card, so nothing of a GPU is proven; run make test-gpu where one is"
    if proof.of("not run"):
        return f"{counts}: what ran is proven on {proof.card.name}; the reasons above say what did not run"
    return f"{counts}: all is proven on {proof.card.name}"
