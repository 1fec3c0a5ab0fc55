"""How near networks come to what this machine can do, and how their time grows.

    python benchmarks/limits.py limit  [--backbones resnet152v2 ...]    floors from measured rates, beside medians
    python benchmarks/limits.py growth [--backbones mobilenetv2 ...]    by images at once, threads and input size

`limit` measures in turn, in one process and on all threads that are ours: products of matrices and a convolution in
fp32 and in 8 bits, reading and copying memory, and the network's fp32 and int8 file, one image at a time. Operations
are multiply-adds x 2, counted in the fp32 file's graph. The floor that the bar is about is the one by node: for each
Conv, Gemm and MatMul the longer of its operations at the best rate and its bytes (weights, activations read and
written) at the best bandwidth, summed; what stands between counts nothing. The other floors are told beside it
(measures/limits/operations.py says what each is). A share is floor / measured: 1 is the floor itself. The bar: int8 of
ResNet152V2 at 0.6.

`growth` fits straight lines, or powers: then the slope is that of the logarithms of both. Inputs of other sizes run the
same weights in a graph whose sizes are rewritten. It draws benchmarks/pictures/inference_growth.png.

Models have random weights: only time is measured. Figures go to benchmarks/results/limits_limit_<network>.json and
limits_growth.json with the machine's cores and versions.
"""

from __future__ import annotations

from measures.limits.floors import limit
from measures.limits.growing import growth
from measures.limits.options import LimitOptions
from measures.program import keep, read_options


def main() -> None:
    """Measure one thing, of each network, and keep it as soon as it is there."""
    options = read_options(LimitOptions, __doc__)
    if options.what == "growth":
        keep(options, "limits_growth", options.what, growth(options))
        return
    for found in limit(options):
        keep(options, f"limits_limit_{found.backbone}", options.what, found)


if __name__ == "__main__":
    main()
