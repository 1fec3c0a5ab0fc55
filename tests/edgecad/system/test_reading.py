"""Files that cannot be read as such cost no descriptor, however often they are tried."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from edgecad.errors import InputRefused
from edgecad.images import bytes_from_path, has_ended
from edgecad.system.reading import file_bytes, opened
from edgecad.watch.reservation import _descriptor

DESCRIPTORS = Path("/proc/self/fd")
READERS: dict[str, Callable[[Path], object]] = {
    "a scan": bytes_from_path,
    "an end marker": has_ended,
    "a bounded file": lambda path: file_bytes(path, 10),
    "flags": lambda path: opened(path, os.O_RDONLY),
    "a lock": lambda path: _descriptor(path, os.O_RDONLY),
}


@pytest.mark.skipif(not DESCRIPTORS.is_dir(), reason="open descriptors are counted in /proc, which is not here")
@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("kind", ["folder", "pipe", "link", "absent"])
def test_what_is_no_file_leaves_no_descriptor_open(reader: str, kind: str, tmp_path: Path) -> None:
    if (reader, kind) == ("flags", "pipe"):
        pytest.skip("a pipe that is opened without O_NONBLOCK is waited for")
    place = tmp_path / kind
    {
        "folder": lambda: place.mkdir(),
        "pipe": lambda: os.mkfifo(place),
        "link": lambda: place.symlink_to(tmp_path),
        "absent": lambda: None,
    }[kind]()
    before = len(list(DESCRIPTORS.iterdir()))
    for _ in range(5):
        with suppress(OSError, InputRefused):
            given = READERS[reader](place)
            if hasattr(given, "close"):
                given.close()
    assert len(list(DESCRIPTORS.iterdir())) == before
