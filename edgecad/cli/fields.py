"""Options that are fields: a command takes a settings dataclass, and Typer sees one option for each field."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterator
from copy import copy
from dataclasses import MISSING, Field, dataclass, fields
from typing import Annotated, Any, get_args, get_type_hints

import typer
from typer.models import OptionInfo


@dataclass(frozen=True)
class After:
    """Metadata of a field: in the help its option stands after the one of this name, where the command has it."""

    name: str


def takes(*leaving_out: str, **settings: type) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Decorate a command whose parameters named here are dataclasses: it gets them whole, its user gives their fields.

    A field is `name: Annotated[int, typer.Option(help=...)] = 1`. Options stand in the help where the parameter stands
    in the command. A class variable `PANEL` names the panel of the help in which a dataclass' own options stand, where
    an option does not name one itself; see `edgecad.cli.grammar`.

    Args:
        leaving_out: fields that are no option of this command; they keep their defaults.
        settings: the dataclass of each parameter, by the parameter's name.
    """

    def decorated(command: Callable[..., None]) -> Callable[..., None]:
        parameters: list[inspect.Parameter] = []
        for own in inspect.signature(command, eval_str=True).parameters.values():
            parameters += _parameters_of(settings[own.name], leaving_out) if own.name in settings else [own]
        ordered = _ordered(parameters)

        def with_settings(**words: Any) -> None:
            made = {name: _made(kind, words, leaving_out) for name, kind in settings.items()}
            command(**words, **made)

        with_settings.__name__, with_settings.__doc__ = command.__name__, command.__doc__
        # Typer makes its options from these two; all parameters are given by name, so their order is the help's alone.
        with_settings.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
            [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in ordered]
        )
        with_settings.__annotations__ = {each.name: each.annotation for each in ordered}
        return with_settings

    return decorated


def _made(kind: type, words: dict[str, Any], leaving_out: Collection[str]) -> Any:
    """A dataclass from the words of its options, which are taken out of `words`."""
    return kind(**{each.name: words.pop(each.name) for each in fields(kind) if each.name not in leaving_out})


def _parameters_of(kind: type, leaving_out: Collection[str]) -> Iterator[inspect.Parameter]:
    """One parameter for each field of a dataclass."""
    hints = get_type_hints(kind, include_extras=True)
    for each in fields(kind):
        if each.name not in leaving_out:
            yield inspect.Parameter(
                each.name,
                inspect.Parameter.KEYWORD_ONLY,
                default=_default_of(each),
                annotation=_in_panel(hints[each.name], _panel_of(kind, each.name)),
            )


def _panel_of(kind: type, field: str) -> str | None:
    """The panel that is named by the class which declares a field."""
    owner = next(each for each in kind.__mro__ if field in inspect.get_annotations(each))
    panel: str | None = owner.__dict__.get("PANEL")
    return panel


def _in_panel(annotation: Any, panel: str | None) -> Any:
    """An option in this panel, unless it names one; the option itself may be another command's, too."""
    options = [each for each in get_args(annotation) if isinstance(each, OptionInfo) and each.rich_help_panel is None]
    if panel is None or not options:
        return annotation
    kind, *more = get_args(annotation)
    for own in options:
        moved = copy(own)
        moved.rich_help_panel = panel
        more[more.index(own)] = moved
    return Annotated[(kind, *more)]


def _default_of(field: Field[Any]) -> Any:
    """A field's default; without one the option is required."""
    return inspect.Parameter.empty if field.default is MISSING else field.default


def _ordered(parameters: list[inspect.Parameter]) -> list[inspect.Parameter]:
    """Parameters in the order of the help; one field may stand after another that was moved itself."""
    ordered = list(parameters)
    for moved in parameters:
        before = next((each.name for each in get_args(moved.annotation) if isinstance(each, After)), None)
        names = [each.name for each in ordered if each is not moved]
        if before in names:
            ordered.remove(moved)
            ordered.insert(names.index(before) + 1, moved)
    return ordered


def words_of(settings: Any, leaving_out: Collection[str] = (), defaults: bool = False) -> Iterator[list[str]]:
    """The options that make this dataclass again, each with its value; one that is given several times, with all.

    Args:
        leaving_out: fields that are not told.
        defaults: whether values that are the default are told as well; None and False never are.
    """
    hints = get_type_hints(type(settings), include_extras=True)
    for field in fields(settings):
        value = getattr(settings, field.name)
        told = field.name not in leaving_out and value is not None and value is not False
        if told and (defaults or value != field.default):
            name = _option_of(field.name, hints[field.name])
            values = value if isinstance(value, list | tuple) else [value]
            yield [name] if value is True else [word for each in values for word in (name, _word(each))]


def option_names(settings: type) -> dict[str, str]:
    """The option of each field of a dataclass, by the field's name."""
    hints = get_type_hints(settings, include_extras=True)
    return {field.name: _option_of(field.name, hints[field.name]) for field in fields(settings)}


def _word(value: Any) -> str:
    """A value as its option takes it; whole floats without their point."""
    return f"{value:g}" if isinstance(value, float) and float(f"{value:g}") == value else str(value)


def _option_of(name: str, annotation: Any) -> str:
    """The option's own name, or the one that Typer makes of the field's."""
    info = next((each for each in get_args(annotation) if isinstance(each, OptionInfo)), None)
    # In an annotation the first word that Typer is given takes the place of a default.
    declared = (info.default, *(info.param_decls or ())) if info else ()
    own = next((each for each in declared if isinstance(each, str) and each.startswith("--")), None)
    return (own or f"--{name.replace('_', '-')}").partition("/")[0]


def given(context: typer.Context) -> tuple[str, ...]:
    """Options and arguments that stand on the command line, by their own names, in the help's order."""
    return tuple(
        each.opts[0] if each.param_type_name == "option" else str(each.name).upper()
        for each in context.command.params
        if each.name and getattr(context.get_parameter_source(each.name), "name", "") == "COMMANDLINE"
    )
