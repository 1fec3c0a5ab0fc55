"""Write a recalibration into a site's file: its other keys, its comments and their order stay."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

import msgspec

from edgecad.contract import Contract, network_digest
from edgecad.decision.recalibration import Recalibration, threshold_on_shown
from edgecad.errors import UsageError
from edgecad.site import MAX_BYTES, Site, SiteChoices, read_site, site_from_bytes
from edgecad.system.folders import write_whole

SECTION = "recalibration"
MARK = b"\xef\xbb\xbf"
"""Which editors on Windows write before the first line."""
ABOUT = "written by `edgecad evaluate --recalibrate`; it moves the score, and no answer"


def site_in(path: Path, contract: Contract, *, replace: bool) -> Site | None:
    """The site's file into which a recalibration of a model is to be written; None if it is not there yet.

    Raises:
        UsageError: it cannot be used; it has a recalibration, and `replace` is not wanted; or that is of another
            network, and the file's own threshold was chosen on the score of that one.
    """
    if not path.exists():
        if path.is_symlink() or not path.resolve().parent.is_dir():
            raise UsageError(f"{path} cannot be made: its folder is not there; make it, or name another file")
        return None
    if not path.is_file():
        raise UsageError(f"{path} is no file; name the site's TOML file, new or not, with --recalibrate")
    site = read_site(path)
    found = site.choices.recalibration
    if found is None:
        return site
    if not replace:
        raise UsageError(
            f"{path} has a recalibration already ({found.patients} patients, {found.date}, network "
            f"{found.network[:12]}); add --replace-recalibration to write over it, or name another file"
        )
    if found.network != network_digest(contract) and site.choices.decision.threshold is not None:
        raise UsageError(
            f"{path} has a threshold of its own, on the score of another network ({found.network[:12]}) whose "
            "recalibration would be replaced; take that threshold out first, or name another file"
        )
    return site


def write_recalibration(path: Path, contract: Contract, recalibration: Recalibration, *, replace: bool) -> list[str]:
    """Write it, whole or not at all, and give what else a person must know of the file.

    The file's own threshold is about the score that answers show. It is moved with that score, so that the answers
    stay what they were.

    Raises:
        UsageError: as for `site_in`; the file may have changed since it was asked. Or its threshold has no place on
            the recalibrated score.
    """
    site = site_in(path, contract, replace=replace)
    target = path.resolve()
    before = b"" if site is None else target.read_bytes()
    choices = SiteChoices() if site is None else site.choices
    wanted = _with(path, choices, recalibration)
    content = _content(before, choices, wanted)
    if len(content) > MAX_BYTES:
        raise UsageError(f"{path} would have more than {MAX_BYTES} bytes, which no site's file has; shorten it first")
    if site_from_bytes(target, content).choices != wanted:
        raise UsageError(f"{path} cannot be written so that it says what it said; write [{SECTION}] into it by hand")
    mode = stat.S_IMODE(target.stat().st_mode) if site else None
    write_whole(target, content)
    if mode is not None:
        os.chmod(target, mode)  # noqa: PTH101 - whoever could read it can
    return _told(choices, wanted)


def _with(path: Path, choices: SiteChoices, recalibration: Recalibration) -> SiteChoices:
    """The same choices with a recalibration, and their own threshold moved with the score."""
    decision = choices.decision
    if decision.threshold is not None:
        own = threshold_on_shown(decision.threshold, choices.recalibration).own
        if not recalibration.keeps(own):
            raise UsageError(
                f"{path} has the threshold {decision.threshold:.6g}, which cannot be moved so that answers stay: with "
                f"intercept {recalibration.intercept:.3g} and slope {recalibration.slope:.3g} it lies beyond what a "
                "score reaches; the file was not written: take the threshold out, or name another file"
            )
        decision = msgspec.structs.replace(decision, threshold=recalibration.moved(own))
    return msgspec.structs.replace(choices, decision=decision, recalibration=recalibration)


def _content(before: bytes, choices: SiteChoices, wanted: SiteChoices) -> bytes:
    import tomlkit

    text = before.decode("utf-8-sig")
    document: Any = tomlkit.parse(text)
    values = msgspec.structs.asdict(wanted.recalibration) if wanted.recalibration else {}
    if SECTION in document:
        for name, value in values.items():
            document[SECTION][name] = value
    else:
        section = tomlkit.table()
        section.comment(ABOUT)
        for name, value in values.items():
            section.add(name, value)
        document.append(SECTION, section)
    if wanted.decision.threshold != choices.decision.threshold:
        document["decision"]["threshold"] = wanted.decision.threshold
    written = tomlkit.dumps(document)
    if "\r\n" in text:
        written = written.replace("\r\n", "\n").replace("\n", "\r\n")
    return (MARK if before.startswith(MARK) else b"") + written.encode()


def _told(choices: SiteChoices, wanted: SiteChoices) -> list[str]:
    told, decision = [], choices.decision
    if decision.threshold is not None and decision.threshold != wanted.decision.threshold:
        told.append(
            f"its own threshold {decision.threshold:.6g} became {wanted.decision.threshold:.6g}, which gives the same "
            "answers"
        )
    if decision.rule is not None and decision.rule.startswith(("equal-costs", "costs=")):
        told.append(f"its rule {decision.rule} is about the recalibrated score from now on: answers may change")
    return told
