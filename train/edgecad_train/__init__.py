"""Training: phantoms, two-stage transfer learning, evaluation."""

import logging
import os

# TensorFlow greets on stderr when it is imported; only its errors concern a user.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# TensorFlow switches its faster kernels on by itself only for some processors; backward passes gain a fifth with AVX2.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
logging.getLogger("tensorflow").setLevel(logging.ERROR)
