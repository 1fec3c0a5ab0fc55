"""A scan's id as the site wants it: from the name of its file, or from an attribute of a DICOM object.

    source    what a site writes, `name`, `dicom:KEYWORD` or `regex:PATTERN`; and the id of a name
    pattern   a regular expression on a name, within a bounded time
    cleaning  an id as a record, a picture and a terminal can show it

Nothing is read here; attributes are read by `edgecad.images.dicom.attributes`.
"""

from edgecad.identity.cleaning import MAX_LETTERS, NO_ID, cleaned
from edgecad.identity.source import IdSource, id_source_of

__all__ = ["MAX_LETTERS", "NO_ID", "IdSource", "cleaned", "id_source_of"]
