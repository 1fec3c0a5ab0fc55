"""What a model must reach: judged on the figure itself, and said with its lower bound."""

from __future__ import annotations

from collections.abc import Mapping

from edgecad.contract import Frozen
from edgecad_train.evaluation.evaluation import Evaluation


class FigureDemand(Frozen, frozen=True, kw_only=True):
    """One figure against what was wanted of it; None where the patients at hand could not give it."""

    metric: str
    wanted: float
    value: float | None
    low: float | None

    @property
    def met(self) -> bool:
        """Whether the figure reaches what was wanted."""
        return self.value is not None and self.value >= self.wanted

    @property
    def sure(self) -> bool:
        """Whether its lower bound does, too."""
        return self.low is not None and self.low >= self.wanted

    def __str__(self) -> str:
        if self.value is None or self.low is None:
            return f"{self.metric} cannot be given for these patients, at least {self.wanted:g} wanted: MISSED"
        bound = f"its lower bound {self.low:.3f} {'too' if self.sure else 'is below'}"
        verdict = f"met, {bound}" if self.met else f"MISSED, {bound}"
        return f"{self.metric} {self.value:.3f}, at least {self.wanted:g} wanted: {verdict}"


def gates_of(evaluation: Evaluation, wanted: Mapping[str, float | None]) -> tuple[FigureDemand, ...]:
    """Hold figures to what is wanted of them; None wants nothing."""
    gates = []
    for name, least in wanted.items():
        if least is not None:
            metric = evaluation.metric(name)
            value, low = (metric.value, metric.low) if metric else (None, None)
            gates.append(FigureDemand(metric=name, wanted=least, value=value, low=low))
    return tuple(gates)
