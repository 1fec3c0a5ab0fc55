"""Export: the CAM head, ONNX, and the proof that nothing changed on the way."""
