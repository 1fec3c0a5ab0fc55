"""Without cuda-python the error names what installs it on this kind of machine."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from edgecad.errors import NotAvailable
from edgecad.runners.cuda import Cuda
from edgecad.system.installation import install_command


@pytest.mark.parametrize(("jetson", "extra"), [(False, "tensorrt"), (True, "tensorrt-system")])
def test_a_jetson_is_not_told_to_install_a_tensorrt_that_pip_has_not(
    jetson: bool, extra: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = tmp_path / "nv_tegra_release"
    if jetson:
        release.write_text("# R36 (release), REVISION: 4.3")
    monkeypatch.setattr("edgecad.runners.cuda.TEGRA_RELEASE", release)
    for name in [name for name in sys.modules if name.partition(".")[0] == "cuda"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "cuda", None)  # as where no package of that name is installed
    with pytest.raises(NotAvailable, match=re.escape(install_command(extra))):
        Cuda(0)
