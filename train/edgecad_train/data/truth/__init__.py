"""Where a scan's defect is, as somebody knows it: a mask on the map's disc, or numbers of segments.

defect          DefectTruth: the mask, how it is known, and how deep the defect is
masks           PNG files, one by one, and a folder of them
columns         what a CSV says in its columns `mask`, `segments` and `deficit_percent`
"""

from edgecad_train.data.truth.defect import DefectTruth

__all__ = ["DefectTruth"]
