"""What a model does to its input before its first convolution, measured and not read off the names of layers.

Images of one colour are fed in, and the middle of what reaches the first convolution is looked at. From colours whose
answers lie on one affine map, that map is known, and it is held against the rules by which inputs are scaled.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any, get_args

import keras
import numpy as np
from numpy.typing import NDArray

from edgecad.contract import Scaling
from edgecad.contract.scaling import DEVIATION, MEAN, PixelRule, pixel_rule
from edgecad_export.external.rebuilt import OWN, RebuiltModel

CORNERS = np.array(list(product((0, 255), repeat=3)), np.uint8)
"""The colour cube's corners: they fix an affine map and check it."""
INSIDE = np.array([(128, 128, 128), (64, 64, 64), (200, 40, 90), (30, 180, 220), (51, 102, 153)], np.uint8)
"""Colours within it: a map that bends shows here."""
CLOSE = 0.02
"""Two maps are one if no colour's values differ by more, relative to the width of the rule's values."""
WIDE = 20.0
"""Values that reach a first convolution beyond this are grey levels, and no network scales to so many."""
KNOWN: dict[str, PixelRule] = {
    **{name: pixel_rule(name) for name in ("tf", "unit", "caffe", "torch")},
    "EfficientNet's": PixelRule(np.diag(1 / (255 * np.sqrt(DEVIATION))), -MEAN / np.sqrt(DEVIATION)),
}
"""Rules that scale. Each is found in the other order of channels as well."""


@dataclass(frozen=True)
class ColourMap(PixelRule):
    """What a graph does to a row of RGB; `matrix` is `(3, c)` and `offset` `(c,)`, for any number of channels."""

    @property
    def values(self) -> NDArray[np.float64]:
        """Of the colour cube's corners, `(8, c)`."""
        return np.asarray(CORNERS @ self.matrix + self.offset, np.float64)

    def after(self, first: PixelRule) -> ColourMap:
        """This map on what `first` gives."""
        return ColourMap(first.matrix @ self.matrix, first.offset @ self.matrix + self.offset)

    @property
    def name(self) -> str | None:
        """The known rule that it is, `none` for grey levels as they are; None for another."""
        for name, rule in {"none": pixel_rule("none"), **KNOWN}.items():
            turned = " in RGB" if name == "caffe" else " in BGR"  # Caffe's own order is BGR
            for order, words in ((slice(None), ""), (slice(None, None, -1), turned)):
                if self._is(ColourMap(rule.matrix[:, order], rule.offset[order])):
                    return name + words
        return None

    @property
    def scales(self) -> bool:
        """Whether it does more than to order the channels."""
        return self.name not in ("none", "none in BGR")

    @property
    def words(self) -> str:
        """Where it brings grey levels."""
        low, high = self.values.min(), self.values.max()
        return f"0 to 255 becomes {low:.3g} to {high:.3g}"

    def _is(self, other: ColourMap) -> bool:
        if self.matrix.shape != other.matrix.shape:
            return False
        return bool(np.abs(self.values - other.values).max() <= CLOSE * np.ptp(other.values))


@dataclass(frozen=True)
class OwnScaling:
    """What was measured.

    Attributes:
        map: from what the model is fed, 0 to 255 for --scaling none, to its first convolution; None if not affine.
        flat: whether every image of one colour reaches it alike.
    """

    map: ColourMap | None
    flat: bool = False


