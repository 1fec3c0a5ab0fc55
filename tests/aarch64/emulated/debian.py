"""A Debian for aarch64, made once: debootstrap's first stage here, its second one there."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

from emulated.errors import UNREACHED, Broken, Missing
from emulated.place import PRIVATE, KeptFolder
from emulated.said import say

PACKAGES = "python3,python3-venv,ca-certificates"


def make_debian(place: KeptFolder, suite: str, mirror: str) -> None:
    """Make the Debian, unless there is a whole one of this release.

    Args:
        place: where it goes.
        suite: release of Debian, such as `bookworm`.
        mirror: address of Debian's packages; empty: that of this machine's apt, else debootstrap's own.

    Raises:
        Missing: the packages cannot be fetched.
        Broken: it could not be made, or there is one of another release.
    """
    if place.made:
        there = place.stamp.read_text(encoding="utf-8").strip()
        if there != suite:
            raise Broken(f"{place.root} is {there}, and {suite} was asked for; make clean-aarch64 removes it")
        return
    place.clear(place.root)
    say(f"a Debian ({suite}, arm64) in {place.root}: minutes, once")
    words = ["debootstrap", "--arch=arm64", "--foreign", "--variant=minbase", f"--include={PACKAGES}", suite]
    _stage(place, [*words, str(place.root), *filter(None, [mirror or apt_mirror(suite)])])
    _stage(place, ["chroot", str(place.root), "/debootstrap/debootstrap", "--second-stage"])
    place.stamp.write_text(f"{suite}\n", encoding="utf-8")


def apt_mirror(suite: str) -> str:
    """Address of Debian's packages that this machine's apt uses, with that release if it has it; empty: none."""
    words = ["apt-get", "indextargets", "--format", "$(ORIGIN) $(COMPONENT) $(RELEASE) $(REPO_URI)"]
    try:
        done = subprocess.run([*words, "Created-By: Packages"], capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return next(_mirrors(done.stdout, suite), "")


def _mirrors(said: str, suite: str) -> Iterator[str]:
    """Of the release first; updates of security lie elsewhere, and have no whole release."""
    rows = [line.split() for line in said.splitlines()]
    main = [row for row in rows if len(row) == 4 and row[:2] == ["Debian", "main"] and "security" not in row[3]]
    yield from (row[3] for row in sorted(main, key=lambda row: row[2] != suite))


def _stage(place: KeptFolder, words: list[str]) -> None:
    """Debootstrap mounts on its own; such mounts end with it, and so do its processes."""
    log = place.folder / "debootstrap.log"
    with log.open("w", encoding="utf-8") as output:
        done = subprocess.run(
            [*PRIVATE, "sh", "-c", '"$@"; exit $?', "sh", *words], stdout=output, stderr=subprocess.STDOUT, check=False
        )
    if done.returncode == 0:
        return
    said = log.read_text(encoding="utf-8", errors="replace")
    last = said.strip().splitlines()[-1:] or ["it said nothing"]
    if UNREACHED.search(said):
        raise Missing(f"Debian's packages cannot be fetched ({last[0]})", "connect it to a network, or name a --mirror")
    raise Broken(f"{words[0]} ended with {done.returncode}: {last[0]}; all that it said is in {log}")
