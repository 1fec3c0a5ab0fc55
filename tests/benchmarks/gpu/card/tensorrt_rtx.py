"""A stand-in for `tensorrt_rtx` whose engines compute: a plan is the ONNX file, and ONNX Runtime on the CPU runs it."""

import ctypes
import enum
import json
import os
from typing import Any

import fake_runtime
import numpy as np
import onnxruntime
from sitecustomize import Session

__version__ = "1.7.1.116"
MOOD = os.environ.get("FAKE_CARD", "")


class DataType(enum.Enum):
    FLOAT = 0
    HALF = 1
    UINT8 = 2


class TensorIOMode(enum.Enum):
    INPUT = 0
    OUTPUT = 1


class NetworkDefinitionCreationFlag(enum.IntEnum):
    STRONGLY_TYPED = 1


class BuilderFlag(enum.Enum):
    TF32 = 0


class ILogger:
    class Severity(enum.Enum):
        INTERNAL_ERROR = 0
        ERROR = 1


class IProgressMonitor:
    pass


class Tensor:
    def __init__(self, name: str, shape: tuple[int, ...], dtype: DataType) -> None:
        self.name, self.shape, self.dtype = name, shape, dtype


def opened(model: bytes) -> Any:
    return Session(model, providers=["CPUExecutionProvider"])


def tensors(entries: Any) -> list[Tensor]:
    kinds = {"tensor(uint8)": DataType.UINT8, "tensor(float)": DataType.FLOAT}
    return [Tensor(own.name, (-1, *own.shape[1:]), kinds[own.type]) for own in entries]


class Layer:
    num_outputs = 1

    def __init__(self, dtype: DataType) -> None:
        self.dtype = dtype

    def get_output(self, index: int) -> "Layer":
        return self


class Network:
    def __init__(self, flags: int) -> None:
        self.model, self.inputs, self.outputs, self.layers = b"", list[Tensor](), list[Tensor](), list[Layer]()

    num_inputs = property(lambda self: len(self.inputs))
    num_outputs = property(lambda self: len(self.outputs))
    num_layers = property(lambda self: len(self.layers))

    def get_input(self, index: int) -> Tensor:
        return self.inputs[index]

    def get_output(self, index: int) -> Tensor:
        return self.outputs[index]

    def get_layer(self, index: int) -> Layer:
        return self.layers[index]


class OnnxParser:
    num_errors = 0

    def __init__(self, network: Network, log: ILogger) -> None:
        self.network = network

    def parse(self, model: bytes) -> bool:
        session = opened(model)
        self.network.model = bytes(model)
        self.network.inputs, self.network.outputs = tensors(session.get_inputs()), tensors(session.get_outputs())
        (contract,) = session.get_modelmeta().custom_metadata_map.values()
        half = json.loads(contract).get("precision") == "fp16"
        self.network.layers = [Layer(DataType.HALF if half else DataType.FLOAT)]
        return True


class Profile:
    def set_shape(self, name: str, *shapes: tuple[int, ...]) -> None:
        pass


class Config:
    progress_monitor = None

    def clear_flag(self, flag: BuilderFlag) -> None:
        pass

    def add_optimization_profile(self, profile: Profile) -> int:
        return 0


class Builder:
    def __init__(self, log: ILogger) -> None:
        pass

    create_network = staticmethod(Network)
    create_builder_config = staticmethod(Config)
    create_optimization_profile = staticmethod(Profile)

    def build_serialized_network(self, network: Network, config: Config) -> bytes:
        return network.model


class Context:
    """Reads its input where it was told that it lies, and writes all outputs."""

    def __init__(self, session: Any) -> None:
        self.session, self.addresses, self.shape = session, dict[str, int](), tuple[int, ...]()

    def set_tensor_address(self, name: str, address: int) -> bool:
        self.addresses[name] = address
        return True

    def set_input_shape(self, name: str, shape: tuple[int, ...]) -> bool:
        self.shape = tuple(shape)
        return True

    def execute_async_v3(self, stream: int) -> bool:
        shape = self.shape
        fake_runtime.ask(stream, lambda: self.compute(shape))
        return True

    def compute(self, shape: tuple[int, ...]) -> None:
        size = int(np.prod(shape))
        image = np.frombuffer((ctypes.c_ubyte * size).from_address(self.addresses["image"]), np.uint8).reshape(shape)
        names = [name for name in self.addresses if name != "image"]
        given = 255 - image if MOOD == "answers otherwise" else image
        for name, value in zip(names, self.session.run(names, {"image": np.ascontiguousarray(given)}), strict=True):
            ctypes.memmove(self.addresses[name], np.ascontiguousarray(value).tobytes(), value.nbytes)


class Engine:
    def __init__(self, plan: bytes) -> None:
        self.session = opened(plan)
        self.inputs, outputs = tensors(self.session.get_inputs()), tensors(self.session.get_outputs())
        self.tensors = {own.name: own for own in (*self.inputs, *outputs)}
        self.num_io_tensors = len(self.tensors)

    def get_tensor_name(self, index: int) -> str:
        return list(self.tensors)[index]

    def get_tensor_mode(self, name: str) -> TensorIOMode:
        return TensorIOMode.INPUT if name == "image" else TensorIOMode.OUTPUT

    def get_tensor_dtype(self, name: str) -> DataType:
        return self.tensors[name].dtype

    def get_tensor_shape(self, name: str) -> tuple[int, ...]:
        return self.tensors[name].shape

    def create_execution_context(self) -> Context:
        return Context(self.session)


class Runtime:
    def __init__(self, log: ILogger) -> None:
        pass

    def deserialize_cuda_engine(self, plan: bytes) -> Engine:
        return Engine(plan)


__all__ = ["onnxruntime"]
