"""fp32 to int8.

converting              the way: backbone in 8 bits, the rest in 32
plans, work             what stays in fp32, and what that costs
plain_graph             the plainest form of the fp32 graph
equalisation            like ranges in all channels
variations              more images to calibrate by
staggering              two copies of what passes from fp32 into 8 bits
grids, image_grid       the 8-bit grids of activations, and the image's own
fitting, patches, rounding, weight_bounds   whole-number weights that undo what came before them
qdq                     the int8 graph itself
"""
