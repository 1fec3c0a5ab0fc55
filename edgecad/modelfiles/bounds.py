"""What a model file may be at most, checked before it is whole in memory and before any engine sees it.

An engine does what a file says: it follows a loop that never ends, and makes room for sizes that are only claimed. A
model that EdgeCAD exports is one graph of plain nodes, which runs once from its beginning to its end. So whatever goes
beyond that is refused. Fields are those of onnx.proto of ONNX 1.23.
"""

from __future__ import annotations

import math
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NoReturn

from edgecad.errors import ModelInvalid
from edgecad.modelfiles.protobuf import NO_FIELD, fields, numbers
from edgecad.system.reading import FilePart
from edgecad.system.words import on_one_line

MOST_BYTES = 3 * 2**27
"""384 MiB, one and a half times the largest network on offer; a file is whole in memory, which has 500 MB."""
LARGE = 2**26
"""A larger file is walked through on the disk first, so that no hole and no bomb of that size is read."""
MOST_FIELDS = 200_000
"""Of protobuf, in the whole file without its weights; the largest network on offer has a tenth of that in int8."""
MOST_NODES = 30_000
MOST_METADATA, MOST_METADATA_BYTES = 1000, 2**22
MOST_WORDS = 2**24
"""Bytes of all names and texts of a graph."""
MOST_DIMENSIONS = 16
NEXT_STEP = "no model that `edgecad export` makes is so; name another one, or export it again"

Bytes = memoryview | FilePart
Kind = Literal[
    "model", "entry", "graph", "node", "attribute", "tensor", "value", "type", "tensor type", "shape", "dimension",
    "annotation",
]  # fmt: skip
HOLDS: dict[Kind, dict[int, Kind]] = {
    "model": {7: "graph", 14: "entry"},
    "graph": {1: "node", 5: "tensor", 11: "value", 12: "value", 13: "value", 14: "annotation", 16: "entry"},
    "node": {5: "attribute", 9: "entry"},
    "attribute": {5: "tensor", 10: "tensor"},
    "tensor": {16: "entry"},
    "value": {2: "type", 4: "entry"},
    "type": {1: "tensor type"},
    "tensor type": {2: "shape"},
    "shape": {1: "dimension"},
    "annotation": {2: "entry"},
}
"""Which field of which message holds what."""
REFUSED: dict[Kind, dict[int, str]] = {
    "model": {20: "is told how to train", 25: "has functions of its own", 26: "is divided over devices"},
    "graph": {15: "has sparse weights"},
    "node": {10: "is divided over devices"},
    "attribute": {
        6: "has a graph inside a node, as loops and branches have",
        11: "has graphs inside a node, as loops and branches have",
        14: "has types as attributes",
        15: "has types as attributes",
        22: "has sparse weights",
        23: "has sparse weights",
    },
    "type": {4: "has sequences", 5: "has maps", 8: "has sparse tensors", 9: "has values that may be absent"},
}
"""What no model of ours has: it may loop, call itself, or become far larger than it is written."""
LOOPS = frozenset({"Loop", "Scan", "If", "SequenceMap"})
DOMAINS = frozenset({"", "ai.onnx"})
OP_TYPE, DOMAIN, DIMENSIONS, METADATA, GRAPH, NODE = 4, 7, 1, 14, 7, 1


def bounded_content(path: Path) -> bytes:
    """Bytes of a model file that keeps the bounds; what is no protobuf at all is left to who opens models, if small.

    Raises:
        ModelInvalid: it goes beyond one of them.
        OSError: it cannot be read.
    """
    if not stat.S_ISREG(path.stat().st_mode):
        raise ModelInvalid(f"{path} is no regular file; name a model's .onnx file, or its folder")
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        check_size(path, size)
        if size > LARGE and not _kept(path.name, FilePart.whole(file, size)):
            raise ModelInvalid(f"edgecad cannot open {path.name}: it is no whole ONNX file; {NEXT_STEP}")
        file.seek(0)
        content = file.read(size)
    check_structure(path.name, content)
    return content


