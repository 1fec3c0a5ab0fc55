"""Models on disk: where they lie, and whether they are what was exported.

file            a model's `.onnx` file, found, read once and checked: the one place through which models are read
folder          a model folder: its precisions, its integrity
sums            SHA256SUMS
signature       the detached Ed25519 signature of the sums, and who demands it
digest          what a lone file says of all its bytes
agreement       whether the precisions of a folder are of one export
metadata        the contract in the file, read before any engine opens it; protobuf: the wire format it lies in
bounds          what a file may be at most: its size, its metadata, its nodes
pointer         `latest`, which names the model in force, and its history
external_data   files that an `.onnx` file would make an engine open
"""
