"""Models that several benchmarks time: made once, kept in a folder, the same for all.

They are what `edgecad train` and `export` make by default, but for their weights.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path

from edgecad.modelfiles.file import FILES
from measures.models.exporting import ANYTHING, exported, train_untrained

NETWORKS = ("mobilenetv2", "resnet50v2", "resnet152v2", "efficientnetb0")
"""What is timed side by side with others."""
PHANTOMS = 24
"""That a random model is made from; screens drawn with seed 0 have colours that it knows."""

RECIPE = "recipe.json"
ROUNDING = ("--tolerance", "fp32.logits=1e-3")
"""Random weights amplify rounding more than trained ones: 1.3e-4 of the logits in EfficientNetB0, 1e-4 is allowed."""
LOOSE = (*ANYTHING, "familiarity=1")
"""And what OpenVINO's own rounding of int8 may take of these is what is left: the golden samples hold there too."""
EXECUTED = tuple(word for bound in LOOSE for word in ("--tolerance", f"bf16.{bound}"))
"""bf16 is no file; the fp32 file is run in it."""


def kept_model(backbone: str, folder: Path) -> Path:
    """A folder with `data`, `runs/latest` and `models/latest` of a network that was hardly trained, made if need be.

    The model has all precisions. Random weights, but lively ones: benchmarks measure time, and the difference to the
    same network elsewhere, which says nothing of a network that answers all images alike.

    Args:
        folder: where models are kept, one folder a network.
    """
    place = folder / backbone
    if _whole(place):
        return place
    folder.mkdir(parents=True, exist_ok=True)
    # Under another name until all of it is there: a benchmark that was interrupted leaves nothing that looks whole.
    making = Path(tempfile.mkdtemp(dir=folder, prefix=f"{backbone}-"))
    try:
        train_untrained(making, backbone, PHANTOMS)
        exported(making, [own for own in FILES if own != "fp32"], LOOSE, options=(*ROUNDING, *EXECUTED))
        (making / RECIPE).write_text(_recipe())
        shutil.rmtree(place, ignore_errors=True)
        making.replace(place)
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return place


def model_in(place: Path) -> Path:
    """The model folder of what `kept_model` made."""
    models = place / "models"
    return models / (models / "latest").read_text().strip()


def run_in(place: Path) -> Path:
    """The run folder of what `kept_model` made."""
    runs = place / "runs"
    return runs / (runs / "latest").read_text().strip()


def _recipe() -> str:
    """What a kept model depends on; one of another recipe is made again."""
    return json.dumps(
        {"phantoms": PHANTOMS, "bounds": (*LOOSE, *EXECUTED), "options": ROUNDING, "defaults": "uptake, stride-16"}
    )


def _whole(place: Path) -> bool:
    if not (place / "models" / "latest").is_file():
        return False
    if not (place / RECIPE).is_file() or (place / RECIPE).read_text() != _recipe():
        return False
    return all((model_in(place) / name).is_file() for name in FILES.values())
