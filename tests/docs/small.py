"""`edgecad` with a page's words, and small sizes where the words leave them open: what the pages' `edgecad` is.

It trains the small network in place of MobileNetV2; `tests/flow` goes the whole way with the real one.
"""

from __future__ import annotations

import runpy
import sys
from contextlib import nullcontext
from pathlib import Path

SMALL_NETWORK = Path(__file__).parents[1] / "train" / "small.py"
TRAINING = ("train", "study")

SMALL: dict[str, dict[str, str]] = {
    "phantom": {"--patients": "24"},
    "train": {
        "--backbone": "mobilenetv2",
        "--weights": "none",
        "--warmup-epochs": "1",
        "--finetune-epochs": "1",
        "--folds": "0",
    },
    "study": {"--weights": "none", "--warmup-epochs": "1", "--finetune-epochs": "1"},
    "bench": {"--runs": "20", "--seconds": "1"},
}
"""Command -> option -> value, for options that a page does not name."""
ITS_OWN = ("--resume",)
"""With one of these the other options of a command are not its own."""
INSTEAD = {"--folds": ("--protocol", "--split")}
"""Option -> others that settle the same."""


def small(words: list[str]) -> list[str]:
    """The words of a command, and more where they leave a size open."""
    if any(word in words for word in ITS_OWN):
        return words
    given = {word.partition("=")[0] for word in words}
    more = SMALL.get(words[0], {}) if words else {}
    left = {name: value for name, value in more.items() if not given & {name, *INSTEAD.get(name, ())}}
    return [*words, *(word for pair in left.items() for word in pair)]


if __name__ == "__main__":
    from edgecad.cli import main

    trains = sys.argv[1:2] and sys.argv[1] in TRAINING
    network = runpy.run_path(str(SMALL_NETWORK))["small_mobilenet"]() if trains else nullcontext()
    sys.argv = ["edgecad", *small(sys.argv[1:])]
    with network:
        main()
