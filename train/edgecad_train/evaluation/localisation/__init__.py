"""Whether heat maps show the defect, measured like accuracy: scan by scan, then over patients with intervals.

cells           which cell of a map each pixel of the disc lies in
defect          a map against a defect that is known: its peak, the area under its curve, chance, the coldest place
located         one scan: all of that, its outlined region, and map against uptake     -> LocatedScan
cases           the scans of labelled data, one by one
figures         shares and means over scans, with intervals by patient                 -> Localisation
words           which scans the figures are about, and what they are called

Maps are those that a reader is shown, in logit units. Where nobody knows the defect, the map is compared with uptake.
"""
