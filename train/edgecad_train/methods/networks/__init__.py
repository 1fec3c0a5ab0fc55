"""The networks that other systems have, beside those of `edgecad_train.networks`.

grid            the disc unrolled into rings and angles; numpy alone
levels          uptake from the colours of a drawing; numpy alone
unrolled        an image -> the grid of its uptake, in the graph and in numpy
around          the grid continued beyond its borders, and brought back to the disc
chebyshev       a graph convolution on the grid's cells
learning        a network learns, and folds of what it may learn from choose for how long
answers         log-odds and heat maps of one that has learnt
polar           polar-cnn and polar-gcn, built, fitted and asked;  polar_cnn, polar_gcn: the methods
rgb_cnn, vgg16_maps  the methods of these names
"""
