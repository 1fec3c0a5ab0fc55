"""First weights of a study's networks: from words to files, and fetched where they are not here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from edgecad.errors import UsageError
from edgecad.system.digests import file_sha256
from edgecad.system.extras import require_tensorflow
from edgecad_train.methods.table import METHODS
from edgecad_train.networks.backbones import backbone_named
from edgecad_train.networks.imagenet import check_imagenet, imagenet_file, imagenet_path, is_cached
from edgecad_train.networks.weights import check_first_weights
from edgecad_train.study.definition.request import StudyOptions
from edgecad_train.study.definition.spec import Weights
from edgecad_train.training.strategies import plan_for


def weights_files(options: StudyOptions) -> dict[str, Path]:
    """The file of each backbone's first weights, ImageNet's where Keras keeps it, there or not.

    A backbone without a file starts from random weights.

    Raises:
        UsageError: a word that is no choice, or a file that is not there or holds no weights.
    """
    strategies = any(plan_for(strategy).pretrained for strategy in options.strategy_names)
    if not strategies and not any(METHODS[name].takes_network for name in options.method_names):
        return {}
    return {
        name: _file(name, choice)
        for name, choice in _choices(options.weights_words, options.backbone_names).items()
        if choice != "none"
    }


def fetch_weights(files: Mapping[str, Path]) -> None:
    """Have Keras fetch what is not in its cache yet; other files are known to be there.

    Raises:
        NotAvailable: they are not to be had.
    """
    imagenet = [network for network in map(backbone_named, files) if files[network.name] == imagenet_path(network)]
    lacking = [network for network in imagenet if not is_cached(network)]
    if not lacking:
        return
    check_imagenet(lacking)
    require_tensorflow(extra="train")
    for network in lacking:
        imagenet_file(network)


def _choices(words: Sequence[str], backbones: Sequence[str]) -> dict[str, str]:
    """`imagenet`, `none` or a file for each backbone, from words that are for all or `NAME=` for one."""
    own: dict[str, str] = {}
    common: dict[str, str] = {}
    for word in words:
        name, equals, choice = word.partition("=")
        if equals and name in backbones:
            _choose(own, name, choice)
        elif word in ("imagenet", "none") or len(backbones) == 1:
            for backbone in backbones:
                _choose(common, backbone, word)
        else:
            raise UsageError(
                f"--weights {word}: for which network? Give NAME={name}, NAME one of {', '.join(backbones)}"
            )
    chosen = common | own
    missing = [name for name in backbones if name not in chosen]
    if missing:
        raise UsageError(f"no --weights for {', '.join(missing)}; give imagenet, none, or {missing[0]}=FILE")
    return chosen


def _choose(chosen: dict[str, str], backbone: str, choice: str) -> None:
    if chosen.setdefault(backbone, choice) != choice:
        raise UsageError(
            f"--weights gives {backbone} both {chosen[backbone]} and {choice}; leave one of them out, or name the "
            "network: NAME=FILE"
        )


def _file(backbone: str, choice: str) -> Path:
    network = backbone_named(backbone)
    check_first_weights(choice, network)
    return imagenet_path(network) if choice == "imagenet" else Path(choice)


def weights_of(backbone: str, options: StudyOptions, files: Mapping[str, Path]) -> Weights:
    """What a backbone starts from, as the definition of a study has it."""
    path = files.get(backbone)
    if path is None:
        return Weights(name="none")
    imagenet = _choices(options.weights_words, options.backbone_names)[backbone] == "imagenet"
    return Weights(name="imagenet" if imagenet else path.name, sha256=file_sha256(path))
