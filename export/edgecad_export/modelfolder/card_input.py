"""Parts of the model card: what goes in, and what the heat map is."""

from __future__ import annotations

from edgecad.answer.familiarity import words_about
from edgecad.answer.findings import MAX_UNSEEN_COLOURS
from edgecad.contract import Contract, Preparation
from edgecad.images.limits import MAX_BYTES
from edgecad_export.modelfolder.markdown import bullets, plain, section

COLOUR_CELLS = 4096


def input_section(contract: Contract) -> str:
    """What is accepted and what is refused."""
    preparation = contract.preparation
    lines = [
        f"Accepted: JPEG, PNG or DICOM Secondary Capture files of at most {MAX_BYTES / 2**20:.0f} MiB.",
        *_crop(contract),
        *_uptake(preparation),
        f"The network takes {preparation.size} x {preparation.size} RGB pixels, 8 bits each; scaling "
        f"({plain(contract.scaling)}) is inside the graph.",
        *_colours(contract),
        f"Like the training scans: {words_about(contract.familiarity)}.",
        "A refusal gives a reason and no score.",
    ]
    if preparation.region is not None:
        region = preparation.region
        lines.insert(
            1,
            f"Only the region {plain(str(region))} (x, y, width, height in pixels) of screens of "
            f"{region.screen_width} x {region.screen_height} is looked at; screens of another size are refused.",
        )
    return section("Input", bullets(lines))


def _uptake(how: Preparation) -> tuple[str, ...]:
    if how.drawing is None:
        return ()
    drawing = how.drawing
    tables = ", ".join(plain(table.name) for table in how.tables)
    trained = f"a colour table of the training scans ({tables}), " if tables else ""
    return (
        f"Input: uptake. It is read through {trained}one of the site's or the user's, or the bar on the screen, and "
        f"drawn in one way whatever that table is: in {plain(drawing.table)}, blurred by {drawing.blur:g} of 256 "
        f"pixels of the disc, {plain(drawing.beyond)} beyond it. A scan that no "
        "table explains, or more than one, is refused.",
    )


def _colours(contract: Contract) -> tuple[str, ...]:
    if contract.preparation.input == "uptake":
        return ()
    return (_colours_seen(contract),)


def _colours_seen(contract: Contract) -> str:
    if not contract.colours.recorded:
        return "**Colours: nobody recorded those of the training scans, so no scan is refused for its colours.**"
    seen = sum(int(digit, 16).bit_count() for digit in contract.colours.bins)
    return (
        f"Colours: training saw {seen} of {COLOUR_CELLS} colour cells. A scan with more than "
        f"{MAX_UNSEEN_COLOURS:.0%} in other colours is refused."
    )


def _crop(contract: Contract) -> tuple[str, ...]:
    if contract.preparation.crop == "none":
        return (
            "**The whole picture is taken, with all that is written on it. Nothing checks that it is a polar map.**",
        )
    how = contract.preparation
    maps, other = "exactly one polar map, as a whole disc", "no map or several"
    if how.map is not None:
        maps = f"exactly {how.map.count} polar maps, as whole discs; number {how.map.number} is taken, counted from "
        maps += "left to right, then down"
        other = "another number of maps"
    over = "wide things over the disc, or too many lines and letters"
    if how.input == "rgb":
        over = f"text or lines over more than {how.max_overlay_share:.0%} of the disc"
    return (
        f"The screen must show {maps}. The disc is found and cut out; text and lines over it are painted over.",
        f"Refused: {other}, a map that is cut off, squeezed or not smooth, photographs, colour wheels, {over}, "
        "unreadable files.",
    )


def _outside(contract: Contract) -> tuple[str, ...]:
    if contract.pooled_over == "all":
        return ()
    return ("Nothing outside the disc can raise or lower the score; the map is zero there.",)


def _seen(contract: Contract) -> str:
    """What a cell tells of; a method without a network may tell of the cell alone."""
    return " A cell sees far beyond its own borders." if contract.on_network else ""


def map_section(contract: Contract) -> str:
    """What the heat map shows, and on which scale."""
    shown, positive = contract.heatmap, plain(contract.positive)
    grid = contract.golden[0].score_map if contract.golden else ()
    cells = f"{len(grid)} x {len(grid[0])} cells" if grid else "A few cells"
    return section(
        "Heat map",
        bullets(
            (
                f"{cells} that say which parts of the picture raised the score for {positive} and which lowered it. It "
                "is not uptake, ischaemia or an artery.",
                f"It is the class activation map of {positive} less that of {plain(contract.negative)}, in logit "
                "units. Its mean plus a constant of the image is exactly the log-odds before the temperature; the "
                "runtime checks that on every answer.",
                f"Its scale is fixed for this model: colours saturate at {shown.full_scale:.3g} logit units, and the "
                f"activated region is what lies beyond {shown.region_threshold:.3g}. It may be empty.",
                f"Pooled: {plain(contract.pooled_words)}.{_seen(contract)}",
                *_outside(contract),
            )
        ),
    )
