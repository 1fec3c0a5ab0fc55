"""DICOM: one frame of a file, checked before it is decoded.

beginning       whether a file is DICOM, with or without its preamble
reading         the door; series: what the file says of the acquisition (words, tokens, meanings)
frame           what it says of its pixels, held against what a screen is
attributes      what a site asked for of whose it is: one text, and UIDs
encapsulated    compressed frames and run lengths; pixels: a frame made RGB
"""
