"""The classifier as one forward graph with its heat map, in Keras and in ONNX.

trained_classifier  the parts of a trained Keras model
cam_head            one graph with every output that the runtime needs
flat                models inside models opened up
outputs             what a Keras model gives for images
onnx_from_keras     Keras -> ONNX, checked
parts               edits of an ONNX graph that change no value
"""
