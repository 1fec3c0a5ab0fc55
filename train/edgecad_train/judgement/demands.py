"""What a model must reach: judged on the figure itself, and said with its lower bound."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import typer

from edgecad.frozen import Frozen

if TYPE_CHECKING:
    from edgecad_train.evaluation.evaluation import Evaluation


def _least(figure: str) -> Any:
    """An option for the least value of a figure."""
    return typer.Option(min=0, max=1, metavar="SHARE", help=f"Least {figure}.", show_default=False)


@dataclass(frozen=True)
class Demands:
    """Least figures, 0 to 1; None demands nothing. Each field is an option of `edgecad evaluate`."""

    PANEL: ClassVar[str] = "Demands (a figure below gives exit code 5)"

    min_auc: Annotated[float | None, _least("area under the ROC curve")] = None
    min_sensitivity: Annotated[float | None, _least("sensitivity for CAD at the model's threshold")] = None
    min_specificity: Annotated[float | None, _least("specificity for CAD at the model's threshold")] = None

    def by_metric(self) -> dict[str, float]:
        """The demanded figures by the name of their metric."""
        named = {"auc": self.min_auc, "sensitivity_cad": self.min_sensitivity, "specificity_cad": self.min_specificity}
        return {name: least for name, least in named.items() if least is not None}


class FigureDemand(Frozen, frozen=True, kw_only=True):
    """One figure against what is demanded of it; None where the patients at hand could not give it."""

    metric: str
    least: float
    value: float | None
    low: float | None

    @property
    def met(self) -> bool:
        """Whether the figure reaches what is demanded."""
        return self.value is not None and self.value >= self.least

    @property
    def sure(self) -> bool:
        """Whether its lower bound does, too."""
        return self.low is not None and self.low >= self.least

    def __str__(self) -> str:
        if self.value is None or self.low is None:
            return f"{self.metric} cannot be given for these patients, at least {self.least:g} wanted: MISSED"
        bound = f"its lower bound {self.low:.3f} {'too' if self.sure else 'is below'}"
        verdict = f"met, {bound}" if self.met else f"MISSED, {bound}"
        return f"{self.metric} {self.value:.3f}, at least {self.least:g} wanted: {verdict}"


def judged_demands(evaluation: Evaluation, demands: Demands) -> tuple[FigureDemand, ...]:
    """Hold figures to what is demanded of them."""
    judged = []
    for name, least in demands.by_metric().items():
        metric = evaluation.metric(name)
        value, low = (metric.value, metric.low) if metric else (None, None)
        judged.append(FigureDemand(metric=name, least=least, value=value, low=low))
    return tuple(judged)
