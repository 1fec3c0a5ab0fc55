"""Training: from labelled scans to a run folder, and what is said of it.

The way of a run, as `edgecad train` takes it:

    cli/train/command   options, which are the fields of training/settings     -> runs/request: a TrainRequest
    cli/train/ready     what can be refused at once, before Keras is imported
    cli/train/steps     data: scans found, prepared, looked at; splits: who trains, chooses, judges
    runs/unfinished     NAME.unfinished is begun; what a kill leaves is resumed from there
    running/make        running/training trains by the plan, with networks and training, and chooses with evaluation;
                        running/contracting writes what the runtime must know
    runs/writing        the run folder; report: its pictures and page

`edgecad export` reads the folder. Beside the way: study (many runs as one table), judgement (`edgecad evaluate`),
phantoms (scans for trials).
"""

import logging
import os

# TensorFlow greets on stderr when it is imported; only its errors concern a user.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# TensorFlow switches its faster kernels on by itself only for some processors; backward passes gain a fifth with AVX2.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
logging.getLogger("tensorflow").setLevel(logging.ERROR)
