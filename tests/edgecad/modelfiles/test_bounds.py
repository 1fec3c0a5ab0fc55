"""Model files that ask for more than a model needs are refused before an engine sees them: soon, in little memory."""

from __future__ import annotations

import json
import os
import tracemalloc
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgecad.contract import METADATA_KEY
from edgecad.errors import ModelInvalid
from edgecad.modelfiles import bounds
from edgecad.modelfiles.bounds import MOST_BYTES, bounded_content, check_structure
from edgecad.modelfiles.digest import digest_on_disk, hashed
from edgecad.modelfiles.metadata import metadata_of
from edgecad.modelfiles.protobuf import fields
from edgecad.system.reading import FilePart, file_bytes

onnx = pytest.importorskip("onnx", reason="model files are written with onnx: pip install 'edgecad[export]'")
from onnx import TensorProto, helper, numpy_helper  # noqa: E402

Build = Callable[..., bytes]
GIB = 2**30
SECONDS, MIB = 2.0, 500 * 1e6 / 2**20
TIMES_PLAIN = 3
"""How much longer a machine that needs a second and more to refuse any file may take: an emulated one needs two."""


def _body(name: str = "body") -> Any:
    scalars = [("i", TensorProto.INT64), ("go", TensorProto.BOOL)]
    return helper.make_graph(
        [helper.make_node("Identity", ["go"], ["still"])],
        name,
        [helper.make_tensor_value_info(each, kind, []) for each, kind in scalars],
        [helper.make_tensor_value_info("still", TensorProto.BOOL, [])],
    )


def _branch(inner: Any) -> Any:
    return helper.make_node("If", ["true"], ["out"], then_branch=_holding(inner), else_branch=_body())


def _holding(node: Any) -> Any:
    return helper.make_graph([node], "holding", [], [helper.make_tensor_value_info("out", TensorProto.BOOL, [])])


LOOP = helper.make_node("Loop", ["", "true"], [], body=_body())
NODES: dict[str, Any] = {
    "Loop": LOOP,
    "Scan": helper.make_node("Scan", ["row"], [], body=_body(), num_scan_inputs=1),
    "If": _branch(helper.make_node("Identity", ["true"], ["out"])),
    "a loop in a branch": _branch(LOOP),
    "a loop in a loop in a branch": _branch(helper.make_node("Loop", ["", "true"], [], body=_holding(_branch(LOOP)))),
    "SequenceMap": helper.make_node("SequenceMap", ["row"], [], body=_body()),
    "a loop of another name": helper.make_node("BeamSearch", ["row"], [], domain="com.microsoft", decoder=_body()),
    "graphs in a list": helper.make_node("Choose", ["row"], [], branches=[_body(), _body()]),
    "a Loop without a body": helper.make_node("Loop", ["", "true"], []),
    "another domain": helper.make_node("Anything", ["row"], ["any"], domain="abacus"),
    "sparse weights": helper.make_node(
        "Constant",
        [],
        ["dense"],
        sparse_value=helper.make_sparse_tensor(
            numpy_helper.from_array(np.ones(1, np.float32), "v"),
            numpy_helper.from_array(np.zeros(1, np.int64), "i"),
            [2**40],
        ),
    ),
    "a constant that claims more": helper.make_node(
        "Constant", [], ["large"], value=TensorProto(dims=[2**20, 2**20], data_type=1, raw_data=b"\0" * 8)
    ),
}


def _with_node(model: Any, node: Any) -> None:
    model.graph.node.append(node)


def _function(model: Any, *nodes: Any) -> None:
    made = helper.make_function("own", "repeat", [], [], list(nodes), [helper.make_opsetid("", 17)])
    model.functions.append(made)
    model.graph.node.append(helper.make_node("repeat", [], [], domain="own"))


def _tensor(model: Any, **said: Any) -> None:
    model.graph.initializer.append(TensorProto(name="large", **said))


def _many_nodes(model: Any) -> None:
    node = helper.make_node("Identity", ["row"], ["x"]).SerializeToString()
    model.graph.MergeFromString(b"".join(b"\x0a" + bytes([len(node)]) + node for _ in range(50_000)))


CHANGES: dict[str, Callable[[Any], object]] = {
    **{name: partial(_with_node, node=node) for name, node in NODES.items()},
    "a loop in a function": lambda model: _function(model, LOOP),
    "a function that calls itself": lambda model: _function(model, helper.make_node("repeat", [], [], domain="own")),
    "training": lambda model: model.training_info.add(),
    "a tensor that claims more": lambda model: _tensor(model, dims=[2**40], data_type=1),
    "a tensor that claims more than 64 bits hold": lambda model: _tensor(model, dims=[2**62] * 3, data_type=1),
    "a tensor that claims less than nothing": lambda model: _tensor(model, dims=[-5], data_type=1, raw_data=b"\0" * 4),
    "a tensor that claims 2^32 more": lambda model: _tensor(model, dims=[2**32 + 1], data_type=1, raw_data=b"\0" * 4),
    "a tensor of many dimensions": lambda model: _tensor(model, dims=[1] * 100, data_type=1, raw_data=b"\0" * 4),
    "sparse initialisers": lambda model: model.graph.sparse_initializer.add().dims.append(2**40),
    "many nodes": _many_nodes,
    "a long text": lambda model: setattr(model, "doc_string", "a" * (30 << 20)),
    "a long text of a node": lambda model: setattr(model.graph.node[0], "doc_string", "a" * (30 << 20)),
    "a long operator": lambda model: setattr(model.graph.node[0], "op_type", "a" * (30 << 20)),
    "metadata of 20 MB": lambda model: setattr(model.metadata_props.add(), "value", "a" * (20 << 20)),
    "metadata with long keys": lambda model: setattr(model.metadata_props.add(), "key", "a" * (20 << 20)),
}


