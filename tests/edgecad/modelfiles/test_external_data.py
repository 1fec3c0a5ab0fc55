"""A model is one file: whatever names another is refused before an engine could read it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="models are written with onnx: pip install 'edgecad[export]'")

from edgecad.errors import ModelInvalid  # noqa: E402
from edgecad.inference.classifier import Classifier  # noqa: E402
from edgecad.modelfiles.digest import with_digest  # noqa: E402
from edgecad.modelfiles.external_data import has_external_data  # noqa: E402

helper, proto = onnx.helper, onnx.TensorProto


def _outside(location: str = "weights.bin", name: str = "w") -> Any:
    tensor = proto(name=name, data_type=proto.FLOAT, dims=[4], data_location=proto.EXTERNAL)
    tensor.external_data.add(key="location", value=location)
    return tensor


def _inside(name: str = "w") -> Any:
    return onnx.numpy_helper.from_array(np.arange(4, dtype=np.float32), name)


def _graph(nodes: list[Any], tensors: list[Any]) -> Any:
    value = helper.make_tensor_value_info
    return helper.make_graph(nodes, "g", [value("x", proto.FLOAT, [4])], [value("y", proto.FLOAT, [4])], tensors)


def _model(nodes: list[Any] | None = None, tensors: list[Any] | None = None, **more: Any) -> bytes:
    nodes = [helper.make_node("Add", ["x", "w"], ["y"])] if nodes is None else nodes
    graph = _graph(nodes, [_inside()] if tensors is None else tensors)
    return bytes(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], **more).SerializeToString())


def _constant(tensor: Any) -> Any:
    return helper.make_node("Constant", [], ["w"], value=tensor)


def _branch(tensor: Any) -> list[Any]:
    inner = helper.make_graph([_constant(tensor)], "inner", [], [helper.make_tensor_value_info("w", proto.FLOAT, [4])])
    return [helper.make_node("If", ["condition"], ["y"], then_branch=inner, else_branch=inner)]


def _function(tensor: Any) -> bytes:
    added = [_constant(tensor), helper.make_node("Add", ["x", "w"], ["y"])]
    function = helper.make_function("own", "F", ["x"], ["y"], added, [helper.make_opsetid("", 17)])
    node = helper.make_node("F", ["x"], ["y"], domain="own")
    return _model([node], [], functions=[function])


def _sparse(values: Any) -> bytes:
    model = onnx.load_from_string(_model())
    places = onnx.numpy_helper.from_array(np.arange(4, dtype=np.int64), "places")
    model.graph.sparse_initializer.append(onnx.SparseTensorProto(values=values, indices=places, dims=[4]))
    return bytes(model.SerializeToString())


PLACES: dict[str, Callable[[Any], bytes]] = {
    "initializer": lambda tensor: _model(tensors=[tensor]),
    "constant": lambda tensor: _model([_constant(tensor), helper.make_node("Add", ["x", "w"], ["y"])], []),
    "branch": lambda tensor: _model(_branch(tensor)),
    "function": _function,
    "sparse": _sparse,
}


@pytest.mark.parametrize("place", PLACES)
def test_it_is_found_wherever_a_tensor_can_stand(place: str) -> None:
    assert has_external_data(PLACES[place](_outside()))
    assert not has_external_data(PLACES[place](_inside()))


def test_it_is_found_behind_what_protobuf_skips(tiny_model: Callable[..., bytes]) -> None:
    """Fields that protobuf does not know, a group among them, and numbers written longer than they need be."""
    graph = onnx.load_from_string(_model(tensors=[_outside()])).graph.SerializeToString()
    length = bytes([len(graph) & 0x7F | 0x80, len(graph) >> 7 | 0x80, 0x80, 0x00])
    group, unknown = b"\xf3\x06\x08\x01\xf4\x06", b"\xc5\x3e\x01\x02\x03\x04\xc1\x3e" + bytes(8)
    hidden = group + unknown + b"\xba\x80\x00" + length + graph
    assert onnx.load_from_string(hidden).graph.initializer[0].data_location == proto.EXTERNAL
    assert has_external_data(hidden)
    assert not has_external_data(group + unknown + tiny_model())


@pytest.mark.parametrize("content", [b"", b"\x00", b"\xff" * 30, b"\x3a\x7f", b"\x3e\x01", b"no model at all"])
def test_what_is_no_protobuf_is_left_to_the_engine(content: bytes) -> None:
    assert not has_external_data(content)


def test_a_real_model_has_none_and_costs_little(tiny_model: Callable[..., bytes]) -> None:
    assert not has_external_data(tiny_model())


@pytest.mark.parametrize("location", ["weights.bin", "../weights.bin", "{folder}/weights.bin"])
def test_a_model_that_names_another_file_is_never_opened(
    location: str, tiny_model: Callable[..., bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The named file is there and fits, beside the model and in the working folder."""
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    model = onnx.load_from_string(tiny_model())
    (scale,) = [tensor for tensor in model.graph.initializer if tensor.name == "bias"]
    for folder in (work, tmp_path):
        (folder / "weights.bin").write_bytes(onnx.numpy_helper.to_array(scale).tobytes())
    scale.ClearField("raw_data")
    scale.data_location = proto.EXTERNAL
    scale.external_data.add(key="location", value=location.format(folder=tmp_path))
    (work / "model.onnx").write_bytes(with_digest(model.SerializeToString()))
    with pytest.raises(ModelInvalid, match="names other files"):
        Classifier(work / "model.onnx", device="cpu")
