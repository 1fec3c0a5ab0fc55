"""What the steps of a proof found."""

from __future__ import annotations

from edgecad.bench.results import Start
from edgecad.frozen import Frozen, demand


class RefusedDevice(Frozen, frozen=True):
    """A device that was asked for and must be refused: the error's exit code and its words."""

    device: str
    code: int
    reason: str


class Refusals(Frozen, frozen=True, tag="refusals"):
    """Devices that are not here; none may be answered by another one."""

    refused: tuple[RefusedDevice, ...]


class EngineBuilt(Frozen, frozen=True, tag="built"):
    """An engine that was built from the model's file.

    Attributes:
        library: that built it, with its version.
        proven: whether it answered the golden samples on the card before its first use.
    """

    library: str
    megabytes: float
    proven: bool


class Opened(Frozen, frozen=True, tag="opened"):
    """A runner that was opened strictly: what computes, and on which device."""

    device: str
    provider: str


class GoldenAgreement(Frozen, frozen=True, tag="golden"):
    """The golden samples that were replayed, and the worst of them.

    Attributes:
        logits: largest difference, relative to the largest logit.
        heatmap: least agreement of two maps, -1 to 1.
        familiarity: largest difference of the distance to the training scans, relative to its limit.
        skipped: samples that could not be read here.
    """

    samples: int
    logits: float
    heatmap: float
    familiarity: float
    skipped: tuple[str, ...] = ()


class Reference(Frozen, frozen=True, tag="reference"):
    """Phantoms that the CPU answered in fp32: what all devices are held against; `spread` of their scores, 0 to 1."""

    phantoms: int
    spread: float


class PhantomAgreement(Frozen, frozen=True, tag="parity"):
    """A device against the CPU's fp32 on the same phantoms; the worst of them.

    Attributes:
        logits: largest difference, relative to the largest logit of that phantom.
        probability: largest difference, 0 to 1.
        heatmap: least agreement of two maps, -1 to 1.
        labels: phantoms whose label differs.
        wanted: the bounds by their names.
    """

    phantoms: int
    logits: float
    probability: float
    heatmap: float
    labels: int
    wanted: dict[str, float]


class Alike(Frozen, frozen=True, tag="alike"):
    """Threads against one thread (`threads` of them give the same bits), and a batch against single images.

    Attributes:
        logits: largest difference of a batch, relative to the largest logit.
        heatmap: least agreement of two maps, -1 to 1.
    """

    threads: int
    batch: int
    logits: float
    heatmap: float


class Times(Frozen, frozen=True):
    """Percentiles, milliseconds."""

    p50: float
    p95: float

    def __post_init__(self) -> None:
        demand(0 <= self.p50 <= self.p95, f"p50 {self.p50} and p95 {self.p95}: 0 <= p50 <= p95 wanted")


class Latency(Frozen, frozen=True, tag="latency"):
    """One image after another, warm.

    Attributes:
        runs: that were timed, of each.
        answer: from a file's bytes to a heat map.
        network: `Classifier.run` on a prepared image: copies and checks included.
        engine: the engine's own time, of data that lie on the device.
        recorded: whether one image is launched as a CUDA graph; None where there is no such thing.
    """

    runs: int
    answer: Times
    network: Times
    engine: Times | None
    recorded: bool | None = None

    @property
    def beyond_engine(self) -> float | None:
        """What `network` takes beyond the engine's own time, milliseconds; medians."""
        return None if self.engine is None else self.network.p50 - self.engine.p50


class ColdTimes(Frozen, frozen=True, tag="cold"):
    """Whole processes from nothing to the first answer; engines are in the cache."""

    starts: tuple[Start, ...]

    @property
    def median(self) -> float:
        """Milliseconds, from nothing to the first answer."""
        ordered = sorted(start.whole for start in self.starts)
        return ordered[len(ordered) // 2]


class BatchTime(Frozen, frozen=True, kw_only=True):
    """Some images at once, or the `reason` why there is no figure.

    Attributes:
        network: `Classifier.run`.
        a_second: images, by the median.
        engine_ms: the engine's own time, the median.
        floor_ms: what the rates of this card allow; None: they were not measured.
    """

    images: int
    network: Times | None = None
    a_second: float = 0.0
    engine_ms: float | None = None
    floor_ms: float | None = None
    reason: str = ""


class BatchTimes(Frozen, frozen=True, tag="batches"):
    """Batches of growing size."""

    rows: tuple[BatchTime, ...]


class DeviceRates(Frozen, frozen=True, tag="rates"):
    """What ONNX Runtime reaches on the card, by precision: `(operations a second, bytes a second)`."""

    reached: dict[str, tuple[float, float]]


Figures = (
    Refusals
    | EngineBuilt
    | Opened
    | GoldenAgreement
    | Reference
    | PhantomAgreement
    | Alike
    | Latency
    | ColdTimes
    | BatchTimes
    | DeviceRates
)
