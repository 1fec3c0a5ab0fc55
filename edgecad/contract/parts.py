"""What a contract consists of: frozen types that check themselves."""

from __future__ import annotations

import re
from typing import Literal

import msgspec
from msgspec.structs import replace

from edgecad.contract.clinical import ClinicalModel, GoldenFusion
from edgecad.contract.decision import Decision, Metric
from edgecad.contract.openings import Openings
from edgecad.contract.orientation import OrientationReference
from edgecad.contract.preparation import Preparation
from edgecad.frozen import Frozen, demand

CONTRACT_VERSION = 2
NOT_KNOWN = "not known"
"""In place of a hash that a model which was trained elsewhere does not bring."""
NO_NETWORK = "none"
"""In place of the backbone of a method that stands on none."""

Origin = Literal["phantom", "patients", "mixed"]
Scaling = Literal["tf", "unit", "caffe", "torch", "efficientnet", "none"]
"""How uint8 becomes the backbone's input, inside the graph.

`tf`: x / 127.5 - 1. `unit`: x / 255. `caffe`: BGR less ImageNet's mean. `torch`: by ImageNet's mean and deviation.
`efficientnet`: what Keras does for weights="imagenet". `none`: 0 to 255 as it is; the network scales by itself.
`edgecad.contract.scaling` has the numbers.
"""

Precision = Literal["fp32", "fp16", "int8"]
"""Of the weights and activations of the backbone; head and heat map are fp32 in every file."""

RunPrecision = Literal["fp32", "fp16", "int8", "bf16"]
"""Of what runs: that of the file; or `bf16`, in which some engines can run an fp32 file. No file has it."""

Activation = Literal["silu", "relu", "linear"]
"""Of a hidden layer of the head: z s(z), where s is the sigmoid (`silu`), [z > 0] (`relu`), or 1 (`linear`)."""


Features = Literal["last", "stride-16", "both"]
"""Which convolutional features are pooled: the network's last, the last ones at a sixteenth of the input's side, above
which the network is cut off, or both of them side by side, cells of the coarser ones repeated."""


PooledOver = Literal["all", "disc"]
"""Over which cells the features' mean is taken: all, each alike; or those of the disc, each by the share of its area in
the disc, so that nothing outside can count."""


class GoldenAnswer(Frozen, frozen=True, kw_only=True):
    """What the reference runtime answered to one golden sample, recorded at export."""

    sample: str
    """File name of the sample among the runtime's package data."""
    sha256: str
    logits: tuple[float, ...]
    score_map: tuple[tuple[float, ...], ...]
    """Heat map of the score, `(h, w)`, logit units."""
    familiarity: float | None = None
    """Distance to the training scans; None where the model has no limits for it."""
    clinical: GoldenFusion | None = None
    """What the fused model made of these logits and given values; None of a model without clinical columns."""

    def __post_init__(self) -> None:
        demand(len(self.logits) == 2, f"a golden answer has {len(self.logits)} logits, 2 wanted")
        demand(len({len(row) for row in self.score_map}) == 1, "a golden heat map is not a rectangle")


class Colours(Frozen, frozen=True, kw_only=True):
    """Colours seen in the training images: inside their discs, or all over where whole images are the input.

    `bins` is a bitmap over 16 x 16 x 16 RGB cells (index 256 r + 16 g + b), in hexadecimal.
    """

    bins: str = "0" * 1024
    recorded: bool = True
    """False: nobody knows them. No scan is refused for its colours then, and every answer says so."""

    def __post_init__(self) -> None:
        digits = set("0123456789abcdef")
        demand(len(self.bins) == 1024 and digits.issuperset(self.bins), "colours need 1024 hexadecimal digits")


