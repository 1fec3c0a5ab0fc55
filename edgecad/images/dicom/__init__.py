"""DICOM: one frame of a file, checked before it is decoded."""
