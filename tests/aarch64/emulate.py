"""The runtime on aarch64, in an emulated Debian: python tests/aarch64/emulate.py (or `make test-aarch64`).

Where this machine lacks something, it says what and how to get it, prints `skipped` and ends with 0. Otherwise it ends
with 0 where golden samples hold and enough tests passed, else with 1.
"""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path

from emulated.errors import Broken, Missing
from emulated.lacking import lacking
from emulated.place import KeptFolder
from emulated.trial import Order, run_trial

REPOSITORY = Path(__file__).resolve().parents[2]
MINUTES = 40
"""For tests; with the steps before them the whole takes an hour on two cores that have nothing else to do."""
LEAST_PASSED = 700
"""Tests of the runtime that must pass; fewer mean that a part of them was not found."""


def _order(words: list[str]) -> tuple[Order, bool]:
    parser = argparse.ArgumentParser(prog="emulate.py", description=(__doc__ or "").partition("\n")[0])
    add = parser.add_argument
    add("--folder", type=Path, default=REPOSITORY / ".aarch64", help="where the Debian is kept between runs")
    add("--clean", action="store_true", help="remove that folder, and end")
    add("--python", default=sys.executable, help="of the environment that exports the model and fetches wheels")
    add("--make", default="", help="`make`, to set that environment up first")
    add("--model", type=Path, help="an exported model folder; default: a small one is trained and exported here")
    add("--suite", default="bookworm", help="release of Debian; bookworm has Python 3.11")
    add("--mirror", default="", help="of Debian; default: that of this machine's apt, else debootstrap's own")
    add("--workers", type=int, default=2, help="processes of pytest")
    add("--minutes", type=float, default=MINUTES, help="after which no test begins; 0: all run, for hours")
    add("--tests", nargs="+", default=["tests/edgecad"], help="of the runtime, that run there")
    given = parser.parse_args(words)
    order = Order(
        repository=REPOSITORY,
        place=KeptFolder(given.folder.resolve()),
        python=_from_anywhere(given.python),
        make=given.make,
        model=given.model and given.model.resolve(),
        suite=given.suite,
        mirror=given.mirror,
        workers=given.workers,
        tests=tuple(given.tests),
        minutes=given.minutes,
        least_passed=LEAST_PASSED if given.tests == ["tests/edgecad"] else 1,
    )
    return order, given.clean


def _from_anywhere(program: str) -> str:
    """A path that holds in each folder the program is run in. Links stay: a Python would lose its packages."""
    return str(Path(program).absolute()) if Path(program).name != program else program


def main(words: list[str]) -> int:
    """Run what the words ask for; the exit code."""
    # So that what runs is ended as well, and not this process alone.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    order, clean = _order(words)
    try:
        if clean:
            order.place.remove()
            return 0
        wanted = lacking(order.place)
        return _skipped(wanted) if wanted else run_trial(order)
    except Missing as missing:
        return _skipped([missing])
    except Broken as broken:
        print(f"aarch64: {broken}", file=sys.stderr)
        return 1
    except OSError as error:  # a full disk, a folder that may not be written
        print(f"aarch64: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("aarch64: interrupted; what is whole in the folder is taken up next time", file=sys.stderr)
        return 130


def _skipped(wanted: list[Missing]) -> int:
    for missing in wanted:
        print(f"aarch64: {missing}")
    print("skipped")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
