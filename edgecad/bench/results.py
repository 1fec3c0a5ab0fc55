"""What a measurement is to do and what it finds: read and written as JSON, between processes and for programs."""

from __future__ import annotations

from typing import Literal

from edgecad.contract import RunPrecision
from edgecad.frozen import Frozen

Scenario = Literal["single-stream", "offline"]
STAGES = ("decode", "prepare", "run", "heatmap", "whole")
"""Of one answer; `whole` is from the file's bytes to the heat map."""


class BenchOrder(Frozen, frozen=True, kw_only=True):
    """What one process is to measure.

    Attributes:
        model: as the user named it, or None for the default.
        begun: when the process was started, on the clock of `time.perf_counter`, which all processes share.
        scenarios: none of them: only how long the first answer takes.
        runs: answers to time, at most; None: as many as the 99th percentile takes.
        seconds: after which one scan after another ends, if `least` were answered.
        least: answers in any case, if `runs` are not fewer.
        batch_seconds: that each size of batch is run.
        key: path of the public key that the model must be signed with; None: that of `$EDGECAD_KEY`.
        waits: it opens the model, and runs the network `runs` times whenever it is asked, until its input ends.
    """

    model: str | None
    device: str
    precision: RunPrecision | None
    begun: float
    scenarios: tuple[Scenario, ...] = ()
    runs: int | None = None
    seconds: float = 0.0
    least: int = 0
    batch_seconds: float = 0.0
    key: str | None = None
    waits: bool = False


class Start(Frozen, frozen=True, kw_only=True):
    """A cold start, milliseconds each: Python with EdgeCAD's modules, opening the model, the first answer."""

    process: float
    open: float
    first: float

    @property
    def whole(self) -> float:
        """From nothing to the first answer."""
        return self.process + self.open + self.first


class StageTimes(Frozen, frozen=True, kw_only=True):
    """Percentiles of one stage, milliseconds."""

    name: str
    p50: float
    p90: float
    p95: float
    p99: float


class SingleStream(Frozen, frozen=True, kw_only=True):
    """One scan after another, warm.

    Attributes:
        runs: answers that were timed.
        stages: in the order of `STAGES`.
        p90_bound, p95_bound, p99_bound: what the percentile of `whole` is at most, with 99 % confidence,
            milliseconds; None where the runs are too few to tell.
        medians: of `whole`, in ten equal parts of the run, milliseconds.
        latencies: of `whole`, sorted, thinned to at most 500 values, milliseconds.
        others: share of the machine's processors that other programs used meanwhile, 0 to 1; None: not told here.
        joules: that the processor took for an answer; None: not told here.
        resident_mb: the most memory of the process, 10^6 bytes; None: not told here.
    """

    runs: int
    stages: tuple[StageTimes, ...]
    p90_bound: float | None
    p95_bound: float | None
    p99_bound: float | None
    medians: tuple[float, ...]
    latencies: tuple[float, ...]
    others: float | None
    joules: float | None
    resident_mb: float | None

    @property
    def whole(self) -> StageTimes:
        """Of the whole answer."""
        return self.stages[-1]

    @property
    def drift(self) -> float:
        """How far the medians of the ten parts lie apart, as a share of their middle."""
        return (max(self.medians) - min(self.medians)) / self.whole.p50


class Batch(Frozen, frozen=True, kw_only=True):
    """Prepared images through the network, `size` at a time: images a second, median and quartiles."""

    size: int
    median: float
    low: float
    high: float
    resident_mb: float | None


class Folder(Frozen, frozen=True, kw_only=True):
    """Scans from their bytes to their heat maps, `workers` at a time: scans a second, median and quartiles."""

    workers: int
    median: float
    low: float
    high: float


class Offline(Frozen, frozen=True, kw_only=True):
    """Many scans: what the network alone can take, and what whole answers come to.

    Attributes:
        batches: 1, 2, 4 and so on, until two after each other are no faster, or memory does not suffice.
        others: share of the machine's processors that other programs used meanwhile, 0 to 1; None: not told here.
    """

    batches: tuple[Batch, ...]
    folder: Folder
    others: float | None


class Measured(Frozen, frozen=True, kw_only=True, tag="measured"):
    """A device and precision that works here.

    Attributes:
        name: of the model, as its contract has it.
        backbone: its network's, or the name of a method that stands on none.
        stamp: what stands on all that comes of this model, such as that it learnt from phantoms.
        model_sha256: of the file that was measured.
        golden: samples that are answered otherwise than at export; it must not be used if there are any.
        starts: cold ones, each of a process of its own.
        single_stream, offline: where the order has them.
        in_turn: of the network alone, in turn with the other fast ones, where the fastest is to be saved.
    """

    name: str
    backbone: str
    stamp: str
    model_sha256: str
    device: str
    provider: str
    precision: RunPrecision
    threads: int
    golden: tuple[str, ...]
    starts: tuple[Start, ...]
    single_stream: SingleStream | None = None
    offline: Offline | None = None
    in_turn: StageTimes | None = None


class NotMeasured(Frozen, frozen=True, kw_only=True, tag="not measured"):
    """A device and precision that does not work here, why, and the exit code of that error."""

    device: str
    precision: RunPrecision | None
    reason: str
    code: int


Result = Measured | NotMeasured
