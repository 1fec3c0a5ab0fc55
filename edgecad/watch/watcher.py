"""A watch: a hot folder that is ours, and the worker that takes scans from it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from edgecad.clinical.sources import NO_VALUES, ClinicalSources
from edgecad.inference.classifier import Classifier
from edgecad.inference.identity import BY_HASH, IdentityChoice
from edgecad.spool.index import SpoolRecord
from edgecad.spool.out import make_out
from edgecad.spool.worker import Worker
from edgecad.watch.arrivals import Arrivals
from edgecad.watch.folders import check_folders, check_one_file_system
from edgecad.watch.names import PROBE
from edgecad.watch.options import WatchOptions
from edgecad.watch.reservation import Reservation


class Watcher:
    """A hot folder and the one model that answers it."""

    def __init__(
        self,
        classifier: Classifier,
        incoming: Path,
        out: Path,
        options: WatchOptions | None = None,
        on_record: Callable[[SpoolRecord], None] = lambda record: None,
        on_problem: Callable[[str], None] = lambda problem: None,
        wanted: IdentityChoice = BY_HASH,
        clinical: ClinicalSources = NO_VALUES,
    ) -> None:
        """Open a hot folder; `out` is made where there is none.

        Args:
            on_record, on_problem: as `edgecad.spool.worker.Worker` takes them; the second is also told what in IN is
                passed over by its name.
            wanted, clinical: as the worker takes them.

        Raises:
            UsageError: the folders do not go together, or lie on two file systems, or another watch has IN.
        """
        check_folders(incoming, out)
        options = options or WatchOptions()
        self._incoming, self._reservation = incoming, Reservation(incoming)
        with self._reservation:  # a watch at work sweeps what a trial leaves in IN
            check_one_file_system(incoming, out)
            make_out(out)
        self._arrivals = Arrivals(incoming, self._reservation, options.settle, options.patience, on_passed=on_problem)
        self._worker = Worker(
            classifier, self._arrivals, out, options, on_record, on_problem, command="edgecad watch", wanted=wanted,
            clinical=clinical,
        )  # fmt: skip

    @property
    def worst(self) -> int:
        """Highest exit code so far, as `edgecad.spool.worker.Worker` has it."""
        return self._worker.worst

    def run(self, stop: threading.Event, wake: threading.Event, *, once: bool = False) -> None:
        """Watch; arguments as for `edgecad.spool.worker.Worker.run`.

        Raises:
            UsageError: another watch takes from IN, or from a folder around it or inside it, or writes to OUT.
            DeviceFailed, ModelInvalid: as for the worker.
        """
        with self._reservation:
            self._sweep_probes()
            self._worker.run(stop, wake, once=once)
            self._arrivals.tell_passed()

    def _sweep_probes(self) -> None:
        """What a killed watch left of its trial; one that cannot be removed now is left to the next watch."""
        with suppress(OSError):
            for probe in self._incoming.glob(f"{PROBE}*"):
                probe.unlink(missing_ok=True)