def own_scaling(rebuilt: RebuiltModel, scaling: Scaling) -> OwnScaling | None:
    """Measure it; None for a model without weights that could be reached."""
    first = next((layer for layer in rebuilt.model.layers if layer.name not in OWN and _convolves(layer)), None)
    if first is None:
        return None
    colours = np.concatenate([CORNERS, INSIDE])
    reached = _middle(keras.Model(rebuilt.model.inputs[0], first.input), colours, rebuilt.size)
    rule = pixel_rule(scaling)
    fed = colours @ rule.matrix + rule.offset
    if np.ptp(reached, axis=0).max() <= 1e-6 * max(1.0, np.abs(reached).max()):
        return OwnScaling(None, flat=True)
    terms = np.column_stack([fed, np.ones(len(fed))])
    found = np.asarray(np.linalg.lstsq(terms, reached, rcond=None)[0], np.float64)
    bends = np.abs(terms @ found - reached).max() > 1e-3 * np.ptp(reached)
    return OwnScaling(None if bends else ColourMap(found[:3], found[3]))


def _convolves(layer: keras.layers.Layer) -> bool:
    """Whether it has a kernel and is more than a change of the colours of each pixel."""
    if not any(weight.path.rpartition("/")[2].endswith("kernel") for weight in layer.weights):
        return False
    plain = type(layer) is keras.layers.Conv2D and layer.kernel_size == (1, 1) and layer.groups == 1
    return not (plain and layer.kernel.shape[2:] == (3, 3) and layer.activation is keras.activations.linear)


def _middle(model: Any, colours: NDArray[np.uint8], size: int) -> NDArray[np.float64]:
    """Values in the middle of what an image of each colour becomes, `(n, c)`; edges are padding's."""
    rows = []
    for colour in colours:
        image = np.broadcast_to(colour, (1, size, size, 3))
        values = np.asarray(keras.ops.convert_to_numpy(model(image, training=False)), np.float64)[0]
        rows.append(values[tuple(side // 2 for side in values.shape[:-1])])
    return np.stack(rows)


def doubts_of_scaling(rebuilt: RebuiltModel, scaling: Scaling) -> Iterator[str]:
    """What looks wrong of `--scaling` beside what the model does by itself, though it may be meant."""
    own = own_scaling(rebuilt, scaling)
    if own is None:
        return
    if own.flat:
        yield (
            "before its first convolution it makes every image of one colour alike, so it scales each image by "
            "itself; nothing tells which --scaling it was trained with"
        )
    elif own.map is None:
        yield (
            "what it does before its first convolution is not affine, so it is none of the known scalings; nothing "
            f"tells whether --scaling {scaling} is right: check its training"
        )
    else:
        yield from _of_affine(own.map, scaling)


def _of_affine(own: ColourMap, scaling: Scaling) -> Iterator[str]:
    total = own.after(pixel_rule(scaling))
    if not own.scales:
        yield from _of_nothing(total, scaling)
    elif total.name is None or not total.scales:
        does = f"before its first weights it scales by itself ({own.name or own.words})"
        fits = [other for other in get_args(Scaling) if _fits(own, other)]
        yield does + (_beside_none(total, fits) if scaling == "none" else _beside_another(scaling, fits))


def _of_nothing(total: ColourMap, scaling: Scaling) -> Iterator[str]:
    if scaling == "none":
        yield "nothing scales before its first weights, and --scaling none feeds it 0 to 255: check its training"
    elif total.name is None:
        yield (
            f"nothing scales before its first weights, and --scaling {scaling} is for networks that scale by "
            "themselves after it: check its training"
        )


def _beside_none(total: ColourMap, fits: list[Scaling]) -> str:
    most = float(np.abs(total.values).max())
    values = f", and its first weights see values up to {most:.3g}" if most > WIDE else ""
    hint = f"; --scaling {' or '.join(fits)} would make a known one of it" if fits else ""
    return f", which is no known scaling; --scaling none feeds it 0 to 255{values}{hint}: check its training"


def _beside_another(scaling: Scaling, fits: list[Scaling]) -> str:
    right = "none" if "none" in fits or not fits else " or ".join(fits)
    return f", and --scaling {scaling} scales before that: if it was trained on 0 to 255, --scaling {right} is right"


def _fits(own: ColourMap, scaling: Scaling) -> bool:
    total = own.after(pixel_rule(scaling))
    return total.name is not None and total.scales
