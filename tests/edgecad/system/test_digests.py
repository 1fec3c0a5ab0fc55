import hashlib
from pathlib import Path

import pytest

from edgecad.system.digests import file_sha256


@pytest.mark.parametrize("size", [0, 1, 1 << 20, (5 << 19) + 1])
def test_a_file_of_any_size_has_the_digest_of_its_bytes(tmp_path: Path, size: int) -> None:
    content = bytes(number % 251 for number in range(size))
    (tmp_path / "file").write_bytes(content)
    assert file_sha256(tmp_path / "file") == hashlib.sha256(content).hexdigest()
