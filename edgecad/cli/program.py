"""The root command: finds commands by name, and turns every error into one line and an exit code."""

from __future__ import annotations

import importlib
import os
from functools import cache
from typing import Annotated, Any

import typer

from edgecad.cli.completion import Shell, print_script, switch_on
from edgecad.cli.grammar.app import ReadableGroup
from edgecad.cli.grammar.installed import NEEDS, missing_extras
from edgecad.cli.grammar.suggestions import parser_words
from edgecad.errors import DeviceFailed, EdgecadError
from edgecad.system.disk import words_of
from edgecad.system.extras import check_installed
from edgecad.system.installation import install_words
from edgecad.system.memory import NO_MEMORY, lacks_memory

OWN = {
    "infer": "edgecad.cli.infer.command",
    "watch": "edgecad.cli.watch.command",
    "verify": "edgecad.cli.verify.command",
    "inspect": "edgecad.cli.inspect.command",
    "bench": "edgecad.cli.bench.command",
    "models": "edgecad.cli.models.command",
    "table": "edgecad.cli.colourtables.command",
    "cache": "edgecad.cli.cache.command",
    "doctor": "edgecad.cli.doctor.command",
    "demo": "edgecad.cli.demo",
}
"""The runtime's own commands; other rooms add theirs as entry points of the group below."""
GROUP = "edgecad.commands"
USAGE = 2
"""Exit code of what the parser refuses; see `edgecad.errors`."""
PARSER_ERROR: Any = typer.BadParameter.__bases__[0]
"""What the parser raises; typer keeps click's errors to itself, and passes on only this child of theirs."""
WAY = {
    "phantom": "Draw synthetic report screens with labels.",
    "plan": "Say what a study of so many patients can show.",
    "train": "Fine-tune a network on labelled polar maps.",
    "study": "Compare networks and strategies in one table.",
    "evaluate": "Judge a run or a model on labelled scans.",
    "export": "Convert a run to ONNX, proven unchanged.",
    "infer": "Answer scans with score and heat map, or refuse.",
    "watch": "Answer every scan of a hot folder, once.",
    "verify": "Check that a model is whole and answers as at export.",
    "inspect": "Show a model's contract, graph, precision and hashes.",
    "bench": "Time a model here, by device and precision.",
    "models": "List models, and put one of them in force.",
    "doctor": "Say what this machine can run, and what mends it.",
    "table": "List, show and learn colour tables.",
    "cache": "List and clear engines, compiled models and benches.",
    "demo": "The whole way on phantoms, in a few minutes.",
}
"""Commands in the order of the help text, the way of a model; said here so that the help imports none of them."""


