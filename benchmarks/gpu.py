"""Prove what an NVIDIA GPU does with models, and write one file that can be sent.

    python benchmarks/gpu.py --models FOLDER    strict devices, CUDA and TensorRT in fp32 and fp16, into gpu-proof.json
    edgecad doctor --proof gpu-proof.json       reads it

Nothing is fetched from a network. Exit code 0: all is proven. 5: a step failed. 4: there is no card, or a step could
not run. 2 and 6: there are no models, or they cannot be used. 1: the file cannot be written. Without a card, what needs
none is done within 2 minutes.
"""

from __future__ import annotations

import shlex
import sys

from measures.gpu.options import GpuOptions
from measures.gpu.proving import prove
from measures.program import read_options

from edgecad.doctor.proof.record import ProofStep
from edgecad.errors import EdgecadError
from edgecad.system.disk import words_of

INTERRUPTED = 130
"""Exit code after Ctrl-C, as the shell has it."""


def main() -> int:
    """Take all steps, and say where the file is."""
    options = read_options(GpuOptions, __doc__)
    try:
        proof = prove(options, _tell)
    except EdgecadError as error:
        print(f"gpu.py: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print(f"gpu.py: interrupted; {options.out} has the steps until now", file=sys.stderr)
        return INTERRUPTED
    except OSError as error:
        print(f"gpu.py: {words_of(error)}", file=sys.stderr)
        return EdgecadError.exit_code
    shown = f"edgecad doctor --proof {shlex.quote(str(options.out))}"
    print(f"{options.out} is written, exit code {proof.exit_code}; {shown} shows it")
    return proof.exit_code


def _tell(step: ProofStep) -> None:
    because = f": {step.reason}" if step.reason else ""
    print(f"{step.state:8} {step.seconds:6.1f} s  {step.name}{because}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
