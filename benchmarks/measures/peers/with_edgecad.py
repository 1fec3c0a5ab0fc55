"""EdgeCAD's own runtime."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from edgecad.contract import Precision
from measures.peers.base import Peer, PeerModel


def opened(given: PeerModel, precision: Precision) -> Peer:
    """`Classifier.run` on a prepared image with its checks, the same with the map that is shown, the score alone."""
    from edgecad import Classifier
    from edgecad.answer.heatmap import score_map

    classifier = Classifier(given.file(precision).parent, device="cpu", precision=precision)
    positive = classifier.contract.positive_index
    return Peer(
        {
            "answer": classifier.run,
            "explained": lambda image: score_map(classifier.run(image)["cam"], positive)[0],
            "score": lambda image: classifier.run(image, ("logits", "probabilities")),
        },
        given.images(),
        given.answer_of_outputs,
        {"threads": classifier.facts.threads, "provider": classifier.facts.provider},
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
