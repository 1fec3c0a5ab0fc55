"""The method `rgb-cnn`: a plain convolutional network on the image, after Papandrianos et al. 2021.

Theirs: convolutions of 3 x 3 with 16, 32, 64 and 128 channels, each with pooling of 2 x 2; dropout .2; dense layers of
256 and 128; batches of 16 (the bone scans of the same authors, Diagnostics 2020;10:532). Ours: Adam at 1e-3, the number
of epochs by a fold that is held out, random first weights, and augmentation without flips and rotations, which would
swap coronary territories. The image has the study's size; theirs had 256 pixels.
"""

from __future__ import annotations

import time
from typing import Any

import keras

from edgecad_train.methods.answer import Answer
from edgecad_train.methods.networks.answers import heat_maps, log_odds
from edgecad_train.methods.networks.learning import Lessons, build_from, fit_network
from edgecad_train.methods.task import Task
from edgecad_train.networks.network import LOGITS
from edgecad_train.training.augment import AugmentedImages

CHANNELS = (16, 32, 64, 128)
DENSE = {"dense_1": 256, "dense_2": 128}
DROPPED = 0.2
FLAT = "flat"
"""Name of the layer that flattens the features."""
PASSES = 8
"""Of augmentation, where the run asks for none or fewer; the first shows the images as they are."""
LESSONS = Lessons(epochs=40, folds=5, held=1)
"""Theirs were 500 epochs. Forty of 174 images take minutes on two cores."""


def rgb_cnn(size: int) -> keras.Model:
    """Images `(n, size, size, 3)` uint8 RGB -> logits `(n, 2)`; 4.85 million weights at 224 pixels."""
    image = keras.Input((size, size, 3), dtype="uint8", name="image")
    x: Any = keras.layers.Rescaling(1 / 255, name="scaling")(image)
    for number, channels in enumerate(CHANNELS, 1):
        x = keras.layers.Conv2D(channels, 3, activation="relu", name=f"conv_{number}")(x)
        x = keras.layers.MaxPooling2D(2, name=f"pool_{number}")(x)
    x = keras.layers.Dropout(DROPPED, name="dropout")(keras.layers.Flatten(name=FLAT)(x))
    for name, units in DENSE.items():
        x = keras.layers.Dense(units, activation="relu", name=name)(x)
    return keras.Model(image, keras.layers.Dense(2, name=LOGITS)(x), name="rgb_cnn")


def answer(task: Task, lessons: Lessons = LESSONS) -> Answer:
    """Fit, and answer."""
    begun = time.monotonic()
    images = task.scans.data.images
    model = build_from(task.seed, lambda: rgb_cnn(images.shape[1]))
    count = max(PASSES, task.settings.augment)
    passes = [images, *(AugmentedImages(images, task.seed, number) for number in range(1, count))]
    chosen = fit_network(model, passes, task, lessons)
    said = log_odds(model, images, task.ask)
    maps = heat_maps(model, images, FLAT, (*DENSE, LOGITS))
    return Answer(said, time.monotonic() - begun, maps, chosen={"epochs": chosen.epochs}, make_model=lambda: model)
