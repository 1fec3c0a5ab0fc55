"""EdgeCAD's own runtime."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from edgecad.contract import Precision, RunPrecision
from measures.models.kept import model_in
from measures.peers.base import Peer, PeerModel

if TYPE_CHECKING:
    from edgecad import Classifier


SCAN = "phantom-1.jpg"
"""The golden screen that whole answers are timed on."""


def opened(given: PeerModel, precision: RunPrecision, device: str = "cpu") -> Peer:
    """`Classifier.run` on a prepared image with its checks, the same with the map that is shown, the score alone.

    It opens only if the golden samples come out as at export: what is compared is what a user may take.
    """
    from edgecad import Classifier

    return _peer(given, Classifier(model_in(given.place), device=device, precision=precision))


def chosen(given: PeerModel) -> Peer:
    """What `auto` takes: the bench that was saved in this user's cache, else the default."""
    from edgecad import Classifier

    return _peer(given, Classifier(model_in(given.place)))


def _peer(given: PeerModel, classifier: Classifier) -> Peer:
    from edgecad.answer.heatmap import score_map
    from edgecad.golden import golden_samples

    positive, screen = classifier.contract.positive_index, golden_samples()[SCAN]
    facts = classifier.facts
    about: dict[str, object] = {"device": facts.device, "precision": facts.precision, "chosen": classifier.chosen}
    return Peer(
        {
            "answer": classifier.run,
            "explained": lambda image: score_map(classifier.run(image)["cam"], positive)[0],
            "score": lambda image: classifier.run(image, ("logits", "probabilities")),
            "whole": lambda _: classifier.replay(screen),
        },
        given.images(),
        given.answer_of_outputs,
        {"threads": facts.threads, "provider": facts.provider, **about},
    )


def folder(given: PeerModel, precision: Precision) -> Peer:
    """All screens as `edgecad infer FOLDER --json` answers them: read, judged, answered and explained."""
    from edgecad import Classifier
    from edgecad.system.parallel import share_for
    from measures.models.screens import answer_all

    share = share_for(len(given.screens))
    classifier = Classifier(given.file(precision).parent, device="cpu", precision=precision, threads=share.threads)

    def whole(_: Any) -> None:
        answer_all(classifier, given.screens, share.workers)

    return Peer({"folder": whole}, [None], about=asdict(share))
