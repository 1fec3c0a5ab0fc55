"""The page's look, and what a browser may load for it: this style, and pictures beside the page; no script."""

from __future__ import annotations

import base64
import hashlib

from edgecad.picture.canvas import HEIGHT, WIDTH
from edgecad.picture.column import MAP_SIDE
from edgecad.picture.figure import MAP_TOP, MAPS

THUMB = 12.3
"""Width of a thumbnail, em: both maps of a picture, cut out of it. All is in em, so that paper has the same lines."""
_SCALE = THUMB / (MAPS[1] + MAP_SIDE - MAPS[0])

STYLE = f"""
*{{box-sizing:border-box}}
body{{margin:0 auto;min-width:62em;max-width:75em;padding:0 0 3em;background:#fff;color:#15171a;
font:14px/1.4 "IBM Plex Sans","DejaVu Sans","Segoe UI",Helvetica,Arial,sans-serif;
-webkit-print-color-adjust:exact;print-color-adjust:exact}}
main{{padding:0 2.5em}}
.stamp{{padding:.36em;text-align:center;border-bottom:1px solid #15171a}}
.stamp.warns{{font-weight:700;background:repeating-linear-gradient(-45deg,#15171a 0 .6em,#fff .6em 1.3em)}}
.stamp.warns span{{background:#fff;padding:.3em 1.3em}}
h1{{font-size:1.85em;margin:.75em 0 .15em}}
h2{{font-size:1.2em;margin:1.6em 0 .25em}}
p{{margin:.2em 0}}
small{{display:block;color:#565b63;font-size:.86em;overflow-wrap:anywhere}}
.defs{{position:absolute}}
.icon{{width:1.65em;height:1.65em;vertical-align:middle;margin-right:.5em;flex:none}}
ul.tiles{{display:flex;gap:.7em;padding:0;margin:1em 0;list-style:none}}
.tiles li{{flex:1;border:1px solid #c4c8ce;padding:.65em .8em}}
.tiles b{{font-size:1.7em;vertical-align:middle}}
.tiles span{{display:block;overflow-wrap:anywhere}}
.histogram{{display:block;width:19.5em}}
table{{width:100%;border-collapse:collapse;table-layout:fixed}}
th{{text-align:left;font-size:.86em;color:#565b63;border-bottom:2px solid #15171a;padding:.4em .6em}}
td{{border-bottom:1px solid #d5d8dc;padding:.57em .5em;vertical-align:middle;overflow-wrap:anywhere}}
tr{{break-inside:avoid}}
h2,thead{{break-after:avoid}}
.pic{{width:15.5em}}
.time{{width:6.5em}}
.why{{width:14.6em}}
.scan{{width:12.5em}}
.said{{width:15em}}
.verdict{{display:flex;align-items:center}}
.bar{{display:block;width:19.3em;max-width:100%}}
.thumb{{display:block;position:relative;width:{THUMB}em;height:{_SCALE * MAP_SIDE:.2f}em;overflow:hidden;
color:#565b63;background:#eceef0;text-align:center;line-height:{_SCALE * MAP_SIDE:.2f}em;text-decoration:none}}
.thumb img{{position:absolute;width:{_SCALE * WIDTH:.2f}em;height:{_SCALE * HEIGHT:.2f}em;
left:-{_SCALE * MAPS[0]:.2f}em;top:-{_SCALE * MAP_TOP:.2f}em}}
.thumb.whole img{{width:100%;height:100%;left:0;top:0;object-fit:contain}}
.note::before{{content:"\\26a0\\fe0e\\00a0"}}
a{{color:inherit}}
@page{{size:A4;margin:11mm}}
@media print{{body{{font-size:10.5px;min-width:0;max-width:none;padding:0}}main{{padding:0}}}}
"""
_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY = f"default-src 'none'; img-src 'self' file:; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'"
"""Of the content of a page (CSP): whatever a text does, nothing else is loaded, run or sent."""