class Labelling(Frozen, frozen=True, kw_only=True):
    """Who said what the training images show."""

    reference: str
    """For example `simulated reader` or `two readers in consensus`."""
    prevalence: float | None
    """Share of the positive class among the training patients, 0 to 1; None where nobody said."""

    def __post_init__(self) -> None:
        demand(
            self.prevalence is None or 0 < self.prevalence < 1, f"prevalence {self.prevalence} is not between 0 and 1"
        )

    def sentence(self, positive: str) -> str:
        """One line for people, under every answer."""
        if self.prevalence is None:
            return f"how many of the training patients were {positive} is not known; labelled by {self.reference}"
        return f"{self.prevalence:.0%} of the training patients were {positive}; labelled by {self.reference}"


class HeatmapScale(Frozen, frozen=True, kw_only=True):
    """Fixed for a model, so that a colour means the same on every scan."""

    full_scale: float
    """Logit units at which the colour is saturated."""
    region_threshold: float
    """Logit units beyond which a cell belongs to the activated region."""

    def __post_init__(self) -> None:
        demand(self.full_scale > 0 and self.region_threshold > 0, "the heat map's scale must be positive")


class Familiarity(Frozen, frozen=True, kw_only=True):
    """How far a scan's pooled features may lie from those of the training scans.

    The distance is one minus the cosine to the nearest of the centres, which are in the graph. Each centre is the mean
    of several patients, so that no patient's own features are kept.
    """

    centres: int
    patients: int
    """Training patients whose distances, each to centres that were found without them, set the limits."""
    noted: float
    """Distance from which an answer has a finding."""
    limit: float
    """Distance beyond which a scan is refused as `unfamiliar`."""

    def __post_init__(self) -> None:
        demand(self.centres >= 1 and self.patients >= 1, "familiarity without centres or patients")
        demand(0 < self.noted <= self.limit <= 2, f"familiarity's limits {self.noted} and {self.limit} do not rise")


class Member(Frozen, frozen=True, kw_only=True):
    """One network of an ensemble, in the words of its own contract."""

    name: str
    network: str
    """Which trained network it is: `edgecad.contract.network_digest`, hexadecimal."""
    backbone: str
    head: str
    features: Features
    feature_layer: str
    scaling: Scaling
    weights: str


