"""`edgecad evaluate`: a run or a model and labelled scans in, figures with intervals out."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgecad.cli.fields import takes
from edgecad.cli.grammar import CommandApp
from edgecad.cli.options import JsonOption, KeyOption, MapOption, TableOption
from edgecad_train.judgement.asked import UNNAMED, Asked, LabelledByOption
from edgecad_train.judgement.columns import ColumnOptions
from edgecad_train.judgement.demands import Demands
from edgecad_train.judgement.recalibrating import RecalibrationOptions, demand_allowed
from edgecad_train.options import MasksOption, PatientFromOption, QuietOption

if TYPE_CHECKING:
    from edgecad.cli.progress import Bars
    from edgecad.contract import Preparation
    from edgecad.polarmap import TableCandidates
    from edgecad_train.data import Found, PreparedData
    from edgecad_train.judgement.models import JudgedModel
    from edgecad_train.judgement.record import EvaluationRecord

    Way = tuple[Preparation, TableCandidates]

EVALUATIONS = Path("evaluations")

app = CommandApp()


@app.command()
@takes(demands=Demands, columns=ColumnOptions, recalibrating=RecalibrationOptions)
def evaluate(
    *,
    first: Annotated[
        Path | None,
        typer.Argument(
            metavar="RUN|MODEL",
            help="Run folder, model folder, pointer to one, or .onnx file. It may be given as --model instead.",
            show_default=False,
        ),
    ] = None,
    second: Annotated[
        Path | None,
        typer.Argument(
            metavar="DATA", help="Folder with CAD/ and nonCAD/, or a CSV with path,label,patient.", show_default=False
        ),
    ] = None,
    same_model: Annotated[
        Path | None,
        typer.Option("--model", metavar="RUN|MODEL", help="The run or model, given as an option.", show_default=False),
    ] = None,
    demands: Demands,
    columns: ColumnOptions,
    recalibrating: RecalibrationOptions,
    against: Annotated[
        Path | None,
        typer.Option(metavar="RUN|MODEL", help="Another one, compared on the same patients.", show_default=False),
    ] = None,
    patient_from: PatientFromOption = None,
    masks: MasksOption = None,
    key: KeyOption = None,
    table: TableOption = None,
    map: MapOption = None,  # noqa: A002 - the option's own name
    labelled_by: LabelledByOption = UNNAMED,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="New folder. Default: evaluations/<time>-<name>.", show_default=False),
    ] = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Judge a run or a model on labelled scans.

    One vote a patient: the mean log-odds over a patient's scans, at the threshold and temperature that
    the model carries. Figures come with intervals and mean agreement with the labels. Scans that the
    model would refuse are left out and named.

    Heat maps are judged as well: where defects are known, whether the map's peak lies on them, and
    for all scans above the threshold, whether the outlined region is colder than the rest.

    How often these patients were looked at before is counted beside the data, in DATA.openings.json,
    and said: to choose among models by their figures is to choose on them.

    --recalibrate fits intercept and slope of the log-odds to a site's patients, from 50 on, and judges
    that on patients that it did not use. The score moves then, and no answer.

    Writes report.html, metrics.json, predictions.csv, localisation.csv and pictures. A demand (--min-...)
    that is missed gives exit code 5, after everything is written. A run or model that is not there gives 6;
    missing data, a table that cannot be meant and a column that is not there give 2.
    """
    from edgecad.cli.scans import tell_passed
    from edgecad.errors import GateFailed
    from edgecad.system.extras import check_installed
    from edgecad.system.folders import check_new_folder, check_writable
    from edgecad_train.cli.installed import EXTRA, FIGURES, SITE_FILES
    from edgecad_train.cli.scans import tell_findings
    from edgecad_train.data import find_cases
    from edgecad_train.evaluation.clinical.judged import columns_of_models

    model, data = _named(first, second, same_model)
    recalibrating.check()
    prevalences = columns.prevalences
    check_installed(*FIGURES, *(SITE_FILES if recalibrating.recalibrate else ()), extras=(EXTRA,))
    found = find_cases(data, patient_from, least=1, masks=masks, asked=columns.asked)
    tell_passed(found.passed)
    tell_findings(found.findings)
    check_new_folder(out) if out else check_writable(EVALUATIONS)
    opened = _opened([path for path in (model, against) if path is not None], key)
    recalibrating.check_file(opened[model].contract)
    clinical = columns_of_models(each.contract for each in opened.values())
    if clinical:
        found = find_cases(data, patient_from, least=1, masks=masks, asked=replace(columns.asked, clinical=clinical))
    rival = opened[against] if against else None
    ways = _ways([opened[model], *([rival] if rival else [])], table or (), map)
    tables = tuple(table or ())
    asked = Asked(
        found,
        labelled_by,
        patient_from,
        masks is not None,
        tables,
        map,
        rival is not None,
        (demands, columns, recalibrating.shown),
        prevalences,
    )
    folder, record = _run(opened[model], rival, ways, data, asked, demands, recalibrating, out, quiet)
    missed = [str(demand) for demand in record.demands if not demand.met]
    written = None if missed else _written(record, opened[model], recalibrating)
    _tell(record, folder, json, recalibrating.recalibrate, written)
    if missed:
        raise GateFailed(f"{'; '.join(missed)}; the figures are in {folder}; do not use this model for these patients")
    if record.recalibration and recalibrating.recalibrate:
        demand_allowed(record.recalibration, recalibrating.recalibrate, folder)
    if not json:
        typer.echo(_next_step(model, record, recalibrating.recalibrate if written is not None else None))