def check_size(path: Path, size: int) -> None:
    """Hold a file of a model folder against the largest that there may be.

    Raises:
        ModelInvalid: it is larger.
    """
    if size > MOST_BYTES:
        raise ModelInvalid(f"{path} has {size / 2**20:.0f} MiB, and {MOST_BYTES / 2**20:g} is the most; {NEXT_STEP}")


def check_structure(name: str, content: bytes) -> None:
    """Hold the content of a model file against all bounds but the size.

    Raises:
        ModelInvalid: it goes beyond one of them.
    """
    _kept(name, memoryview(content))


def _kept(name: str, content: Bytes) -> bool:
    """Whether a file is ONNX that keeps the bounds; False if it is no protobuf message at all."""
    walk = _Walk(name)
    try:
        for _ in fields(content):
            walk.count()
    except (IndexError, ValueError):
        return False
    try:
        _Walk(name).through(content)
    except (IndexError, ValueError):
        raise ModelInvalid(f"edgecad cannot open {name}: its graph is no whole ONNX; {NEXT_STEP}") from None
    return True


@dataclass
class _Walk:
    """One way through all messages of a file, without recursion; what is seen is counted."""

    name: str
    fields: int = 0
    nodes: int = 0
    graphs: int = 0
    entries: int = 0
    entry_bytes: int = 0
    words: int = 0

    def through(self, content: Bytes) -> None:
        waiting: list[tuple[Kind, Bytes]] = [("model", content)]
        while waiting:
            kind, message = waiting.pop()
            self._enter(kind, message)
            holds, refused = HOLDS.get(kind, {}), REFUSED.get(kind, {})
            for number, value in fields(message):
                self.count()
                if number == NO_FIELD:
                    self.refuse("has groups, an old form of protobuf that no ONNX file has")
                if number in refused:
                    self.refuse(refused[number])
                if isinstance(value, int):
                    continue
                if number in holds:
                    waiting.append((holds[number], value))
                elif kind != "tensor":
                    self._text(kind, number, value)

    def refuse(self, what: str) -> NoReturn:
        raise ModelInvalid(f"{self.name} {what}; {NEXT_STEP}")

    def count(self) -> None:
        self.fields += 1
        if self.fields > MOST_FIELDS:
            self.refuse(f"has more than {MOST_FIELDS} fields")

    def _enter(self, kind: Kind, message: Bytes) -> None:
        """Count a message, and look into a tensor as a whole."""
        if kind == "node":
            self.nodes += 1
        elif kind == "graph":
            self.graphs += 1
        elif kind == "entry":
            self.entries, self.entry_bytes = self.entries + 1, self.entry_bytes + len(message)
        elif kind == "tensor":
            self._tensor(message)
        if self.nodes > MOST_NODES:
            self.refuse(f"has more than {MOST_NODES} nodes")
        if self.graphs > 1:
            self.refuse("has more than one graph")
        if self.entries > MOST_METADATA or self.entry_bytes > MOST_METADATA_BYTES:
            self.refuse(f"has more metadata than {MOST_METADATA} entries of together {MOST_METADATA_BYTES} bytes")

    def _text(self, kind: Kind, number: int, value: Bytes) -> None:
        """Count what is no message of ours, and read a node's operator."""
        if kind != "entry":
            self.words += len(value)
        if self.words > MOST_WORDS:
            self.refuse(f"has names and texts of more than {MOST_WORDS} bytes")
        if kind == "node" and number in (OP_TYPE, DOMAIN):
            text = bytes(value[:100]).decode("utf-8", "replace")
            if number == OP_TYPE and text in LOOPS:
                self.refuse(f"has a node {text}, which may run for ever")
            if number == DOMAIN and text not in DOMAINS:
                self.refuse(f"has a node of {on_one_line(text)}, which ONNX does not define")

    def _tensor(self, message: Bytes) -> None:
        """Hold the size that a tensor claims against the bytes that it has: there are 4 elements in one at most."""
        sizes: list[int] = []
        for number, value in fields(message):
            if number == DIMENSIONS:
                sizes += numbers(value, MOST_DIMENSIONS)
            if len(sizes) > MOST_DIMENSIONS:
                self.refuse(f"has a tensor of more than {MOST_DIMENSIONS} dimensions")
        if sizes and math.prod(sizes) > 4 * len(message):
            self.refuse("has a tensor that claims more values than it has bytes for")
