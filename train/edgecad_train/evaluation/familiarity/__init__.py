"""How like the training scans a scan is: centres of their features, and limits of the distance to them.

centres     k-means, each centre the mean of several patients
deepened    training maps with deeper deficits, so that severe disease is no reason to refuse
limits      conformal limits from distances to centres that were found without the patient
measuring   both, from the features of a network as it was trained
scans       the same from the scans of a run, whatever pools their features
"""
