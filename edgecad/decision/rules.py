"""Rules by which a decision threshold is chosen, as `--decide` takes them and as a contract keeps them."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Literal, get_args

from edgecad.errors import UsageError
from edgecad.system.words import did_you_mean

Name = Literal["balanced", "equal-costs", "sensitivity", "specificity", "costs"]
BALANCED: Name = "balanced"
WORDS = "balanced, equal-costs, sensitivity>=S, specificity>=S (S above 0 and below 1), or costs=C (C above 0)"
"""The rules, for people."""
CHANCE = 0.05
"""A share is shown where it would come about by chance less often than this."""
LEAST, MOST = 1e-15, 1 - 2.0**-24
"""Range of a threshold. A runtime's score is a float32, in which nothing lies between the upper end and 1."""
_ALONE: tuple[Name, ...] = ("balanced", "equal-costs")
_NAMES: dict[str, Name] = {"sensitivity>=": "sensitivity", "specificity>=": "specificity", "costs=": "costs"}
_WITH_VALUE = re.compile(r"(sensitivity>=|specificity>=|costs=)([0-9][0-9.]*(?:[eE][+-]?[0-9]+)?|\.[0-9]+)")


@dataclass(frozen=True)
class Rule:
    """One rule.

    Attributes:
        name: `balanced`: sensitivity and specificity are about equal. `equal-costs`: the class with the larger
            probability, a threshold of 0.5. `sensitivity`, `specificity`: at least `value` of it. `costs`: a missed
            CAD costs `value` times a false alarm.
        value: of the last three.

    Raises:
        UsageError: a value that cannot be meant.
    """

    name: Name = BALANCED
    value: float | None = None

    def __post_init__(self) -> None:
        if self.name not in get_args(Name) or not self._value_fits():
            raise _no_rule(str(self))

    def _value_fits(self) -> bool:
        if self.name in _ALONE:
            return self.value is None
        if self.value is None or not math.isfinite(self.value) or self.value <= 0:
            return False
        return self.name == "costs" or self.value < 1

    @property
    def fixed_threshold(self) -> float | None:
        """On the score, where no patient is asked, within the range of thresholds; None where patients choose."""
        if self.name == "equal-costs":
            return 0.5
        return within_range(1 / (1 + self.value)) if self.name == "costs" and self.value is not None else None

    def __str__(self) -> str:
        if self.value is None:
            return self.name
        return f"{self.name}{'=' if self.name == 'costs' else '>='}{repr(self.value).removesuffix('.0')}"


DEFAULT = Rule()
"""Of `--decide`."""


def rule_from_words(words: str) -> Rule:
    """Read a rule as `--decide` takes it.

    Raises:
        UsageError: it is no rule; the message names the rules.
    """
    for name in _ALONE:
        if words == name:
            return Rule(name)
    found = _WITH_VALUE.fullmatch(words)
    try:
        if found:
            return Rule(_NAMES[found[1]], float(found[2]))
    except ValueError:  # 1.2.3
        pass
    raise _no_rule(words)


def within_range(threshold: float) -> float:
    """A threshold that a contract takes, and that a runtime's scores can reach or miss."""
    return float(min(max(threshold, LEAST), MOST))


def _no_rule(words: str) -> UsageError:
    # A shell takes an unquoted > for itself, and writes into a file called =0.95.
    quote = f"; in quotes: --decide '{words}>=0.95'" if words in ("sensitivity", "specificity") else ""
    return UsageError(
        f"--decide {words!r} is no rule for the threshold{did_you_mean(words, (*_ALONE, *_NAMES))}; give {WORDS}{quote}"
    )


def patients_to_show(share: float) -> int:
    """Patients, all answered right, from whom on a share above `share` (0 to 1) is shown: `share ** n < 0.05`."""
    n = max(1, math.ceil(math.log(CHANCE) / math.log(share)))
    while share**n >= CHANCE:
        n += 1
    return n
