"""`edgecad bench --save`: what is recommended is recorded for `auto`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from edgecad.bench.judging import is_fit, near_fastest, network_of, noise, ranked
from edgecad.bench.results import BenchOrder, Measured, Result
from edgecad.bench.runoff import MOST, NEAR, in_turn
from edgecad.errors import ModelInvalid
from edgecad.inference.benches.bench import SCHEMA, BenchedRow, BenchSubject, SavedBench, shown_name
from edgecad.inference.benches.cache import save_bench
from edgecad.inference.benches.lookup import subject_here
from edgecad.system.clock import second_text
from edgecad.system.cores import usable_threads


def subject_to_save(model: Path | None) -> BenchSubject:
    """What will be saved is about this; and find out before minutes are spent that it can be saved.

    Raises:
        UsageError, OSError: the user's cache cannot be written.
    """
    from edgecad.inference.benches.cache import benches_folder
    from edgecad.system.folders import check_writable

    check_writable(benches_folder())
    return subject_here(model)


def decided(found: Sequence[Result], order: BenchOrder) -> list[Result]:
    """Everything that was found, and where several are about as fast, these once more in turn."""
    near = near_fastest(found, NEAR, MOST)
    return in_turn(found, near, order) if len(near) > 1 else list(found)


def saved(found: Sequence[Result], model: Path | None, subject: BenchSubject) -> tuple[Path, SavedBench]:
    """Save what was measured, the recommended one first; the file, and what stands in it.

    A noisy measurement is saved, and says so wherever it is read: what it takes is proven all the same.

    Raises:
        ModelInvalid: the model, or a version, is not the one of the beginning.
        OSError: it cannot be written.
    """
    if subject_here(model) != subject:
        raise ModelInvalid("the model, or a package, changed while it was measured, so nothing was saved; run it again")
    here = [own for own in found if isinstance(own, Measured)]
    order = [*ranked(here), *(own for own in here if not is_fit(own))]
    bench = SavedBench(
        schema=SCHEMA,
        time=second_text(),
        model=shown_name(order[0].name),
        subject=subject,
        rows=tuple(map(_row, order)),
        noisy=noise(order[0]),
        threads=usable_threads(),
    )
    return save_bench(bench), bench


def lines_about(path: Path, bench: SavedBench) -> list[str]:
    """What was saved, for people."""
    best = bench.rows[0]
    why = "; ".join(bench.noisy)
    noisy = [f"it was noisy: {why}; measure again on a quiet machine, and save that"] if why else []
    return [f"saved: auto takes {best.device} {best.precision} for this model here ({path})", *noisy]


def _row(found: Measured) -> BenchedRow:
    stream = found.single_stream
    times = found.in_turn or (None if stream is None else network_of(stream))
    assert times is not None  # noqa: S101 - one scan after another is always measured for what is saved
    return BenchedRow(device=found.device, precision=found.precision, p50=times.p50, p95=times.p95, fit=is_fit(found))
