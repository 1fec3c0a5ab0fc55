"""What training needs beside scans: a disk and first weights, looked for before scans are read or Keras is imported."""

from __future__ import annotations

from pathlib import Path

from edgecad.errors import UsageError
from edgecad.system.digests import file_sha256
from edgecad.system.folders import check_writable
from edgecad_train.methods.table import method_named
from edgecad_train.networks.backbones import Backbone
from edgecad_train.networks.imagenet import check_imagenet
from edgecad_train.runs.spec import read_spec


def check_ready(out: Path, network: Backbone | None, weights: str) -> None:
    """Find out whether a run could be written into `out`, and whether its first weights are to be had.

    Args:
        network: that is trained; None where none is.
        weights: `imagenet`, `none`, or a file that was looked into already.

    Raises:
        UsageError, OSError: `out` cannot be written.
        NotAvailable: ImageNet weights are neither cached nor to be fetched.
    """
    check_writable(out)
    if network is not None and weights == "imagenet":
        check_imagenet([network])


def check_ready_again(folder: Path) -> None:
    """The same for an unfinished run in `folder`, whose weights must be those that it was begun with.

    Raises:
        UsageError: they are others, or gone.
        ModelInvalid: its spec is damaged, or of a newer version.
        OSError, NotAvailable: as `check_ready`.
    """
    spec = read_spec(folder)
    weights = spec.settings.first_weights
    if spec.method and not method_named(spec.method).takes_network:
        check_ready(folder, None, weights)
        return
    check_ready(folder, spec.settings.network, weights)
    if digest_of(weights) != spec.weights_sha256:
        raise UsageError(
            f"the weights in {weights} are not those that {spec.name} was begun with; put those back, or remove "
            f"{folder} and train again"
        )


def digest_of(weights: str) -> str | None:
    """SHA-256 of a file of first weights; None for ImageNet's, for random ones, and where it is gone."""
    if weights in ("imagenet", "none") or not Path(weights).is_file():
        return None
    return file_sha256(Path(weights))
