"""Export: from a run folder, or another Keras model, to a model folder, and the proof that nothing changed on the way.

The way of a model, as `edgecad export` takes it:

    cli/export              its options -> request: an ExportRequest
    runfiles, external/     a run folder, or a Keras model that EdgeCAD did not train, becomes a Run
    graph/                  the Keras model as one graph with its heat map, in Keras and in ONNX
    candidates, precision/  the same graph in fp16 and int8
    proof/                  the gate: a file that does not answer as the Keras model does gets no name
    exporter                all of this, golden answers, and the folder that appears whole
    modelfolder/            what lies in it beside the graphs
    table, cost, timing     what the command says at its end
"""

import logging
import os

# TensorFlow greets on stderr when it is imported; only its errors concern a user.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
logging.getLogger("tensorflow").setLevel(logging.ERROR)
