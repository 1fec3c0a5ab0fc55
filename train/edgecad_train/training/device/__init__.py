"""The device that trains: how it is named, opened, checked and told.

asked       the words of `--device`; needs no TensorFlow
driver      whether there is a GPU at all; needs no TensorFlow either
record      what a run remembers of it
opening     strict: what is not here, or gives up at once, is an error; a probe is computed
placing     whether what learns, and what came of it, lies there
failures    errors of TensorFlow as errors of a device
memory      how much a GPU has left
resident    frozen features that stay on a GPU

TensorFlow sees one GPU or none from the moment a device is opened. So all threads compute on one device, and nothing
is placed by hand.
"""
