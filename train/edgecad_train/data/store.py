"""Where arrays of many rows lie: in memory, or past a budget in a file that is read piece by piece.

The file has no name once it is open, so nothing of it is left behind however the process ends. It is written
before it is mapped: a full disk is then an error and not a crash.
"""

from __future__ import annotations

import mmap
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import IO, Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

MEMORY_BUDGET = 2**30
"""Bytes of one array that may lie in memory: 7,000 images of 224 pixels."""


class MappedRows(np.ndarray[Any, np.dtype[Any]]):
    """Rows `(n, ...)` in a file; what is taken is copied, and the file's pages are let go at once.

    Pages of a mapped file count as this process's memory for as long as they are mapped; a pass over all rows
    would otherwise end with all of them there.
    """

    source: mmap.mmap | None = None

    def __array_finalize__(self, parent: NDArray[Any] | None) -> None:
        self.source = getattr(parent, "source", None)

    def __getitem__(self, index: Any) -> Any:
        taken = np.array(super().__getitem__(index), subok=False)
        if sys.platform != "win32" and self.source is not None:  # Windows has no such advice
            self.source.madvise(mmap.MADV_DONTNEED)
        return taken


def mapped_rows(file: IO[bytes], shape: tuple[int, ...], dtype: DTypeLike, offset: int = 0) -> MappedRows:
    """Map the values of a file from byte `offset` on, read-only; the file may be closed afterwards."""
    source = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    rows = MappedRows(shape, dtype, buffer=source, offset=offset)
    rows.source = source
    return rows


def scratch_beside(out: Path) -> Path:
    """Folder for what does not fit into memory: where `out` is, or will be. The system's own may be memory again."""
    return next(folder for folder in (out, *out.absolute().parents) if folder.is_dir())


class RowStore:
    """Takes rows one by one, and gives all of them back as one array.

    ```python
    with RowStore(count, (224, 224, 3), np.uint8, budget, scratch) as store:
        store.add(image)
        images = store.rows()
    ```
    """

    def __init__(
        self,
        count: int,
        row_shape: tuple[int, ...],
        dtype: DTypeLike,
        budget: int = MEMORY_BUDGET,
        scratch: Path | None = None,
    ) -> None:
        """Make room.

        Args:
            count: most rows that will come.
            row_shape, dtype: of each.
            budget: bytes up to which they stay in memory.
            scratch: folder for the file; default the system's own, which on some machines is memory again.
        """
        self._shape = row_shape
        self._dtype = np.dtype(dtype)
        self._kept = 0
        self._memory: NDArray[Any] | None = None
        self._file: IO[bytes] | None = None
        self._open = ExitStack()
        if count * int(np.prod(row_shape)) * self._dtype.itemsize <= budget:
            self._memory = np.empty((count, *row_shape), self._dtype)
        else:
            file = tempfile.TemporaryFile(dir=scratch, prefix=".edgecad-rows-")  # noqa: SIM115 - closed by __exit__
            self._file = self._open.enter_context(file)

    def add(self, row: NDArray[Any]) -> None:
        """Keep one row, or raise `OSError` where the disk is full."""
        if self._memory is not None:
            self._memory[self._kept] = row
        elif self._file is not None:
            self._file.write(np.ascontiguousarray(row, self._dtype).data)
        self._kept += 1

    def rows(self) -> NDArray[Any]:
        """All rows that came, `(n, ...)`; nothing may be added afterwards."""
        shape = (self._kept, *self._shape)
        if self._memory is not None:
            return self._memory[: self._kept]
        if self._file is None or not self._kept:
            return np.empty(shape, self._dtype)
        self._file.flush()
        return mapped_rows(self._file, shape, self._dtype)

    def __enter__(self) -> RowStore:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()