def _named(first: Path | None, second: Path | None, option: Path | None) -> tuple[Path, Path]:
    """The model and the data: two arguments, or `--model` and one."""
    from edgecad.cli.opening import one_model
    from edgecad.errors import UsageError

    if option is not None and second is None:
        first, second = None, first
    model = one_model(first, option, "RUN|MODEL")
    if model is None or second is None:
        absent = "DATA" if model is not None else "RUN|MODEL and DATA"
        raise UsageError(f"{absent} wanted, as in: edgecad evaluate models/latest DATA; see: edgecad evaluate --help")
    return model, second


def _opened(paths: list[Path], key: Path | None) -> dict[Path, JudgedModel]:
    """Open models, runs last: what is not there is said before TensorFlow is imported, which only runs need."""
    from edgecad.system.extras import check_installed, require_tensorflow
    from edgecad_train.cli.installed import EXTRA, NETWORKS
    from edgecad_train.judgement.models import open_model

    opened = {}
    for path in sorted(paths, key=_is_run):
        if _is_run(path):
            check_installed(*NETWORKS, extras=(EXTRA,))
            require_tensorflow(extra=EXTRA)
        opened[path] = open_model(path, key)
    return opened


def _ways(models: Sequence[JudgedModel], tables: Sequence[str], place: str | None) -> list[Way]:
    """How each model's scans are prepared: as its contract says, with what was named here.

    Raises:
        UsageError: a table or a place means nothing to any of the models.
    """
    from edgecad.inference.choices import table_candidates, with_place
    from edgecad.polarmap.search.place import parse_map_place

    ways: list[Way] = []
    own = any(model.contract.preparation.input == "uptake" for model in models)
    for model in models:
        how = model.contract.preparation
        how = how if place is None else with_place(how, parse_map_place(place))
        named = () if own and how.input == "rgb" else tables
        ways.append((how, table_candidates(how, (), named)))
    return ways


def _is_run(path: Path) -> bool:
    from edgecad.errors import UsageError
    from edgecad.system.folders import followed

    try:
        target = followed(path)
    except UsageError:  # a pointer that names no folder: `open_model` says so
        return False
    return target.name == "model.keras" or (target / "model.keras").is_file()


