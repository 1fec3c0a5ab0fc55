"""What training needs beside scans: a disk and first weights, looked for before scans are read or Keras is imported."""

from __future__ import annotations

from pathlib import Path

import msgspec

from edgecad.errors import UsageError
from edgecad.system.folders import check_writable
from edgecad_train.networks.backbones import Backbone, backbone_named
from edgecad_train.networks.imagenet import check_imagenet
from edgecad_train.networks.weightsfile import weights_digest
from edgecad_train.waiting import JOB


def check_ready(out: Path, network: Backbone, weights: str) -> None:
    """Find out whether a run could be written into `out`, and whether its first weights are to be had.

    Args:
        weights: `imagenet`, `none`, or a file that was looked into already.

    Raises:
        UsageError, OSError: `out` cannot be written.
        NotAvailable: ImageNet weights are neither cached nor to be fetched.
    """
    check_writable(out)
    if weights == "imagenet":
        check_imagenet([network])


class _Settings(msgspec.Struct, frozen=True):
    backbone: str
    weights: str


class _Job(msgspec.Struct, frozen=True):
    """What of an unfinished run's job can be judged without Keras."""

    name: str
    settings: _Settings
    weights_sha256: str | None = None


def check_ready_again(folder: Path) -> None:
    """The same for an unfinished run in `folder`, whose weights must be those that it was begun with.

    Raises:
        UsageError: they are others, or gone.
        OSError, NotAvailable: as `check_ready`.
    """
    try:
        job = msgspec.json.decode((folder / JOB).read_bytes(), type=_Job)
    except msgspec.DecodeError:
        return  # whoever reads all of it says what is wrong
    check_ready(folder, backbone_named(job.settings.backbone), job.settings.weights)
    if digest_of(job.settings.weights) != job.weights_sha256:
        raise UsageError(
            f"the weights in {job.settings.weights} are not those that {job.name} was begun with; put those back, or "
            f"remove {folder} and train again"
        )


def digest_of(weights: str) -> str | None:
    """SHA-256 of a file of first weights; None for ImageNet's, for random ones, and where it is gone."""
    if weights in ("imagenet", "none") or not Path(weights).is_file():
        return None
    return weights_digest(Path(weights))
