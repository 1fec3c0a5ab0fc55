"""A unit's run folder, made by the code of `edgecad train`, and plain Keras' time.

Keras is imported where a network is trained: most methods need none, and their units begin at once.
"""

from __future__ import annotations

from pathlib import Path

from edgecad_train.data import PreparedData
from edgecad_train.running.methods import make_method_run
from edgecad_train.runs.listing import SUFFIX
from edgecad_train.runs.spec import RunSpec
from edgecad_train.runs.writing import Contents
from edgecad_train.splits.split import Split, rows_of
from edgecad_train.study.workers.loop import Progress
from edgecad_train.training.strategies import Stage

PLAIN_EPOCHS = 3


def make_unit(
    folder: Path,
    spec: RunSpec,
    data: PreparedData,
    keep_model: bool,
    progress: Progress | None = None,
    cache: Path | None = None,
) -> None:
    """Make a unit's run folder, or resume it where a kill left it.

    The same unit gives the same figures, whatever ran before it in this process.

    Args:
        keep_model: whether the run can be exported.
        cache: folder of frozen outputs that all units share.
    """
    contents = Contents(model=keep_model, report=False)
    if spec.method:
        make_method_run(folder, spec, data, contents=contents, progress=progress, cache=cache)
        return
    import keras

    from edgecad_train.running.device import device_of_run
    from edgecad_train.running.make import make_run
    from edgecad_train.training.device.opening import open_device

    # First: what TensorFlow sees is fixed once it has computed.
    unfinished = folder.with_name(f"{folder.name}{SUFFIX}")
    device_of_run(unfinished, spec.settings.device) if unfinished.is_dir() else open_device(spec.settings.device)
    keras.backend.clear_session()
    make_run(folder, spec, data, contents=contents, progress=progress, cache=cache)


def plain_seconds_an_epoch(spec: RunSpec, stage: Stage, data: PreparedData) -> tuple[float, int]:
    """Measure plain Keras on one stage: seconds an epoch, and how many epochs were measured."""
    import keras

    from edgecad_train.networks.network import build_network
    from edgecad_train.networks.pooled import pooled_over
    from edgecad_train.training.device.opening import open_device
    from edgecad_train.training.plain import plain_seconds

    settings, partition = spec.settings, spec.partition
    open_device(settings.device)
    keras.backend.clear_session()
    keras.utils.set_random_seed(settings.seed)
    over = pooled_over(spec.preparation.input)
    network = build_network(settings.network, settings.first_weights, settings.head, settings.features, over)
    split = partition if isinstance(partition, Split) else partition.split(0)
    train, held = (rows_of(data.cases, members) for members in (split.train, split.validation))
    seconds = plain_seconds(
        network,
        stage,
        (data.images[train], data.labels[train]),
        (data.images[held], data.labels[held]),
        PLAIN_EPOCHS,
        settings.batch_size,
    )
    return seconds, PLAIN_EPOCHS
