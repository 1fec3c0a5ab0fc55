"""What LoadGen judged, read from its own summary."""

from __future__ import annotations

import re

import msgspec

VALID = "VALID"
RATES = (
    r"Samples per second: +(\S+)",
    r"Completed samples per second +: (\S+)",
    r"QPS w/ loadgen overhead +: (\S+)",
)
"""Of Offline, Server and SingleStream: each summary has one of them."""


class LoadSummary(msgspec.Struct, frozen=True):
    """LoadGen's verdict on one scenario.

    Attributes:
        result: `VALID`, `INVALID`, or nothing if the summary has no result.
        a_second: screens answered a second.
        latency_ms: by percentile as LoadGen writes it, `50.00` to `99.90`.
        early_stopping: the lines of it, percentiles' estimates and what they would need, in LoadGen's words.
        reason: what it did not find satisfied and what it recommends, in its words; empty if valid.
        problems: what it says of warnings and errors.
    """

    result: str
    a_second: float
    latency_ms: dict[str, float]
    early_stopping: tuple[str, ...]
    reason: str
    problems: tuple[str, ...]

    @property
    def valid(self) -> bool:
        """Whether LoadGen says that the test counts."""
        return self.result == VALID


def summary_from_text(text: str) -> LoadSummary:
    """Read mlperf_log_summary.txt; a part that is not there is empty, and the result then not valid."""
    found = re.search(r"^Result is : (\S+)", text, re.MULTILINE)
    rates = [float(match[1]) for pattern in RATES if (match := re.search(f"^{pattern}", text, re.MULTILINE))]
    result = found[1] if found else ""
    percentiles = re.findall(r"^(\d+\.\d+) percentile latency \(ns\) +: (\d+)", text, re.MULTILINE)
    return LoadSummary(
        result=result,
        a_second=rates[0] if rates else 0.0,
        latency_ms={name: int(value) / 1e6 for name, value in percentiles},
        early_stopping=_early_stopping(text),
        reason="" if result == VALID else _reason(text) or "LoadGen wrote no result",
        problems=tuple(re.findall(r"^.*(?:warnings?|errors?) encountered.*$", text, re.MULTILINE | re.IGNORECASE)),
    )


def _early_stopping(text: str) -> tuple[str, ...]:
    block = re.search(r"^Early Stopping Result:\n((?: .*\n)+)", text, re.MULTILINE)
    if block is None:
        return ()
    # LoadGen breaks long sentences; each begins with a star.
    return tuple(" ".join(line.split()) for line in block[1].split(" * ") if line.strip())


def _reason(text: str) -> str:
    """Unsatisfied conditions and LoadGen's recommendations."""
    unsatisfied = re.findall(r"^ +(.+?) ?: NO\b", text, re.MULTILINE | re.IGNORECASE)
    advice = re.search(r"^Recommendations:\n((?: .*\n)+)", text, re.MULTILINE)
    said = (
        [f"not satisfied: {', '.join(name.removesuffix(' satisfied') for name in unsatisfied)}"] if unsatisfied else []
    )
    return "; ".join([*said, " ".join(advice[1].replace("*", "").split()) if advice else ""]).rstrip("; ")
