"""Training: phantoms, two-stage transfer learning, evaluation."""

import logging
import os

# TensorFlow greets on stderr when it is imported; only its errors concern a user.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
logging.getLogger("tensorflow").setLevel(logging.ERROR)
