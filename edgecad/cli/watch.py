"""`edgecad watch`: a hot folder, answered year after year."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from edgecad.cli.options import DeviceOption, ModelOption, PrecisionChoice, ThresholdOption

if TYPE_CHECKING:
    from edgecad.spool.index import WatchRecord

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command()
def watch(
    incoming: Annotated[Path, typer.Argument(metavar="IN", help="Folder to which scans are sent.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Folder of answers, on the same file system.")],
    model: ModelOption = None,
    device: DeviceOption = "auto",
    precision: PrecisionChoice = "auto",
    threshold: ThresholdOption = None,
    once: Annotated[bool, typer.Option("--once", help="End when nothing is left in IN.")] = False,
    keep_days: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(
            min=1,
            max=36500,
            help="Remove scans and records after so many days, but none from before a month without any. Default: "
            "keep them.",
            show_default=False,
        ),
    ] = None,
    interval: Annotated[float, typer.Option(min=0.05, help="Seconds between two looks.")] = 1.0,
    patience: Annotated[
        float, typer.Option(min=0.1, help="Seconds for which a file without end marker, as DICOM, must be still.")
    ] = 10.0,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Log nothing but problems.")] = False,
) -> None:
    """Answer every scan of a hot folder, once.

    What arrives in IN ends in OUT/done or OUT/refused, by day, each scan beside its record (JSON) and its
    picture. A file that is still being written is waited for. A second file with the same bytes gets a record that
    names the first one's. IN, with the folders inside it, belongs to one watch: a second one ends with code 2. The
    model is opened once, at the start. OUT/heartbeat.json is written every few seconds, OUT/days counts by day. The
    watch may be killed at any moment: started again, it goes on and repeats nothing.
    """
    from edgecad.answer.findings import doubts_about
    from edgecad.inference.classifier import Classifier
    from edgecad.modelfiles.file import parse_choice
    from edgecad.watch import Watcher, WatchOptions, check_free

    check_free(incoming, out)  # before the model is opened, which takes long
    options = WatchOptions(interval=interval, settle=min(1.0, patience), patience=patience, keep_days=keep_days)
    with Classifier(model, device=device, threshold=threshold, precision=parse_choice(precision)) as classifier:
        watcher = Watcher(classifier, incoming, out, options, _silent if quiet else _log, _say)
        if classifier.remark:
            _say(f"warning: {classifier.remark}")
        for doubt in doubts_about(classifier.contract, classifier.threshold):
            _say(f"warning: {doubt.text}")
        if not quiet:
            facts = classifier.facts
            _say(f"watching with {classifier.contract.name} on {facts.device} ({facts.provider}, {facts.precision})")
        with _events(incoming) as wake, _signals(wake) as stop:
            watcher.run(stop, wake, once=once)
    raise typer.Exit(watcher.worst if once else 0)


def _log(record: WatchRecord) -> None:
    """A line a scan, which names it by its content."""
    what = record.words or (f"as {record.first}" if record.first else f"NOT ANALYSED: {record.message}")
    _say(f"{record.recorded} {Path(record.file).stem} {record.status}: {what}  [{record.stamp}]")


def _silent(record: WatchRecord) -> None:
    pass


def _say(line: str) -> None:
    # Where nobody can hear it any more, the records and the heartbeat still tell.
    with suppress(OSError):
        typer.echo(f"edgecad: {line}", err=True)


@contextmanager
def _signals(wake: threading.Event) -> Iterator[threading.Event]:
    """Turn signals to end into an event, so that the scan under way is finished first."""
    stop, interrupted = threading.Event(), threading.Event()

    def end(number: int, frame: object) -> None:
        if number == signal.SIGINT:
            interrupted.set()
        stop.set()
        wake.set()

    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if interrupted.is_set():
        raise KeyboardInterrupt


@contextmanager
def _events(folder: Path) -> Iterator[threading.Event]:
    """Set an event whenever the system tells of a change below a folder; looking goes on whether it does or not."""
    wake = threading.Event()
    observer = _observer(folder, wake)
    try:
        yield wake
    finally:
        if observer is not None:
            observer.stop()
            observer.join()


def _observer(folder: Path, wake: threading.Event) -> Any:
    try:
        from watchdog.events import FileSystemEventHandler
        from watchdog.observers import Observer
    except ImportError:
        return None

    class Waker(FileSystemEventHandler):
        def on_closed(self, event: object) -> None:
            wake.set()

        def on_moved(self, event: object) -> None:
            wake.set()

        on_created = on_closed

    # It warns of events that come while it stops; they are only hints.
    logging.getLogger("watchdog").setLevel(logging.CRITICAL)
    observer = Observer()
    observer.schedule(Waker(), str(folder), recursive=True)
    try:
        observer.start()
    except OSError as error:  # Too many watches on this machine, or a folder that has no events, as on a share.
        _say(f"no file events ({error.strerror or error}); the folder is looked at every few moments instead")
        return None
    return observer