class Contract(Frozen, frozen=True, kw_only=True):
    """Everything a runtime must know about one model."""

    version: int = CONTRACT_VERSION
    name: str
    created: str
    """UTC, ISO 8601."""
    classes: tuple[str, str]
    """In the order of the outputs."""
    positive: str
    origin: Origin
    preparation: Preparation
    scaling: Scaling
    backbone: str
    head: str
    activations: tuple[Activation, ...] | None
    """Of the head's hidden layers, from the pooling on; empty where there are none. None in a contract of version 1,
    which did not say and knew `relu` alone."""
    feature_layer: str
    """The layer whose output is pooled; of `both` features, the one that joins them."""
    features: Features = "last"
    pooled_over: PooledOver = "all"
    """The output `features` of the graph is weighted so already: its mean over all cells is what the head reads."""
    familiarity: Familiarity | None = None
    """None: nobody measured it, and every answer says so."""
    decision: Decision
    heatmap: HeatmapScale
    labelling: Labelling
    colours: Colours
    metrics: tuple[Metric, ...]
    data_sha256: str
    split_sha256: str
    weights: str
    """Where the backbone's first weights came from: `imagenet`, `none`, or `file` and its hash."""
    versions: dict[str, str]
    intended_use: str
    precision: Precision = "fp32"
    tolerances: dict[str, float] = msgspec.field(default_factory=dict)
    executions: dict[str, dict[str, float]] = msgspec.field(default_factory=dict)
    """What the answers to the golden samples may differ by where another engine than the recording one runs this file
    in a way of its own, by the precision that it runs in: bf16, of an fp32 file, or the file's. The names are those of
    `tolerances`. bf16 is not run where it is not here."""
    golden: tuple[GoldenAnswer, ...] = ()
    orientation: OrientationReference | None = None
    """How the training maps lie; None where it is not known: too few patients, colours as input, another's model."""
    test_openings: Openings | None = None
    """How often the patients of the test part were looked at before; None: nobody counted."""
    members: tuple[Member, ...] = ()
    """The networks whose logits' mean the logits are, side by side in the graph; empty: it is one network. Features of
    all of them, on one grid, are then pooled by one head."""
    clinical: ClinicalModel | None = None
    """What joins the image's log-odds and clinical columns to one score, with that score's decision and figures;
    `decision` and `metrics` here are then the image's own. None: the image alone is the score."""
    digest: str | None = None
    """Of the whole model file, SHA-256 in hexadecimal; `edgecad.modelfiles.digest` has the rule. Export writes it last.
    None in a run, and in a contract of version 1, which had none."""

    def __post_init__(self) -> None:
        demand(self.version < 2 or self.activations is not None, "activations are missing")
        demand(len(set(self.classes)) == 2, f"two different classes wanted, {list(self.classes)} seen")
        whole = self.pooled_over == "all" or self.preparation.crop == "polar-map"
        demand(whole, "features are pooled over the disc, and crop is none: whole images have no disc")
        demand(len(self.members) != 1, "an ensemble of one member")
        twice = len({member.network for member in self.members}) < len(self.members)
        demand(not twice, "a member of the ensemble is in it twice")
        digits = self.digest is None or re.fullmatch("[0-9a-f]{64}", self.digest) is not None
        demand(digits, "digest is not 64 hexadecimal digits")
        bounded = all({"probabilities", "heatmap_correlation"} <= bounds.keys() for bounds in self.executions.values())
        demand(bounded, "executions without bounds for probabilities and the heat map's correlation")
        known = set(self.executions) <= {self.precision, *(["bf16"] if self.precision == "fp32" else [])}
        demand(known, f"executions of a file in {self.precision} are of another precision")
        demand(self.positive in self.classes, f"positive class {self.positive!r} is not among the classes")

    @property
    def fused(self) -> Contract:
        """This contract as it is about the fused score: decision and figures are that score's; itself without one."""
        own = self.clinical
        return self if own is None else replace(self, decision=own.decision, metrics=own.metrics, clinical=None)

    @property
    def positive_index(self) -> int:
        """Column of the positive class in the outputs."""
        return self.classes.index(self.positive)

    @property
    def black_counts(self) -> bool:
        """Whether cells outside the disc count, and are black on every scan: evidence from there is worth a finding.

        Where the map is mirrored across the rim they tell of the map as well, and what they say is folded back onto
        it. Pooled over the disc they count nothing.
        """
        on_disc = self.preparation.crop == "none" or self.pooled_over == "disc" or self.mirror_counts
        return not on_disc

    @property
    def mirror_counts(self) -> bool:
        """Whether cells outside the disc count, and show the map mirrored across its rim."""
        drawing = self.preparation.drawing
        return self.pooled_over == "all" and drawing is not None and drawing.beyond == "mirrored"

    @property
    def on_network(self) -> bool:
        """Whether it is a network of `backbone`, or stands on one; a method may have none."""
        return self.backbone != NO_NETWORK

    @property
    def system(self) -> str:
        """What answers, by the name that people know: the network, or the method that stands on none."""
        return self.backbone if self.on_network else self.head

    @property
    def pooled_words(self) -> str:
        """What is pooled, for people: which features, of which layer, over which cells."""
        words = {
            "last": "the last features",
            "stride-16": "features at a sixteenth of the input's side",
            "both": "the last features beside those at a sixteenth of the input's side",
        }
        cells = "the disc" if self.pooled_over == "disc" else "all cells"
        features = words[self.features] if self.on_network else f"what {self.head} makes of each cell"
        return f"{features}, layer {self.feature_layer}, over {cells}"

    @property
    def negative(self) -> str:
        """Name of the class that is not the positive one."""
        return self.classes[1 - self.positive_index]
