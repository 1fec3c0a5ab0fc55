"""One worker's process: `python -m edgecad_train.study.workers.process`, started by `edgecad_train.study.workers.pool`.

Its order is the first line of stdin. The rest of stdin is a lifeline: it ends when the parent ends, however
that came about, and then this process ends as well. Events go to stdout, a line of JSON each; whatever
libraries print goes to stderr.
"""

from __future__ import annotations

import os
import sys
import threading

from edgecad_train.study.workers.messages import PARENT_GONE, WorkerEvent, order_from_line


def main() -> None:
    """Obey the order until no unit is left."""
    order = order_from_line(sys.stdin.buffer.readline())
    threading.Thread(target=_die_with_the_parent, daemon=True).start()
    _keep_to(order.cores)
    with os.fdopen(os.dup(sys.stdout.fileno()), "wb", buffering=0) as events:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())

        def tell(event: WorkerEvent) -> None:
            events.write(event.line())

        # Only now: what it imports counts the processors that are ours.
        from edgecad_train.study.workers.loop import work

        work(order, tell)


def _die_with_the_parent() -> None:
    # Not through sys.stdin, whose lock Python wants when it ends.
    os.read(sys.stdin.fileno(), 1)
    os._exit(PARENT_GONE)


def _keep_to(cores: tuple[int, ...]) -> None:
    if cores and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, cores)


if __name__ == "__main__":
    main()
