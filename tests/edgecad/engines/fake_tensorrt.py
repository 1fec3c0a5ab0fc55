"""A stand-in for the modules `tensorrt` and `tensorrt_rtx`, with as much of their API as the builder uses.

A model is JSON (`inputs`, `half`: how many layers compute in half precision); anything else is a model of one input
of 64 pixels in fp32. A plan is JSON that tells how it was built. `$FAKE_TENSORRT` makes it misbehave, and
`$FAKE_TENSORRT_LOG` is a file that gets a line a build.
"""

import enum
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

__version__ = os.environ.get("FAKE_TENSORRT_VERSION", "10.3.0")
MOOD = os.environ.get("FAKE_TENSORRT", "")
if MOOD == "unloadable":
    raise ImportError("libnvinfer.so.10: cannot open shared object file")


class DataType(enum.Enum):
    FLOAT = 0
    HALF = 1


class NetworkDefinitionCreationFlag(enum.IntEnum):
    EXPLICIT_BATCH = 0
    STRONGLY_TYPED = 1


class BuilderFlag(enum.Enum):
    TF32 = 0


class ILogger:
    class Severity(enum.Enum):
        INTERNAL_ERROR = 0
        ERROR = 1
        INFO = 3


class IProgressMonitor:
    pass


class Tensor:
    def __init__(self, name: str, shape: tuple[int, ...], dtype: DataType = DataType.FLOAT) -> None:
        self.name, self.shape, self.dtype = name, shape, dtype


class Layer:
    def __init__(self, dtype: DataType, outputs: int = 1) -> None:
        self.num_outputs = outputs
        self.dtype = dtype

    def get_output(self, index: int) -> Tensor:
        if index >= self.num_outputs:
            raise IndexError(index)
        return Tensor("x", (-1,), self.dtype)


class Network:
    def __init__(self, flags: int) -> None:
        self.flags = flags
        self.inputs: list[Tensor] = []
        self.outputs: list[Tensor] = []
        self.layers: list[Layer] = []

    num_inputs = property(lambda self: len(self.inputs))
    num_outputs = property(lambda self: len(self.outputs))
    num_layers = property(lambda self: len(self.layers))

    def get_input(self, index: int) -> Tensor:
        return self.inputs[index]

    def get_output(self, index: int) -> Tensor:
        return self.outputs[index]

    def unmark_output(self, tensor: Tensor) -> None:
        self.outputs.remove(tensor)

    def get_layer(self, index: int) -> Layer:
        return self.layers[index]


class OnnxParser:
    def __init__(self, network: Network, log: ILogger) -> None:
        self.network, self.num_errors = network, 0

    def parse(self, model: bytes) -> bool:
        if MOOD == "unreadable":
            self.num_errors = 1
            return False
        try:
            told = json.loads(model)
        except ValueError:
            told = {}
        for name, shape in told.get("inputs", [["image", [-1, 64, 64, 3]]]):
            self.network.inputs.append(Tensor(name, tuple(shape)))
        self.network.outputs += [Tensor(name, (-1, 2)) for name in told.get("outputs", ["logits"])]
        half = told.get("half", 0)
        self.network.layers = [Layer(DataType.FLOAT), *[Layer(DataType.HALF)] * half, Layer(DataType.HALF, outputs=0)]
        return True

    def get_error(self, index: int) -> str:
        return "In node 1 with name:  and operator: Mul2\n(checkImporter): INVALID_NODE: Plugin not found"


class Profile:
    def __init__(self) -> None:
        self.shapes: dict[str, list[tuple[int, ...]]] = {}

    def set_shape(self, name: str, *shapes: tuple[int, ...]) -> None:
        self.shapes[name] = list(shapes)


class Config:
    def __init__(self) -> None:
        self.flags = {BuilderFlag.TF32}
        self.profiles: list[Profile] = []
        self.progress_monitor = None

    def clear_flag(self, flag: BuilderFlag) -> None:
        self.flags.discard(flag)

    def add_optimization_profile(self, profile: Profile) -> int:
        if MOOD == "refuses the profile":
            return -1
        self.profiles.append(profile)
        return len(self.profiles) - 1


class Builder:
    def __init__(self, log: ILogger) -> None:
        self.log = log
        if MOOD == "no gpu":
            log.log(ILogger.Severity.ERROR, "cudaError 35: driver version is insufficient")
            raise TypeError("pybind11::init(): factory function returned nullptr")

    create_network = staticmethod(Network)
    create_builder_config = staticmethod(Config)
    create_optimization_profile = staticmethod(Profile)

    def build_serialized_network(self, network: Network, config: Config) -> bytes | None:
        if "FAKE_TENSORRT_LOG" in os.environ:
            _log(os.getpid())
        os.write(1, b"a greeting that native code writes to standard output\n")
        _misbehave(MOOD)
        monitor = config.progress_monitor
        monitor.phase_start("Building engine", None, 3)
        for step in range(3):
            time.sleep(0.12 if MOOD == "slow" else 0)
            if not monitor.step_complete("Building engine", step):
                return None
        monitor.phase_finish("Building engine")
        if MOOD == "no plan":
            self.log.log(ILogger.Severity.ERROR, "Error Code 10: could not find any implementation")
            return None
        told = {
            "network flags": network.flags,
            "outputs": [output.name for output in network.outputs],
            "config flags": [flag.name for flag in config.flags],
            "profiles": [profile.shapes for profile in config.profiles],
        }
        return json.dumps(told).encode()


def _log(pid: int) -> None:
    with Path(os.environ["FAKE_TENSORRT_LOG"]).open("a") as file:
        file.write(f"{pid}\n")


def _misbehave(mood: str) -> None:
    if mood == "hangs":
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"])
        _log(child.pid)
        time.sleep(300)
    elif mood == "segfault":
        os.write(2, b"corrupted double-linked list\n")
        os.kill(os.getpid(), signal.SIGSEGV)
    elif mood == "out of memory":
        os.kill(os.getpid(), signal.SIGKILL)
    elif mood == "raises":
        raise KeyError("a mistake of ours")
