"""`edgecad evaluate`: a run or a model and labelled scans in, figures with intervals out."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from edgecad.cli.options import JsonOption

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edgecad.cli.progress import Bars
    from edgecad_train.data import PreparedData
    from edgecad_train.evaluation.models import JudgedModel
    from edgecad_train.evaluation.record import Record

EVALUATIONS = Path("evaluations")

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command()
def evaluate(
    model: Annotated[
        Path,
        typer.Argument(metavar="RUN|MODEL", help="Run folder, model folder, pointer to one, or .onnx file."),
    ],
    data: Annotated[
        Path, typer.Argument(metavar="DATA", help="Folder with CAD/ and nonCAD/, or a CSV with path,label,patient.")
    ],
    min_auc: Annotated[
        Optional[float],  # noqa: UP045 - typer reads annotations at run time, on Python 3.10 as well
        typer.Option(min=0, max=1, help="Least area under the ROC curve.", show_default=False),
    ] = None,
    min_sensitivity: Annotated[
        Optional[float],  # noqa: UP045
        typer.Option(min=0, max=1, help="Least sensitivity for CAD at the model's threshold.", show_default=False),
    ] = None,
    min_specificity: Annotated[
        Optional[float],  # noqa: UP045
        typer.Option(min=0, max=1, help="Least specificity for CAD at the model's threshold.", show_default=False),
    ] = None,
    against: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(metavar="RUN|MODEL", help="Another one, compared on the same patients.", show_default=False),
    ] = None,
    patient_from: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(metavar="REGEX", help="Finds the patient in a file's stem. Default: the whole stem."),
    ] = None,
    out: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(help="New folder. Default: evaluations/<time>-<name>.", show_default=False),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Judge a run or a model on labelled scans.

    One vote a patient: the mean log-odds over a patient's scans, at the threshold and temperature that
    the model carries. Figures come with intervals and mean agreement with the labels. Scans that the
    model would refuse are left out and named.

    Writes metrics.json, predictions.csv and pictures. A gate (--min-...) that is missed gives exit
    code 5, after everything is written.
    """
    from edgecad.extras import require, require_tensorflow

    for module in ("sklearn", "scipy", "statsmodels", "matplotlib"):
        require(module, extra="train")
    require_tensorflow(extra="train")
    from edgecad.errors import GateFailed

    gates = {"auc": min_auc, "sensitivity_cad": min_sensitivity, "specificity_cad": min_specificity}
    folder, record = _run(model, against, data, patient_from, gates, out)
    _tell(record, folder, json)
    missed = [str(gate) for gate in record.gates if not gate.met]
    if missed:
        raise GateFailed(f"{'; '.join(missed)}; the figures are in {folder}; do not use this model for these patients")
    if not json:
        typer.echo(_next_step(model, record))


def _run(
    model: Path,
    against: Path | None,
    data: Path,
    patient_from: str | None,
    gates: Mapping[str, float | None],
    out: Path | None,
) -> tuple[Path, Record]:
    from datetime import datetime

    from edgecad.cli.progress import progress_bars
    from edgecad.folders import new_folder
    from edgecad_train.evaluation.judgement import Judged, judge, write_judgement
    from edgecad_train.evaluation.models import open_model
    from edgecad_train.evaluation.scoring import score_patients

    opened = open_model(model)
    rival = open_model(against) if against else None
    folder = out or EVALUATIONS / f"{datetime.now():%Y%m%d-%H%M%S}-{opened.name}"
    # The folder is made first: a disk that cannot be written must be found out before the scans are read.
    with new_folder(folder) as partial, progress_bars() as bars:
        prepared = _read(opened, data, patient_from, bars)
        one, other = Judged(opened, score_patients(opened, prepared)), None
        if rival:
            alike = rival.contract.preparation == opened.contract.preparation
            again = prepared if alike else _read(rival, data, patient_from, bars)
            other = Judged(rival, score_patients(rival, again))
        record = judge(one, other, gates)
        write_judgement(record, one, other, partial)
    return folder, record


def _read(model: JudgedModel, data: Path, patient_from: str | None, bars: Bars) -> PreparedData:
    from edgecad_train.data import find_cases, prepare_cases

    cases, preparation = find_cases(data, patient_from, least=1).cases, model.contract.preparation
    task = f"reading at {preparation.size}"
    return prepare_cases(cases, preparation, lambda done, of: bars(task, done, of, ""), least=1)


def _tell(record: Record, folder: Path, json: bool) -> None:
    import msgspec

    from edgecad_train.evaluation.words import lines_of

    for warning in record.warnings:
        typer.echo(f"warning: {warning}", err=True)
    if json:
        typer.echo(msgspec.json.encode({**msgspec.to_builtins(record), "folder": str(folder)}).decode())
        return
    for line in lines_of(record):
        typer.echo(line)
    typer.echo(f"wrote {folder} (metrics.json, predictions.csv, pictures)")


def _next_step(model: Path, record: Record) -> str:
    named = shlex.quote(str(model))
    return (
        f"next: edgecad export {named}" if record.model.kind == "run" else f"next: edgecad infer SCAN --model {named}"
    )
