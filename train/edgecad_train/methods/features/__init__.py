"""Methods on features of a network that nobody fine-tuned.

frozen      what the network gives for every scan: computed once, and shared with the strategies of a study
linear      `deep-features`, with an exact heat map
rbf         `deep-features-rbf`, without one
"""
