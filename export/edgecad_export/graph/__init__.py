"""The classifier as one forward graph with its heat map, in Keras and in ONNX."""
