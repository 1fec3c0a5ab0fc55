"""Pictures of a run, drawn into its folder.

illustrate          all of them, from the folder's files
curves, figures     training curves; ROC, calibration, confusion, decision curve
cases, strategies   pages of heat maps: of one run, and of a study's strategies
drawing, sheet      colours and saving; tiles on a page
"""