def _entry(field: bytes, times: int = 10 << 20) -> Callable[[bytes], bytes]:
    """Append an empty entry of a message many times."""
    return lambda model: model + (field + b"\0") * times


def _in_graph(field: bytes) -> Callable[[bytes], bytes]:
    inside = (field + b"\0") * (10 << 20)
    return lambda model: model + b"\x3a\x80\x80\x80\x0a" + inside


APPENDED: dict[str, Callable[[bytes], bytes]] = {
    "20 MB of empty metadata": _entry(b"\x72"),
    "metadata of empty keys": lambda model: model + b"\x72\x02\x0a\x00" * (5 << 20),
    "empty operator sets": _entry(b"\x42"),
    "empty nodes": _in_graph(b"\x0a"),
    "empty weights": _in_graph(b"\x2a"),
    "empty inputs": _in_graph(b"\x5a"),
    "an unknown number again and again": lambda model: model + b"\xf8\x07\x01" * (7 << 20),
    "empty groups": lambda model: model + b"\x13\x14" * (10 << 20),
    "groups in groups": lambda model: model + b"\x13" * (10 << 20) + b"\x14" * (10 << 20),
    "empty groups in a graph": lambda model: model + b"\x3a\x80\x80\x80\x0a" + b"\x13\x14" * (10 << 20),
    "one group": lambda model: model + b"\x9b\x06\x08\x01\x9c\x06",
    "a second graph": lambda model: model + b"\x3a\x02\x12\x00",
    "a graph that is cut": lambda model: model + b"\x3a\x02\x0a\x20",
}


def _hole(path: Path, size: int) -> None:
    os.truncate(path, size)


def _hole_in_a_field(path: Path, field: int, size: int = 900 << 20) -> None:
    """A field of the model that is a hole to its end."""
    length, written = size, bytearray([field << 3 | 2])
    while length > 0x7F:
        written.append(length & 0x7F | 0x80)
        length >>= 7
    path.write_bytes(path.read_bytes() + bytes(written) + bytes([length]))
    os.truncate(path, path.stat().st_size + size)


def _nothing_but_a_hole(path: Path, size: int) -> None:
    path.write_bytes(b"")
    os.truncate(path, size)


