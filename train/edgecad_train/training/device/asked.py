"""The words of `--device` for training; the runtime's table of devices has the same words for the same things.

Nothing here needs TensorFlow: a wrong word must not wait for it.
"""

from __future__ import annotations

import re

from edgecad.errors import UsageError
from edgecad.runners.devices import device_words
from edgecad.system.words import did_you_mean

AUTO, CPU, CUDA = "auto", "cpu", "cuda"
WORDS = (AUTO, CPU, CUDA)
"""Without numbers, for the shell."""
PATTERN = f"{AUTO}|{CPU}|{CUDA}[:N]"
_ASKED = re.compile(rf"{AUTO}|{CPU}|{CUDA}(?::(\d{{1,2}}))?", re.ASCII)
_CHOOSE = f"choose {AUTO}, {CPU}, {CUDA} or {CUDA}:N"


def check_device(word: str) -> None:
    """See that a word names a device on which EdgeCAD trains; whether it is here is seen when it is opened.

    Raises:
        UsageError: it names none.
    """
    if _ASKED.fullmatch(word):
        return
    kind = word.partition(":")[0]
    if kind in device_words() and kind not in WORDS:
        raise UsageError(f"--device {word}: {kind} answers scans and trains nothing; {_CHOOSE}")
    guess = "" if kind in WORDS else did_you_mean(kind, WORDS)
    meant = "; a GPU is called cuda here" if kind == "gpu" else guess
    raise UsageError(f"--device: no device of training is called {word!r}{meant}; {_CHOOSE}")


def gpu_asked(word: str) -> int | None:
    """Index of the GPU that a word names, 0 without a number; None for `auto` and `cpu`."""
    found = _ASKED.fullmatch(word)
    if found is None or not word.startswith(CUDA):
        return None
    return int(found[1] or 0)