def _run(
    opened: JudgedModel,
    rival: JudgedModel | None,
    ways: Sequence[Way],
    data: Path,
    asked: Asked,
    demands: Demands,
    recalibrating: RecalibrationOptions,
    out: Path | None,
    quiet: bool,
) -> tuple[Path, EvaluationRecord]:
    from datetime import datetime

    from msgspec.structs import replace as replaced

    from edgecad.cli.progress import with_estimates
    from edgecad.system.folders import new_folder
    from edgecad_train.cli.progress import stage_progress
    from edgecad_train.cli.scans import warn_of_whole_images
    from edgecad_train.judgement.judge import Judged, judge, write_judgement
    from edgecad_train.judgement.openings import count_evaluation
    from edgecad_train.judgement.scoring import score_patients

    folder = out or _free(EVALUATIONS / f"{datetime.now():%Y%m%d-%H%M%S}-{opened.name}")
    # The folder is made first: a disk that cannot be written must be found out before the scans are read.
    with new_folder(folder) as partial, stage_progress(quiet) as plain:
        bars = with_estimates(plain, "reading")
        for crop in {how.crop for how, _ in ways}:
            warn_of_whole_images(crop)
        prepared = _read(ways[0], asked.found, partial, bars)
        one, other = Judged.of(opened, score_patients(opened, prepared), asked.found), None
        if rival:
            again = prepared if ways[1] == ways[0] else _read(ways[1], asked.found, partial, bars)
            other = Judged.of(rival, score_patients(rival, again), asked.found)
        openings = count_evaluation(data, one.scores, other.scores if other else None)
        record = replaced(judge(one, other, demands, asked, recalibrating), openings=openings)
        write_judgement(record, one, other, partial, one.groupings(asked.found.columns))
    return folder, record


def _free(folder: Path) -> Path:
    """The folder, or with a number where it is taken: names are of a second, and two evaluations may end in one."""
    names = (folder, *(folder.with_name(f"{folder.name}-{number}") for number in range(2, 100)))
    return next((name for name in names if not name.exists()), folder)


def _read(way: Way, found: Found, scratch: Path, bars: Bars) -> PreparedData:
    from edgecad_train.data import prepare_cases

    preparation, candidates = way
    task = f"reading at {preparation.size}"
    return prepare_cases(
        found.cases, preparation, lambda done, of: bars(task, done, of, ""), candidates=candidates, scratch=scratch,
        least=1,
    )  # fmt: skip


def _written(record: EvaluationRecord, opened: JudgedModel, options: RecalibrationOptions) -> list[str] | None:
    """Write a recalibration into the site's file, and give what to know of the file; None where none was written."""
    from edgecad_train.judgement.recalibrating import recalibration_of
    from edgecad_train.judgement.sitefile import write_recalibration

    made = recalibration_of(record.recalibration) if record.recalibration else None
    if made is None or options.recalibrate is None:
        return None
    return write_recalibration(options.recalibrate, opened.contract, made, replace=options.replace_recalibration)


def _tell(record: EvaluationRecord, folder: Path, json: bool, site: Path | None, written: Sequence[str] | None) -> None:
    import msgspec

    from edgecad_train.judgement.words import lines_of

    for warning in record.warnings:
        typer.echo(f"warning: {warning}", err=True)
    if json:
        told = {"site": None if written is None else str(site)} if site else {}
        typer.echo(msgspec.json.encode({**msgspec.to_builtins(record), "folder": str(folder), **told}).decode())
        return
    for line in lines_of(record):
        typer.echo(line)
    typer.echo(f"wrote {folder} (report.html, metrics.json, predictions.csv, localisation.csv, pictures)")
    if site:
        typer.echo(f"{site} was not written" if written is None else "; ".join((f"wrote {site}", *written)))


def _next_step(model: Path, record: EvaluationRecord, site: Path | None) -> str:
    named = shlex.quote(str(model))
    if record.model.kind == "run":
        return f"next: edgecad export {named}"
    return f"next: edgecad infer SCAN --model {named}" + (f" --site {shlex.quote(str(site))}" if site else "")
