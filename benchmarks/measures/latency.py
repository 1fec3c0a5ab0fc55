"""Runs in turn in one process, so that a busy moment hits all of them."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from edgecad.system.cores import usable_threads
from measures.quartiles import Quartiles, spread

WARM_UP, TURNS = 3, 20
"""Images at the start of each turn that are not counted: another file's weights lie in the processor's cache. And into
how many turns a file's images are cut, so that a busy moment hits all files."""


def in_turn(files: Mapping[str, tuple[bytes, Sequence[str]]], rounds: int) -> dict[str, Quartiles]:
    """Milliseconds of one image through each file, for the outputs named beside it."""
    sessions = {name: (session_of(content), list(outputs)) for name, (content, outputs) in files.items()}
    size = next(iter(sessions.values()))[0].get_inputs()[0].shape[1]
    image = np.random.default_rng(0).integers(0, 256, (1, size, size, 3), dtype=np.uint8)
    times: dict[str, list[float]] = {name: [] for name in files}
    for _ in range(TURNS):
        for name, (session, outputs) in sessions.items():
            turn = []
            for _ in range(WARM_UP + max(1, rounds // TURNS)):
                begun = time.perf_counter()
                session.run(outputs, {"image": image})
                turn.append(1000 * (time.perf_counter() - begun))
            times[name] += turn[WARM_UP:]
    return spread(times)


def turns(runs: Mapping[str, Callable[[], object]], rounds: int, repeats: int) -> dict[str, list[float]]:
    """Milliseconds of each; every round goes through all, and its first run of each does not count."""
    times: dict[str, list[float]] = defaultdict(list)
    for _ in range(rounds):
        for name, run in runs.items():
            run()
            for _ in range(repeats):
                begun = time.perf_counter()
                run()
                times[name].append(1000 * (time.perf_counter() - begun))
    return dict(times)


def session_of(content: bytes) -> Any:
    """As the runtime opens one on the CPU, without its checks of what a model must give."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads, options.log_severity_level = usable_threads(), 1, 4
    # Threads of one session that wait actively would take the processor from the next one's.
    options.add_session_config_entry("session.force_spinning_stop", "1")
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
