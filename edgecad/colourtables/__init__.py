"""Colour tables as data: from uptake, percent of a table's span, to the colour that a workstation draws.

    table   one table: its colours from the low end to the high end, continuous or in steps
    known   tables that EdgeCAD knows by name
    files   a table as a file, and a word that is either a name or a file
    draft   the order of a table's colours from maps without a bar

Nothing here looks at a screen: `edgecad.polarmap` reads uptake through a table.
"""

from edgecad.colourtables.table import ColourTable

__all__ = ["ColourTable"]
