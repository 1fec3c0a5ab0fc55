"""`edgecad cache`: TensorRT engines, what OpenVINO compiled, and saved benches of this user."""
