"""Engines that run a graph: each a peer behind the protocol `base.Runner`.

base            the protocol, and the facts that a runner tells of itself
devices         the table of devices: a row for each engine
onnx            ONNX Runtime, on the CPU or CUDA
tensorrt        TensorRT, full or for RTX; cuda: as little of CUDA's runtime as it needs
demands         what each of them demands of a model before it may run it
sizes           how large a graph's values become, before any is computed
profile         which nodes really run, for `edgecad inspect`
"""