class Program(ReadableGroup):
    """Commands that are imported when they are named, and the one place where errors become words."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Names of all commands, in the order in which they are used."""
        names = {*OWN, *_plugins()}
        return [name for name in WAY if name in names] + sorted(names - WAY.keys())

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the list of commands, and apart those that are not installed.

        Only those that nobody here knows are imported for their words.
        """
        names = self.list_commands(ctx)
        room = formatter.width - 6 - max(map(len, names))
        words = {name: WAY.get(name) or self.get_command(ctx, name).get_short_help_str(room) for name in names}
        lacking = {name: extras for name in names if (extras := missing_extras(name))}
        with formatter.section("Commands"):
            formatter.write_dl([(name, words[name]) for name in names if name not in lacking])
        if lacking:
            with formatter.section("Not installed here; name one to see how its extra is installed"):
                rows = [(name, f"{words[name]} [{', '.join(extras)}]") for name, extras in lacking.items()]
                formatter.write_dl(rows)

    def get_command(self, ctx: Any, name: str) -> Any:
        """Import one command; None if there is none of that name."""
        if name in OWN:
            app = importlib.import_module(OWN[name]).app
        else:
            # Only when the runtime has no such command.
            entry = _plugins().get(name)
            if entry is None:
                return None
            app = entry.load()
        command: Any = typer.main.get_command(app)
        command.name = name
        if missing_extras(name):
            command.epilog = f"Not installed here; {install_words(*missing_extras(name))}"
        return command

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command that was named; one that is not installed says so, whatever words follow but `--help`.

        Raises:
            NotAvailable: naming what it lacks, and the command that installs it.
        """
        lacking = () if ctx.resilient_parsing or {"-h", "--help"} & {*args} else missing_extras(args[0])
        for extra in lacking:
            check_installed(*NEEDS[args[0]][extra], extras=lacking)
        return super().resolve_command(ctx, args)

    def make_context(self, *words: Any, **more: Any) -> Any:
        """Read the program's own options; without any word the help is shown."""
        try:
            return super().make_context(*words, **more)
        except PARSER_ERROR as error:
            if type(error).__name__ == "NoArgsIsHelpError":
                raise
            _say(parser_words(error))
            raise typer.Exit(USAGE) from None

    def invoke(self, ctx: Any) -> Any:
        """Run, and turn errors into one line on stderr and a documented exit code."""
        try:
            return super().invoke(ctx)
        except PARSER_ERROR as error:
            _say(parser_words(error, ctx.invoked_subcommand))
            ctx.exit(USAGE)
        except EdgecadError as error:
            _say(str(error))
            ctx.exit(error.exit_code)
        except KeyboardInterrupt:
            _say("interrupted")
            ctx.exit(130)
        except BrokenPipeError:
            ctx.exit(1)  # the reader of our output went away; see `edgecad.cli.main`
        except OSError as error:
            ctx.exit(_said_no_memory(error) or _said(words_of(error), 1))
        except Exception as error:
            if type(error).__module__.startswith(("typer", "click")):
                raise
            code = _said_no_memory(error)
            if os.environ.get("EDGECAD_DEBUG") and not code:
                raise
            ctx.exit(code or _said_unexpected(error))


def _said_no_memory(error: Exception) -> int:
    """The exit code of a lack of memory, once it is said; 0 for any other error."""
    return _said(NO_MEMORY, DeviceFailed.exit_code) if lacks_memory(error) else 0


def _said_unexpected(error: Exception) -> int:
    if _was_interrupted(error):
        return _said("interrupted", 130)
    return _said(
        f"unexpected {type(error).__name__}: {str(error).partition(chr(10))[0]}; "
        "please report it, with what EDGECAD_DEBUG=1 shows",
        1,
    )


def _said(message: str, code: int) -> int:
    _say(message)
    return code


def _was_interrupted(error: BaseException | None) -> bool:
    """Whether an interrupt lies behind an error: imports of compiled modules turn it into their own."""
    while error is not None:
        if isinstance(error, KeyboardInterrupt) or "KeyboardInterrupt" in str(error):
            return True
        error = error.__cause__ or error.__context__
    return False


def _say(message: str) -> None:
    typer.echo(f"edgecad: {' '.join(message.split())}", err=True)


@cache
def _plugins() -> dict[str, Any]:
    """Commands of other rooms, by name; to look for them takes as long as to print the help."""
    from importlib.metadata import entry_points

    return {entry.name: entry for entry in entry_points(group=GROUP)}


app = typer.Typer(
    cls=Program,
    rich_markup_mode=None,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    no_args_is_help=True,
)
switch_on()


def _print_version(requested: bool) -> None:
    if requested:
        from edgecad import __version__

        typer.echo(f"edgecad {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: bool = typer.Option(False, "--version", callback=_print_version, is_eager=True, help="Print the version."),
    show_completion: Annotated[
        Shell | None,
        typer.Option(
            callback=print_script, is_eager=True, help="Print what completes words in that shell, for it to read."
        ),
    ] = None,
) -> None:
    """Small medical classifiers at the scanner: train, export, infer.

    edgecad train; edgecad export; edgecad infer scan.jpg

    Exit codes: 0 ok, 1 unexpected or the disk failed, 2 usage, 3 input refused, 4 device, extra or
    weights not available, 5 a check failed, 6 no model or run there, or it is invalid, 7 engine build
    failed, 130 interrupted. Research use only; not a medical device.
    """


__all__ = ["Program", "app"]
