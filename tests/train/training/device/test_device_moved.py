"""Variables that TensorFlow puts elsewhere are found after the first step, on devices that every machine has."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import numpy as np, edgecad_train
import tensorflow as tf
processor = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(processor, [tf.config.LogicalDeviceConfiguration()] * 2)
import keras
from edgecad.errors import NotAvailable
from edgecad_train.training.epochs import EpochRunner, EpochSeed, Examples
from edgecad_train.training.loss import CROSS_ENTROPY
from edgecad_train.training.rates import RateGroup

def train(place):
    with tf.device(place):
        numbers = keras.Input((2,))
        model = keras.Model(numbers, keras.layers.Dense(2)(numbers))
        runner = EpochRunner(model, [RateGroup(1e-3, tuple(model.trainable_variables), "all")], 4, CROSS_ENTROPY)
    examples = Examples((np.zeros((9, 2), np.float32),), np.arange(9), np.zeros(9, np.int64))
    try:
        return runner.train(examples, EpochSeed(0, 0, 0), 0)[0] > 0
    except NotAvailable as error:
        return str(error)

print(train("/CPU:0"))
print(train("/CPU:1"))
"""


def test_what_learns_on_another_device_than_the_one_opened_is_found_after_the_first_step() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    there, moved = done.stdout.splitlines()
    assert there == "True"
    assert moved.startswith("what learns lies on device:CPU:1, and the device that was opened is device:CPU:0")