HOLES: dict[str, Callable[[Path], None]] = {
    "20 GB": lambda path: _hole(path, 20 * 10**9),
    "1 TB": lambda path: _hole(path, 10**12),
    "1.1 GiB": lambda path: _hole(path, 11 * GIB // 10),
    "900 MB": lambda path: _hole(path, 900 << 20),
    "just above the most": lambda path: _hole(path, MOST_BYTES + 1),
    "300 MB": lambda path: _hole(path, 300 << 20),
    "a text of 300 MB": lambda path: _hole_in_a_field(path, 6, 300 << 20),
    "100 MB": lambda path: _hole(path, 100 << 20),
    "30 MB": lambda path: _hole(path, 30 << 20),
    "a graph": lambda path: _hole_in_a_field(path, 7),
    "a text": lambda path: _hole_in_a_field(path, 6),
    "metadata": lambda path: _hole_in_a_field(path, 14),
    "nothing but a hole": lambda path: _nothing_but_a_hole(path, 900 << 20),
}


TELLS_TIME = """
import atexit, pathlib, resource

def told():
    used = resource.getrusage(resource.RUSAGE_SELF)
    pathlib.Path("seconds").write_text(str(used.ru_utime + used.ru_stime))

atexit.register(told)
"""


@pytest.fixture(scope="module")
def most_seconds(edgecad_in: Callable[[Path], Callable[..., Any]], tmp_path_factory: pytest.TempPathFactory) -> float:
    """Time of a processor that a refusal may take, from what that of a file without anything in it takes here."""
    folder = tmp_path_factory.mktemp("plain")
    (folder / "model.onnx").touch()
    done = edgecad_in(folder)("infer", "scan.jpg", "--model", folder / "model.onnx", before=TELLS_TIME)
    assert done.code == 6, done.stderr
    return max(SECONDS, TIMES_PLAIN * float((folder / "place" / "seconds").read_text()))


@pytest.fixture
def refused(
    edgecad: Callable[..., Any], phantom_jpeg: Path, tmp_path: Path, most_seconds: float
) -> Callable[[Path], str]:
    """Demand that `infer` refuses a model file within the time of a processor and the memory; gives the line."""

    def run(path: Path) -> str:
        words = ["infer", phantom_jpeg, "--json", "--model", path, "--device", "cpu"]
        done = edgecad(*words, before=TELLS_TIME)
        assert (done.code, done.stdout) == (6, ""), done.stderr
        assert done.stderr.count("\n") == 1
        assert float((tmp_path / "place" / "seconds").read_text()) < most_seconds
        assert done.peak_mib < MIB
        return str(done.stderr)

    return run


def _changed(tiny_model: Build, change: Callable[[Any], object]) -> bytes:
    model = onnx.load_from_string(tiny_model())
    change(model)
    return bytes(model.SerializeToString())


@pytest.mark.parametrize("what", CHANGES)
def test_a_model_that_says_more_than_it_may_is_refused(what: str, tiny_model: Build) -> None:
    with pytest.raises(ModelInvalid, match="no model that `edgecad export` makes is so"):
        check_structure("model.onnx", _changed(tiny_model, CHANGES[what]))


@pytest.mark.parametrize("what", ["a loop in a branch", "a loop in a function", "many nodes", "metadata of 20 MB"])
def test_infer_refuses_them_soon(what: str, tiny_model: Build, tmp_path: Path, refused: Callable[[Path], str]) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(_changed(tiny_model, CHANGES[what]))
    assert "no model that `edgecad export` makes is so" in refused(path)


@pytest.mark.parametrize("what", APPENDED)
def test_entries_without_end_are_refused_soon(
    what: str, tiny_model: Build, tmp_path: Path, refused: Callable[[Path], str]
) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(APPENDED[what](tiny_model()))
    assert "no model that `edgecad export` makes is so" in refused(path)


@pytest.mark.parametrize("what", HOLES)
def test_holes_are_refused_soon(what: str, tiny_model: Build, tmp_path: Path, refused: Callable[[Path], str]) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(tiny_model())
    HOLES[what](path)
    assert "no model that `edgecad export` makes is so" in refused(path)


def test_the_digest_of_a_large_file_on_the_disk_is_taken_in_pieces(tiny_model: Build, tmp_path: Path) -> None:
    content = tiny_model()
    digest = json.loads(metadata_of(content)[METADATA_KEY])["digest"]
    path = tmp_path / "model.int8.onnx"
    path.write_bytes(b"")
    os.truncate(path, 64 << 20)
    with path.open("ab") as file:
        file.write(content)
    tracemalloc.start()
    try:
        found = digest_on_disk(path, digest)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert found == hashed(path.read_bytes(), digest)[1]
    assert peak < 8 << 20


def test_an_endless_loop_is_none_for_watch_either(
    tiny_model: Build, tmp_path: Path, edgecad: Callable[..., Any]
) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(_changed(tiny_model, CHANGES["Loop"]))
    (tmp_path / "in").mkdir()
    done = edgecad("watch", tmp_path / "in", tmp_path / "out", "--once", "--model", path, "--device", "cpu")
    assert done.code == 6
    assert "loops and branches" in done.stderr or "for ever" in done.stderr


def test_models_as_they_are_keep_the_bounds_in_memory_and_on_the_disk(
    tiny_model: Build, model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_structure("model.onnx", tiny_model())
    content = (model_folder / "model.onnx").read_bytes()
    assert bounded_content(model_folder / "model.onnx") == content
    monkeypatch.setattr(bounds, "LARGE", 100)
    assert bounded_content(model_folder / "model.onnx") == content


def test_a_file_is_walked_through_as_its_bytes_are(model_folder: Path) -> None:
    path = model_folder / "model.onnx"
    content = path.read_bytes()
    with path.open("rb") as file:
        part = FilePart.whole(file, len(content))
        assert [len(value) for _, value in fields(part) if not isinstance(value, int)] == [
            len(value) for _, value in fields(memoryview(content)) if not isinstance(value, int)
        ]
        assert bytes(part[10:90]) == content[10:90]
        assert [part[at] for at in (0, 5000, 3)] == [content[at] for at in (0, 5000, 3)]
        with pytest.raises(IndexError):
            part[len(content)]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no pipes that lie in folders")
def test_what_is_no_file_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "model.onnx")
    with pytest.raises(ModelInvalid, match="no regular file"):
        bounded_content(tmp_path / "model.onnx")
    with pytest.raises(OSError, match="not a regular file"):
        file_bytes(tmp_path / "model.onnx", 10)


def test_a_file_is_read_up_to_its_bound(tmp_path: Path) -> None:
    path = tmp_path / "list"
    path.write_bytes(b"12345")
    assert file_bytes(path, 5) == b"12345"
    with pytest.raises(OSError, match="too large"):
        file_bytes(path, 4)
    os.truncate(path, 20 * 10**9)
    with pytest.raises(OSError, match="too large"):
        file_bytes(path, 5)


def test_a_pointer_that_is_a_hole_names_nothing(
    model_folder: Path, tmp_path: Path, refused: Callable[[Path], str]
) -> None:
    pointer = tmp_path / "latest"
    pointer.write_bytes(b"")
    os.truncate(pointer, 20 * 10**9)
    refused(pointer)
