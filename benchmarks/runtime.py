"""What the runtime costs beside the network: start, overhead of one scan, folders.

    python benchmarks/runtime.py start       `edgecad infer` on one scan against a bare script, whole processes, in turn
    python benchmarks/runtime.py overhead    a warm answer less its network's run, against OpenCV's decoding of the file
    python benchmarks/runtime.py folder      screens a second from a folder against the bare session's

Models have random weights unless `--model` names one: only time is measured. Each figure is written to
benchmarks/results/runtime_<what>.json with the machine's cores and versions.
"""

from __future__ import annotations

import json
from collections.abc import Callable

import msgspec
from measures.program import keep, read_options
from measures.runtime.options import RuntimeOptions
from measures.runtime.runtime import folder, overhead, start

WHAT: dict[str, Callable[[RuntimeOptions], msgspec.Struct]] = {
    "start": start, "overhead": overhead, "folder": folder,
}  # fmt: skip


def main() -> None:
    """Measure one thing and keep it."""
    options = read_options(RuntimeOptions, __doc__)
    found = WHAT[options.what](options)
    keep(options, f"runtime_{options.what}", options.what, found)
    print(json.dumps(msgspec.to_builtins(found), indent=1))


if __name__ == "__main__":
    main()
