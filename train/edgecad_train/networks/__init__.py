"""The networks on offer: facts about them, their first weights, and how one is built.

backbones               the table of networks: a row each; needs no Keras
head                    the head in numbers; needs no Keras
imagenet, weightsfile   whether first weights are here and fit to be read; need no Keras
pooled                  the features that are pooled
network                 a network is built: scaling, backbone, pooling, head
weights                 first weights are put in
boundaries              where a network may be cut
explain                 logits and heat maps from frozen outputs
"""
