"""Parts of the data, in the order of their use, and the words for them."""

from __future__ import annotations

PARTS = {
    "train": "training part",
    "validation": "validation part",
    "out-of-fold": "out-of-fold scores",
    "test": "test part",
}
