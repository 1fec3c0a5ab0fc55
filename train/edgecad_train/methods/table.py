"""The methods of a study beside the paper's strategies.

None of the other systems is published with its code and data, so that each is built anew from what its paper says.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from edgecad.errors import UsageError
from edgecad.system.words import did_you_mean

Needs = Literal["image", "uptake", "segments", "features", "maps"]
"""What a method reads: the prepared image; uptake on a grid of the disc; means of the 17 segments and the total
deficit; pooled features of a network of the study; those of several maps of a patient."""


@dataclass(frozen=True)
class Method:
    """One method.

    Attributes:
        name: word for commands and tables.
        after: whom it follows.
        theirs: what is theirs, for people: a sentence or two.
        ours: what is ours, likewise.
        needs: what it reads.
        module: its module, with a function `answer(task: Task) -> Answer`; imported when the method is at work.
        keras: whether its module needs Keras, so that TensorFlow is opened before it is imported.
        exact_map: whether it has a heat map whose mean plus a constant, its own or each image's, is the log-odds.
        row_only: why it is a row of a study alone, for people; empty where `edgecad train --method` and `edgecad
            export` take it.
        only: the one network of the study that it may stand on; empty for any.
        by_colours: whether it reads uptake from the drawing's colours, as its graph does, which not every drawing
            tells.
    """

    name: str
    after: str
    theirs: str
    ours: str
    needs: Needs
    module: str
    keras: bool = False
    exact_map: bool = False
    row_only: str = ""
    only: str = ""
    by_colours: bool = False

    @property
    def words(self) -> str:
        """What it is, for people."""
        baseline = ", a baseline of which nothing but its last curve is fitted to CAD" if self.baseline else ""
        return f"{self.name}{baseline}; after {self.after}. Theirs: {self.theirs} Ours: {self.ours}"

    @property
    def baseline(self) -> bool:
        """Whether it is what the others are held against: its limits come of patients without CAD."""
        return self.name == NORMAL_LIMITS

    @property
    def reads(self) -> frozenset[str]:
        """Fields of `edgecad_train.training.settings.Settings` that its runs read; the others change nothing."""
        return READ_BY_ALL | (READ_WITH_A_NETWORK if self.takes_network else frozenset())

    @property
    def exportable(self) -> bool:
        """Whether `edgecad train --method` and `edgecad export` take it."""
        return not self.row_only

    @property
    def needs_uptake(self) -> bool:
        """Whether it cannot do without uptake that was read through a colour table."""
        return self.needs in ("uptake", "segments")

    @property
    def takes_network(self) -> bool:
        """Whether it stands on a network of the study, so that there is a row for each."""
        return self.needs in ("features", "maps")


READ_BY_ALL = frozenset({"decide", "uncertain", "labelled_by", "seed", "device"})
READ_WITH_A_NETWORK = frozenset({"backbone", "weights", "features", "batch_size"})
NO_UPTAKE = "it reads uptake, and the input is the screen's colours, which do not rise with uptake in every table"
GIVE_UPTAKE = "give --input uptake, or leave the method out"
"""Why a method is refused that needs uptake, and what helps."""
NORMAL_LIMITS = "normal-limits"
"""In every study unless it is left out: nothing in it is fitted to CAD."""

NO_MAP = "it has no heat map whose mean plus a constant is the log-odds"
SPREAD = "its score is no sum over places: the heat map spreads afterwards what a column said"
"""Why a method is a row of a study alone."""

_ALL = (
    Method(
        name=NORMAL_LIMITS,
        after="total perfusion deficit, Slomka et al., J Nucl Cardiol 2005;12:66-77",
        theirs="Mean and standard deviation of each place over patients without CAD; what lies below, added up.",
        ours="Uptake by its 90th percentile, deficits from two standard deviations; a logistic curve of the fitting "
        "part makes log-odds of it and changes no order.",
        needs="uptake",
        module="edgecad_train.methods.limits.method",
        exact_map=True,
    ),
    Method(
        name="deep-features",
        after="Berkaya et al. 2020",
        theirs="A support vector machine on features of a network that nobody fine-tuned.",
        ours="Which features (those that the study pools), a linear kernel, its C by inner folds, log-odds by Platt.",
        needs="features",
        module="edgecad_train.methods.features.linear",
        keras=True,
        exact_map=True,
    ),
    Method(
        name="deep-features-rbf",
        after="Berkaya et al. 2020",
        theirs="A support vector machine on features of a network that nobody fine-tuned.",
        ours="Which features, a Gaussian kernel, its C and width by inner folds, log-odds by Platt; no heat map.",
        needs="features",
        module="edgecad_train.methods.features.rbf",
        keras=True,
        row_only=NO_MAP,
    ),
    Method(
        name="segments-svm",
        after="Arsanjani et al. 2013, J Nucl Cardiol 20:553-562",
        theirs="A support vector machine with a polynomial of second order on quantities of the map.",
        ours="The quantities: means of 17 segments and the total deficit of the stress map alone; C by inner folds.",
        needs="segments",
        module="edgecad_train.methods.segments.svm",
        exact_map=True,
        row_only=SPREAD,
    ),
    Method(
        name="segments-boosting",
        after="Arsanjani et al. 2013, J Nucl Cardiol 20:553-562, and Hu et al. 2020",
        theirs="Boosted decision stumps (LogitBoost) on quantities of the map.",
        ours="Newton steps of histogram boosting at depth 1 in place of LogitBoost; 17 means and the total deficit, no "
        "clinical columns; rounds by inner folds.",
        needs="segments",
        module="edgecad_train.methods.segments.boosting",
        exact_map=True,
        row_only=SPREAD,
    ),
    Method(
        name="segments-mlp",
        after="Rahmani et al. 2019",
        theirs="A small neural network on means of segments.",
        ours="10 hidden units on 17 means and the total deficit of the stress map alone, its penalty by inner folds; "
        "no heat map.",
        needs="segments",
        module="edgecad_train.methods.segments.mlp",
        row_only=NO_MAP,
    ),
    Method(
        name="segments-logistic",
        after="Arsanjani et al. 2013 and Rahmani et al. 2019",
        theirs="Quantities of segments as the input.",
        ours="A ridge logistic regression of 17 means and the total deficit, its penalty by inner folds.",
        needs="segments",
        module="edgecad_train.methods.segments.logistic",
        exact_map=True,
    ),
    Method(
        name="polar-cnn",
        after="Betancur et al. 2018, JACC Cardiovasc Imaging 11:1654-1663",
        theirs="Convolutions with ReLU and pooling of 2 x 2 on polar maps.",
        ours="12 x 36 cells that go on around, uptake less its mean over the fitting part, with coordinates; 16, 32 "
        "and 64 channels; a mean over the disc; epochs by inner folds.",
        needs="uptake",
        module="edgecad_train.methods.networks.polar_cnn",
        keras=True,
        by_colours=True,
        exact_map=True,
    ),
    Method(
        name="polar-gcn",
        after="Spier et al. 2019, Sci Rep 9:7569",
        theirs="A graph convolutional network on the neighbourhood of places, explained by its activation map.",
        ours="12 x 36 nodes joined to their neighbours, Chebyshev polynomials of three orders, 16, 32 and 64 channels, "
        "pooling on the grid; epochs by inner folds. Theirs are not to be found.",
        needs="uptake",
        module="edgecad_train.methods.networks.polar_gcn",
        keras=True,
        by_colours=True,
        exact_map=True,
        row_only="its convolution on a graph is a layer of EdgeCAD's own, which no other program opens",
    ),
    Method(
        name="rgb-cnn",
        after="Papandrianos et al. 2021",
        theirs="Four convolutions of 16 to 128 channels with pooling, dropout of .2, dense layers of 256 and 128, from "
        "random weights.",
        ours="The image as the networks of the study are given it, Adam at 1e-3, no flips and no rotations; epochs by "
        "a fold that is held out.",
        needs="image",
        module="edgecad_train.methods.networks.rgb_cnn",
        keras=True,
        exact_map=True,
        row_only="its head reads every cell of the features by weights of its own, and an export pools features first",
    ),
    Method(
        name="vgg16-maps",
        after="Apostolopoulos et al. 2020",
        theirs="A VGG16 that nobody fine-tuned and a small dense network on top, on maps at stress and rest, with and "
        "without attenuation correction.",
        ours="Which maps, by columns map:NAME of a CSV; pooled features side by side, the head of the run, no "
        "augmentation; epochs by inner folds.",
        needs="maps",
        module="edgecad_train.methods.networks.vgg16_maps",
        keras=True,
        only="vgg16",
        row_only="it reads several maps of a patient, and a model at the scanner is given one",
    ),
)

METHODS = {method.name: method for method in _ALL}
"""By name, in the order of tables."""


def method_named(name: str) -> Method:
    """The method of that name.

    Raises:
        UsageError: there is none.
    """
    if name not in METHODS:
        raise UsageError(
            f"no method is called {name!r}{did_you_mean(name, METHODS)}; choose all, or some of: {', '.join(METHODS)}"
        )
    return METHODS[name]


EXPORTABLE = tuple(method.name for method in _ALL if method.exportable)
"""Names of those that `edgecad train --method` takes."""


def exportable_method(name: str) -> Method:
    """The method of that name, which can be trained and exported alone.

    Raises:
        UsageError: there is none, or it is a row of a study alone.
    """
    if name not in METHODS:
        rows = ", ".join(method.name for method in _ALL if method.row_only)
        raise UsageError(
            f"no method is called {name!r}{did_you_mean(name, METHODS)}; train takes one of: {', '.join(EXPORTABLE)}; "
            f"rows of edgecad study --methods alone are {rows}"
        )
    method = METHODS[name]
    if method.row_only:
        raise UsageError(
            f"--method {name} is a row of a study and is not exported: {method.row_only}; give it to edgecad study "
            f"--methods {name}, or train one of {', '.join(EXPORTABLE)}"
        )
    return method
