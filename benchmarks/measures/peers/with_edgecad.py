"""EdgeCAD's own runtime."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from measures.peers.base import Job, Peer


def opened(job: Job, precision: Any) -> Peer:
    """`Classifier.run` on a prepared image with its checks, the same with the map that is shown, the score alone."""
    from edgecad import Classifier
    from edgecad.answer.heatmap import score_map

    classifier = Classifier(job.model(precision).parent, device="cpu", precision=precision)
    positive = classifier.contract.positive_index
    return Peer(
        {
            "answer": classifier.run,
            "explained": lambda image: score_map(classifier.run(image)["cam"], positive)[0],
            "score": lambda image: classifier.run(image, ("logits", "probabilities")),
        },
        job.images(),
        job.answer_of_outputs,
        {"threads": classifier.facts.threads, "provider": classifier.facts.provider},
    )


def folder(job: Job, precision: Any) -> Peer:
    """All screens as `edgecad infer FOLDER --json` answers them: read, judged, answered and explained."""
    from edgecad import Classifier
    from edgecad.system.parallel import share_for
    from measures.screens import answer_all

    share = share_for(len(job.screens))
    classifier = Classifier(job.model(precision).parent, device="cpu", precision=precision, threads=share.threads)

    def whole(_: Any) -> None:
        answer_all(classifier, job.screens, share.workers)

    return Peer({"folder": whole}, [None], about=asdict(share))
