"""Rows past a budget lie in a file without a name, and reading them does not fill the memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from edgecad_train.data.store import MappedRows, RowStore

SHAPE = (8, 8, 3)


def filled(rows: np.ndarray, count: int, budget: int, folder: Path) -> np.ndarray:
    with RowStore(count, SHAPE, rows.dtype, budget, folder) as store:
        for row in rows:
            store.add(row)
        return store.rows()


@pytest.fixture(params=["uint8", "float32"])
def rows(request: pytest.FixtureRequest) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (20, *SHAPE)).astype(request.param)


@pytest.mark.parametrize("over", [0, 1])
def test_the_budget_decides_where_rows_lie_and_not_what_they_are(rows: np.ndarray, over: int, tmp_path: Path) -> None:
    kept = filled(rows, 20, rows.nbytes - over, tmp_path)
    assert isinstance(kept, MappedRows) == bool(over)
    assert (kept.shape, kept.dtype, len(kept)) == (rows.shape, rows.dtype, 20)
    for index in (np.array([3, 17, 3]), slice(2, 9), 5, rows[:, 0, 0, 0] > 100):
        np.testing.assert_array_equal(kept[index], rows[index])
        assert type(kept[index]) is np.ndarray
    np.testing.assert_array_equal(np.stack(list(kept)), rows)


@pytest.mark.parametrize("budget", [0, 10**6])
def test_fewer_rows_than_there_was_room_for(rows: np.ndarray, budget: int, tmp_path: Path) -> None:
    np.testing.assert_array_equal(filled(rows[:7], 20, budget, tmp_path)[:], rows[:7])
    assert filled(rows[:0], 20, budget, tmp_path).shape == (0, *SHAPE)


def test_what_was_taken_may_be_changed_and_the_file_stays_as_it_is(rows: np.ndarray, tmp_path: Path) -> None:
    kept = filled(rows, 20, 0, tmp_path)
    taken = kept[np.array([1, 2])]
    taken[:] = 0
    np.testing.assert_array_equal(kept[np.array([1, 2])], rows[1:3])
    with pytest.raises(ValueError, match="read-only"):
        kept[0] = 0


def test_nothing_is_left_in_the_folder_even_while_rows_are_read(rows: np.ndarray, tmp_path: Path) -> None:
    kept = filled(rows, 20, 0, tmp_path)
    assert not list(tmp_path.iterdir())
    np.testing.assert_array_equal(kept[4], rows[4])


def test_a_full_disk_is_an_error_and_no_crash() -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    with RowStore(4, SHAPE, np.uint8, 0) as store, Path("/dev/full").open("wb", buffering=0) as full:
        store._file = full
        with pytest.raises(OSError, match="No space left"):
            store.add(np.zeros(SHAPE, np.uint8))


MEASURED = """
import sys
import numpy as np
from edgecad_train.data.store import RowStore

def resident(line):
    status = open("/proc/self/status").read().splitlines()
    return next(int(entry.split()[1]) / 1024 for entry in status if entry.startswith(line))

image = np.random.default_rng(0).integers(0, 256, (224, 224, 3)).astype(np.uint8)
before = resident("VmHWM")
with RowStore(2000, (224, 224, 3), np.uint8, 0, sys.argv[1]) as store:
    for number in range(2000):
        image[0, 0] = number % 251
        store.add(image)
    images = store.rows()
for start in range(0, 2000, 16):
    rows = np.arange(start, start + 16)
    assert (images[rows][:, 0, 0, 0] == rows % 251).all()
print(resident("VmHWM") - before)
"""


def test_resident_memory_does_not_grow_with_the_images(tmp_path: Path) -> None:
    """2,000 images of 224 pixels are 287 MiB."""
    if not Path("/proc/self/status").exists():
        pytest.skip("memory is read from /proc, which this system does not have")
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, str(tmp_path)], capture_output=True, text=True, check=True, timeout=120
    )
    assert float(done.stdout) < 40
