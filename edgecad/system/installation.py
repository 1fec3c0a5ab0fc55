"""How this EdgeCAD was installed, and the command that adds an extra to it.

EdgeCAD is on no public index, so an extra is installed from where EdgeCAD itself came from: a checkout, a wheel, an
archive or a repository, which pip wrote down (PEP 610). Where nothing was written down, as with `--find-links`, or the
place is gone, the command names the packages of the extra themselves, as EdgeCAD's metadata lists them.
"""

from __future__ import annotations

import json
import operator
import re
import shlex
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NAME = "edgecad"
PROVISO = "with the --find-links or --index-url that edgecad came from, if any"
"""What no command can know: where other packages are to be had."""
_EXTRA = re.compile(r"(?:^|\s*\band\s+)\(?\s*extra\s*==\s*['\"]([\w.-]+)['\"]\s*\)?\s*$")
_PYTHON = re.compile(r"python_version\s*(>=|<=|==|!=|<|>)\s*['\"](\d+)\.(\d+)['\"]")
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    ">=": operator.ge, "<=": operator.le, "==": operator.eq, "!=": operator.ne, "<": operator.lt, ">": operator.gt,
}  # fmt: skip


@dataclass(frozen=True)
class Installation:
    """Where EdgeCAD came from, and what its metadata says that it needs.

    Attributes:
        direct_url: what pip wrote down of the place (PEP 610), decoded; empty where it wrote nothing.
        requires: lines of the metadata, such as `onnx>=1.23; extra == 'export'`.
        source: folder of the sources where the program runs from them without being installed.
    """

    direct_url: dict[str, Any]
    requires: tuple[str, ...]
    source: Path | None = None

    def words(self, *extras: str) -> tuple[str, ...]:
        """What `pip install` is to be given for some extras; their names alone where nothing is known."""
        named = (f"{NAME}[{','.join(extras)}]",)
        return self._place(",".join(extras)) or tuple(dict.fromkeys(self._packages(extras))) or named

    def is_direct(self, *extras: str) -> bool:
        """Whether the extras come from EdgeCAD's own place, and not package by package."""
        return bool(self._place(",".join(extras)))

    def _place(self, extras: str) -> tuple[str, ...]:
        url, folder = str(self.direct_url.get("url", "")), self.direct_url.get("dir_info")
        if not url:
            return _editable(self.source, extras) if self.source else ()
        path = _path_of(url)
        if path is None:
            return (f"{NAME}[{extras}] @ {_remote(url, self.direct_url)}",)
        if folder is None:
            return (f"{path}[{extras}]",) if path.is_file() else ()
        if not (path / "pyproject.toml").is_file():
            return ()
        return _editable(path, extras) if folder.get("editable") else (f"{path}[{extras}]",)

    def _packages(self, extras: tuple[str, ...]) -> Iterator[str]:
        """Packages of some extras that this Python wants; markers that are not understood are left to pip."""
        for line in self.requires:
            package, _, marker = line.partition(";")
            extra = _EXTRA.search(marker.strip())
            if extra is None or extra[1] not in extras:
                continue
            rest = _EXTRA.sub("", marker.strip()).strip()
            python = _PYTHON.fullmatch(rest.removeprefix("(").removesuffix(")").strip())
            if python is None:
                yield f"{package.strip()}; {rest}" if rest else package.strip()
            elif _COMPARE[python[1]](sys.version_info[:2], (int(python[2]), int(python[3]))):
                yield package.strip()


def install_command(*extras: str) -> str:
    """The command that installs some extras beside this very EdgeCAD, ready to paste."""
    return f"{pip('install')} {shlex.join(_here().words(*extras))}"


def proviso(*extras: str) -> str:
    """What must be said beside `install_command`; empty where the command is all."""
    return "" if _here().is_direct(*extras) else PROVISO


def install_words(*extras: str, before: str = "") -> str:
    """`run: COMMAND`, with what must be said beside it, for the end of a message; `before` is run first."""
    beside, first = proviso(*extras), f"{before} && " if before else ""
    return f"run: {first}{install_command(*extras)}{f' ({beside})' if beside else ''}"


def pip(verb: str) -> str:
    """`pip VERB` for this Python: the first `pip` on the path may be another one's, and uv's environments have none."""
    from importlib.util import find_spec

    first, python = shutil.which("pip"), shlex.quote(sys.executable)
    if first is not None and Path(first).absolute().parent == Path(sys.executable).parent:
        return f"pip {verb}"
    if find_spec("pip") is None and shutil.which("uv") is not None:
        return f"uv pip {verb.removesuffix(' -y')} --python {python}"
    if find_spec("pip") is None and find_spec("ensurepip") is not None:
        return f"{python} -m ensurepip && {python} -m pip {verb}"
    return f"{python} -m pip {verb}"


def _here() -> Installation:
    from importlib.metadata import PackageNotFoundError, distribution

    sources = Path(__file__).resolve().parents[1]
    source = sources if (sources / "pyproject.toml").is_file() else None
    try:
        found = distribution(NAME)
    except PackageNotFoundError:
        return Installation({}, (), source)
    return Installation(_decoded(found.read_text("direct_url.json")), tuple(found.requires or ()))


def _decoded(text: str | None) -> dict[str, Any]:
    """PEP 610's record, or nothing where there is none that can be read."""
    try:
        record = json.loads(text or "{}")
    except ValueError:
        return {}
    return record if isinstance(record, dict) else {}


def _editable(folder: Path, extras: str) -> tuple[str, ...]:
    return ("-e", f"{folder}[{extras}]")


def _path_of(url: str) -> Path | None:
    """The path of a `file:` URL; None for any other."""
    from urllib.parse import urlsplit
    from urllib.request import url2pathname

    parts = urlsplit(url)
    return Path(url2pathname(parts.path)) if parts.scheme == "file" else None


def _remote(url: str, record: dict[str, Any]) -> str:
    """What pip takes for an archive or a repository that is not on this machine."""
    repository = record.get("vcs_info")
    if repository:
        url = f"{repository['vcs']}+{url}@{repository['commit_id']}"
    inside = record.get("subdirectory")
    return f"{url}#subdirectory={inside}" if inside else url
