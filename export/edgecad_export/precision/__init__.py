"""The same graph in fewer bits: which layers, how, and which ones must not.

fp16/  int8/        the two ways
bf16                how an engine computes that runs the fp32 file in bf16; no file has it
narrowed            what each of them gives back
largest, ranges     how large values get; what half precision holds of them
sessions            ONNX Runtime for looking inside a graph
"""
