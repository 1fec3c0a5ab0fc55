"""Options that are fields: a command takes a settings dataclass, and Typer sees one option for each field."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import MISSING, Field, fields
from typing import Any, get_type_hints


def takes(**settings: type) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Decorate a command whose parameters named here are dataclasses: it gets them whole, its user gives their fields.

    A field is `name: Annotated[int, typer.Option(help=...)] = 1`. Options stand in the help where the parameter stands
    in the command.

    Args:
        settings: the dataclass of each parameter, by the parameter's name.
    """

    def decorated(command: Callable[..., None]) -> Callable[..., None]:
        parameters: list[inspect.Parameter] = []
        for own in inspect.signature(command, eval_str=True).parameters.values():
            parameters += _parameters_of(settings[own.name]) if own.name in settings else [own]

        def with_settings(**words: Any) -> None:
            made = {name: kind(**{f.name: words.pop(f.name) for f in fields(kind)}) for name, kind in settings.items()}
            command(**words, **made)

        with_settings.__name__, with_settings.__doc__ = command.__name__, command.__doc__
        # Typer makes its options from these two; all parameters are given by name, so their order is the help's alone.
        with_settings.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
            [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in parameters]
        )
        with_settings.__annotations__ = {each.name: each.annotation for each in parameters}
        return with_settings

    return decorated


def _parameters_of(kind: type) -> list[inspect.Parameter]:
    """One parameter for each field of a dataclass."""
    hints = get_type_hints(kind, include_extras=True)
    return [
        inspect.Parameter(
            each.name, inspect.Parameter.KEYWORD_ONLY, default=_default_of(each), annotation=hints[each.name]
        )
        for each in fields(kind)
    ]


def _default_of(field: Field[Any]) -> Any:
    """A field's default; without one the option is required."""
    return inspect.Parameter.empty if field.default is MISSING else field.default
