"""Area under the curve on fresh phantoms: other features less the last ones, the same seeds and patients."""

from __future__ import annotations

from edgecad.contract import Drawing
from measures.features.options import FeatureOptions
from measures.uptake.accuracy import AccuracyFound, compared, fresh_scores
from measures.uptake.models import MIXED

SEEDS = 5


def accuracy(options: FeatureOptions) -> AccuracyFound:
    """Train every model on uptake in the one drawing, and judge it on fresh phantoms; a row a strategy and choice."""
    rows = []
    for strategy in options.strategies:
        last = fresh_scores(options, SEEDS, MIXED, Drawing(), strategy, "last")
        for features in (own for own in options.features if own != "last"):
            scores = fresh_scores(options, SEEDS, MIXED, Drawing(), strategy, features)
            row = compared(scores, last, strategy=strategy, tables=MIXED, names=(features, "last"))
            rows.append(row)
            print(row.words(), flush=True)
    data, seeds = f"{options.patients} PHANTOMS", len(options.seeds(SEEDS))
    return AccuracyFound(options.backbone, data, seeds, options.fresh, tuple(rows))
