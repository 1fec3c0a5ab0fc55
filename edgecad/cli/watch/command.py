"""`edgecad watch`: a hot folder, answered year after year."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgecad.cli.clinical import ClinicalFromOption, ClinicalOptions
from edgecad.cli.fields import takes
from edgecad.cli.grammar import CommandApp
from edgecad.cli.identity import IdentityOptions, why_no_id
from edgecad.cli.opening import ModelChoice, warnings_about
from edgecad.watch.options import WatchOptions

if TYPE_CHECKING:
    from edgecad.spool.index import SpoolRecord

app = CommandApp()


@app.command()
@takes("settle", "heartbeat", choice=ModelChoice, identity=IdentityOptions, options=WatchOptions)
def watch(
    *,
    incoming: Annotated[Path, typer.Argument(metavar="IN", help="Folder to which scans are sent.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Folder of answers, on the same file system.")],
    choice: ModelChoice,
    identity: IdentityOptions,
    clinical_from: ClinicalFromOption = None,
    once: Annotated[bool, typer.Option("--once", help="End when nothing is left in IN.")] = False,
    options: WatchOptions,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Log nothing but problems.")] = False,
) -> None:
    """Answer every scan of a hot folder, once.

    What arrives in IN ends in OUT/done or OUT/refused, by day, each scan beside its record (JSON) and its
    picture. A file that is still being written is waited for. A second file with the same bytes gets a record that
    names the first one's. IN, with the folders inside it, belongs to one watch: a second one ends with code 2. The
    model is opened once, at the start. OUT/heartbeat.json is written every few seconds. OUT/days has a page, a table
    and counts of each day. The watch may be killed at any moment: started again, it goes on and repeats nothing.
    """
    from edgecad.cli.watch.waking import file_events, signals
    from edgecad.watch.folders import check_free
    from edgecad.watch.watcher import Watcher

    identity.check()
    check_free(incoming, out)  # before the model is opened, which takes long
    with choice.opened() as classifier:
        wanted = identity.choice(classifier.site, "hash")
        sources = ClinicalOptions(clinical_from=clinical_from).sources(classifier)
        watcher = Watcher(classifier, incoming, out, options, _silent if quiet else _log, _say, wanted, sources)
        for warning in warnings_about(classifier):
            _say(warning)
        if not quiet:
            facts = classifier.facts
            _say(f"watching with {classifier.contract.name} on {facts.device} ({facts.provider}, {facts.precision})")
        with file_events(incoming, _say) as wake, signals(wake) as stop:
            watcher.run(stop, wake, once=once)
    raise typer.Exit(watcher.worst if once else 0)


def _log(record: SpoolRecord) -> None:
    """A line a scan, which names it by its content, and by its id if it has one."""
    what = record.words or (f"as {record.first}" if record.first else f"NOT ANALYSED: {record.message}")
    scan = " ".join(filter(None, (Path(record.file).stem, record.id)))
    _say(f"{record.recorded} {scan} {record.status}: {what}{why_no_id(record)}  [{record.stamp}]")


def _silent(record: SpoolRecord) -> None:
    pass


def _say(line: str) -> None:
    # Where nobody can hear it any more, the records and the heartbeat still tell.
    with suppress(OSError):
        typer.echo(f"edgecad: {line}", err=True)
