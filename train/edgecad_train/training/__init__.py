"""How a network learns.

settings, strategies    what defines a run, and the paper's strategies as data; need no Keras
trainer                 a network that is trained again and again from its first weights
choosing/               which epoch goes on: folds side by side; one training chosen twice
stages, epochs          one stage; its epochs, each a few compiled calls
freezing, frozen        what is frozen; its outputs, computed once
rates, loss, adam, augment  learning rates by layer, the loss, the optimiser, small shifts of a map
checkpoint, history     what outlives a kill; figures of every epoch
plain                   what plain Keras takes for an epoch
search/                 which head: Hyperband
"""
