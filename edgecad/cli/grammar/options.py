"""The help of options: in panels, each value with a word that says what it is, limits in words.

Typer knows panels only where rich draws them; here they are sections of plain text. What a parameter's help holds is
Typer's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

OPTIONS = "Options"
NARROW = 70
"""Columns below which names get less room, so that words get enough."""
_BOUNDS = (
    (re.compile(r"(?<![\w.])([-\d.e]+)<=x<=([-\d.e]+)"), r"\1 to \2"),
    (re.compile(r"(?<![\w.])x>=([-\d.e]+)"), r"at least \1"),
    (re.compile(r"(?<![\w.])x<=([-\d.e]+)"), r"at most \1"),
    (re.compile(r"(?<=\d)\.0(?=[;\] ])"), ""),
)
"""Limits and whole numbers as Typer writes them, and as people do."""
_BRACKET = re.compile(r"\[[^\[\]]*\]$")


def name_values(params: Iterable[Any]) -> None:
    """Give every parameter that has none a word for its value: its choices, `0..1`, `NUMBER`; an argument its name."""
    for param in params:
        if param.metavar is None:
            param.metavar = param.name.upper() if param.param_type_name == "argument" else _word_for(param)


def _word_for(param: Any) -> str | None:
    kind = param.type_descriptor
    if getattr(param, "is_flag", False):
        return None
    if kind.is_choice and kind.choices is not None:
        return "|".join(str(getattr(choice, "value", choice)) for choice in kind.choices)
    if kind.annotation in (int, float):
        return "0..1" if (param.min, param.max) == (0, 1) else "NUMBER"
    return "PATH" if kind.is_path else "TEXT"


def write_options(params: Iterable[Any], ctx: Any, formatter: Any) -> None:
    """Write arguments, then panels of options in the order in which the first option of each comes.

    Options without a panel, and with them `--help`, stand last, unless the command's first option is one of them.
    """
    arguments, panels = [], dict[str, list[tuple[str, str]]]()
    for param in params:
        record = param.get_help_record(ctx)
        if record is None:
            continue
        if param.param_type_name == "argument":
            dots = "..." if param.nargs != 1 else ""
            arguments.append((f"{param.display_name_raw}{dots}", in_words(record[1], param)))
        else:
            panel = getattr(param, "rich_help_panel", None) or OPTIONS
            panels.setdefault(panel, []).append((record[0], in_words(record[1], param)))
    if next(iter(panels), OPTIONS) != OPTIONS:
        panels[OPTIONS] = panels.pop(OPTIONS, [])
    for title, rows in (("Arguments", arguments), *panels.items()):
        if rows:
            with formatter.section(title):
                formatter.write_dl(rows, col_max=30 if formatter.width >= NARROW else 16)


def in_words(text: str, param: Any) -> str:
    """A parameter's help, with what Typer puts into brackets behind it as people say it."""
    return _BRACKET.sub(lambda found: _said(found[0], param), text).rstrip()


def _said(bracket: str, param: Any) -> str:
    for pattern, words in _BOUNDS:
        bracket = pattern.sub(words, bracket)
    parts = [part for part in bracket[1:-1].split("; ") if part != "required" or param.param_type_name == "option"]
    if param.metavar == "0..1":
        parts = [part for part in parts if part != "0 to 1"]
    return f"[{'; '.join(parts)}]" if parts else ""
