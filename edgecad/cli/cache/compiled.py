"""What `edgecad cache` says of the models that OpenVINO compiled."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from edgecad.system.words import on_one_line

if TYPE_CHECKING:
    from edgecad.engines.compiled import CompiledEntry


def rows_of_compiled() -> list[dict[str, object]]:
    """Each compiled model, for programs."""
    from edgecad.engines.compiled import compiled_entries, compiled_folder

    return [_row(entry) for entry in compiled_entries(compiled_folder())]


def lines_about_compiled() -> Iterator[str]:
    """The same for people; nothing where there are none."""
    from edgecad.engines.compiled import compiled_entries, compiled_folder

    entries = compiled_entries(compiled_folder())
    if entries:
        yield f"{_counted(len(entries))} in {compiled_folder()}"
    for entry in entries:
        yield from _lines(entry)


def removed_words(count: int, size_bytes: int) -> str:
    """What `clear` took away."""
    from edgecad.engines.compiled import compiled_folder

    return f"removed {_counted(count)} ({size_bytes / 1e6:.1f} MB) from {compiled_folder()}"


def _row(entry: CompiledEntry) -> dict[str, object]:
    import msgspec

    facts = {} if entry.head is None else msgspec.structs.asdict(entry.head)
    return {"path": str(entry.path), "fault": entry.fault, **{name: facts[name] for name in facts if name != "schema"}}


def _lines(entry: CompiledEntry) -> Iterator[str]:
    if entry.head is None:
        yield f"  {on_one_line(entry.path.name)}"
        yield f"    CANNOT BE USED: {on_one_line(entry.fault or '')}"
        return
    identity = entry.head.identity
    yield f"  {entry.path.name}  {entry.size_bytes / 1e6:.1f} MB, compiled {entry.head.written}"
    yield f"    {on_one_line(entry.head.model)}"
    yield f"    openvino {identity.library_version.partition('-')[0]} on {identity.unit}"
    yield "    proven: its golden samples came out as at export when it was kept"


def _counted(count: int) -> str:
    return f"{count} compiled model{'' if count == 1 else 's'}"
