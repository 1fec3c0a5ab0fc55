"""What a method learnt as a Keras model that export takes as any other: image, features, pooling, one dense layer.

The heat map is then exact by construction, and nothing in export knows of methods.

making      the model of a fitted method, held against the method's own answers    -> KeptModel
percents    uptake of a drawn image, inside the graph
parts       sums of uptake over each segment's part of each cell
changes     how much uptake changes, by scale and direction, by which a scan is like those of the training
limits      `normal-limits` and `segments-logistic`
backbone    `deep-features`

`polar-cnn` builds its model itself.
"""
