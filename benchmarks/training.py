"""How fast training is against plain Keras, and that it is the same training.

    python benchmarks/training.py same     [--backbone resnet152v2]    losses of both, epoch by epoch
    python benchmarks/training.py speed    [--backbone resnet152v2]    S6, the whole command, against `fit` of the graph
    python benchmarks/training.py search                               head search, configurations a minute
    python benchmarks/training.py memory   [--images 10000]            the most resident memory of the whole command
    python benchmarks/training.py growth                               seconds by images and by epochs, with slopes

Pictures are smooth and random, one class darker above: only time, memory and sameness are measured. `speed`, `memory`
and `growth` run `edgecad train` itself in a process of its own, from its start to its exit. Each figure is written to
benchmarks/results/training_<what>_<network>.json with the machine's cores and versions. Plain Keras runs for a few
epochs a stage, after one that compiles, in a process of its own (`plain`), and is multiplied by the number of epochs;
nothing else is.
"""

from __future__ import annotations

import json
from collections.abc import Callable

import msgspec
from measures.program import keep, read_options
from measures.training.capacity import growth, memory, search
from measures.training.options import TrainingOptions
from measures.training.same import same
from measures.training.speed import plain, speed

WHAT: dict[str, Callable[[TrainingOptions], msgspec.Struct]] = {
    "same": same, "speed": speed, "plain": plain, "search": search, "memory": memory, "growth": growth,
}  # fmt: skip


def main() -> None:
    """Measure one thing and keep it."""
    options = read_options(TrainingOptions, __doc__)
    found = WHAT[options.what](options)
    keep(options, f"training_{options.what}{options.suffix}", options.what, found)
    told = msgspec.to_builtins(found)
    print(json.dumps({name: value for name, value in told.items() if name != "rows"}, indent=1))


if __name__ == "__main__":
    main()
