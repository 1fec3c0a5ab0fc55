"""Saved benches in the user's cache: how `edgecad cache` lists them, and takes them away."""

from __future__ import annotations

from collections.abc import Iterator

import typer

from edgecad.cli.options import JsonOption


def rows_of_benches() -> list[dict[str, object]]:
    """Each of them for programs, or what is wrong with it."""
    import msgspec

    from edgecad.inference.benches.cache import saved_benches

    return [
        {"path": str(path), "fault": found} if isinstance(found, str)
        else {"path": str(path), "fault": None, **msgspec.to_builtins(found)}
        for path, found in saved_benches()
    ]  # fmt: skip


def lines_about_benches() -> Iterator[str]:
    """Each of them for people."""
    from edgecad.inference.benches.cache import benches_folder, saved_benches

    found = list(saved_benches())
    if not found:
        return
    yield f"{_counted(len(found))} in {benches_folder()}"
    for path, bench in found:
        yield f"  {path.name[:16]}"
        if isinstance(bench, str):
            yield f"    CANNOT BE USED: {bench}"
            continue
        taken = [row.words for row in bench.rows if row.fit]
        yield f"    {bench.model}, {bench.time[:10]}: {', '.join(taken)}{'; noisy' if bench.noisy else ''}"


def forget(json: JsonOption = False) -> None:
    """Remove what edgecad bench --save recorded.

    From then on auto takes its default for every model.
    """
    import msgspec

    from edgecad.inference.benches.cache import benches_folder, remove_benches
    from edgecad.inference.benches.lookup import SAVE

    folder, gone = benches_folder(), remove_benches()
    if json:
        typer.echo(msgspec.json.encode({"schema": 1, "folder": str(folder), "removed": gone}).decode())
        return
    typer.echo(f"removed {_counted(gone)} from {folder}")
    typer.echo(f"next: {SAVE}")


def _counted(benches: int) -> str:
    return f"{benches} saved bench{'' if benches == 1 else 'es'}"
