"""What the parser refused, in the form of our own errors, with what was probably meant."""

from __future__ import annotations

import re
from typing import Any

from edgecad.system.words import did_you_mean

_NO_COMMAND = re.compile(r"No such command '(.*)'\.?")
_NO_CHOICE = re.compile(r"(?P<before>.*)'(?P<word>.*)' is not one of (?P<known>'.*')(?P<after>.*)", re.DOTALL)


def parser_words(error: Any, command: str | None = None) -> str:
    """One line: what was seen, what may be meant, and where the words are told.

    Args:
        command: that was named, for errors that do not know their own.
    """
    seen = " ".join(_seen(error).split()).rstrip(".")
    path = _path_of(error.ctx) if error.ctx is not None or command is None else f"edgecad {command}"
    return f"{seen[:1].lower()}{seen[1:]}; see: {path} --help"


def _seen(error: Any) -> str:
    kind = type(error).__name__
    if kind == "NoSuchOption":
        known = [name for param in error.ctx.command.get_params(error.ctx) for name in _names(param)]
        return f"{error.message}{did_you_mean(error.option_name, known)}"
    # Typer puts the kind of error before what is wrong with a choice.
    message: str = error.format_message().replace("Value error, ", "")
    missing = _NO_COMMAND.fullmatch(message)
    if missing and error.ctx is not None:
        return f"no such command '{missing[1]}'{did_you_mean(missing[1], error.ctx.command.list_commands(error.ctx))}"
    wrong = _NO_CHOICE.fullmatch(message)
    if wrong:
        hint = did_you_mean(wrong["word"], re.findall(r"'([^']*)'", wrong["known"]))
        return f"{message.rstrip('.')}{hint}"
    return message


def _names(param: Any) -> list[str]:
    """Names of an option; of an argument none."""
    return [*param.opts, *param.secondary_opts] if param.param_type_name == "option" else []


def _path_of(ctx: Any) -> str:
    """The command as a user types it; the program by its own name, however it was started."""
    words: list[str] = []
    while ctx is not None and ctx.parent is not None:
        words.insert(0, str(ctx.info_name))
        ctx = ctx.parent
    return " ".join(["edgecad", *words])
