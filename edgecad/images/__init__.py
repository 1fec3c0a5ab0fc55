"""Untrusted bytes become a screen, or a refusal.

    folder   which files of a folder are scans, and why the others are passed over
    kinds    what a file is, by its first bytes
    source   path, bytes, array or dataset  -> which reader        (sniffed, never by name)
    jpeg     markers walked, one image that is complete and upright -> simplejpeg
    png      chunks walked, inflated within bounds, rebuilt clean   -> opencv
    dicom    one 8-bit frame of a Secondary Capture                 -> frame -> jpeg, rle or numpy; its series
    frames   which of several is meant
    ending   whether a file has come to its own end mark, for who must not read one too early
    opencv   the one place that calls OpenCV's decoder
    screen   what a reader hands on: pixels, their hash and kind
    limits   how large a screen may be
    exif     whether viewers turn the picture
    refusals how a screen is refused, in one sentence

Declared sizes are checked before anything is decoded; a file that can be read only in part is refused.
"""

from edgecad.images.ending import has_ended
from edgecad.images.folder import (
    SUFFIXES,
    FolderContent,
    PassedOver,
    content_of,
    counted_whys,
    is_scan_file,
    passed,
    passed_over,
    why_passed_over,
    words_of_passed,
)
from edgecad.images.screen import Screen
from edgecad.images.source import (
    bytes_from_path,
    is_dicom_file,
    read_screen,
    size_of,
    whole,
)

__all__ = [
    "SUFFIXES",
    "FolderContent",
    "PassedOver",
    "Screen",
    "bytes_from_path",
    "content_of",
    "counted_whys",
    "has_ended",
    "is_dicom_file",
    "is_scan_file",
    "passed",
    "passed_over",
    "read_screen",
    "size_of",
    "whole",
    "why_passed_over",
    "words_of_passed",
]
