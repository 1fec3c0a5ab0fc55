"""The page's look, and what a browser may load for it: this style, and pictures beside the page; no script."""

from __future__ import annotations

import base64
import hashlib

from edgecad.picture.canvas import HEIGHT, WIDTH
from edgecad.picture.column import MAP_SIDE
from edgecad.picture.figure import MAP_TOP, MAPS

THUMB = 172
"""Width of a thumbnail, pixels: both maps of a picture, cut out of it."""
CUT_WIDE = MAPS[1] + MAP_SIDE - MAPS[0]
_SCALE = THUMB / CUT_WIDE

STYLE = f"""
*{{box-sizing:border-box}}
body{{margin:0 auto;max-width:1050px;padding:0 0 40px;background:#fff;color:#15171a;
font:14px/1.4 "IBM Plex Sans","DejaVu Sans","Segoe UI",Helvetica,Arial,sans-serif;
-webkit-print-color-adjust:exact;print-color-adjust:exact}}
main{{padding:0 36px}}
.stamp{{padding:5px;text-align:center;border-bottom:1px solid #15171a}}
.stamp.warns{{font-weight:700;
background:repeating-linear-gradient(-45deg,#15171a 0 8px,#fff 8px 18px)}}
.stamp.warns span{{background:#fff;padding:4px 18px}}
h1{{font-size:26px;margin:20px 0 4px}}
h2{{font-size:17px;margin:28px 0 4px}}
p{{margin:3px 0}}
small{{display:block;color:#565b63;font-size:12px;overflow-wrap:anywhere}}
.defs{{position:absolute}}
.icon{{width:23px;height:23px;vertical-align:middle;margin-right:7px;flex:none}}
ul.tiles{{display:flex;gap:10px;padding:0;margin:14px 0;list-style:none}}
.tiles li{{flex:1;border:1px solid #c4c8ce;padding:9px 11px}}
.tiles b{{font-size:24px;vertical-align:middle}}
.tiles span{{display:block;overflow-wrap:anywhere}}
.histogram{{display:block;width:272px}}
table{{width:100%;border-collapse:collapse;table-layout:fixed}}
th{{text-align:left;font-size:12px;color:#565b63;border-bottom:2px solid #15171a;padding:5px 7px}}
td{{border-bottom:1px solid #d5d8dc;padding:8px 7px;vertical-align:middle;overflow-wrap:anywhere}}
tr{{break-inside:avoid}}
h2,thead{{break-after:avoid}}
.pic{{width:186px}}
.time{{width:78px}}
.why{{width:176px}}
.scan{{width:150px}}
.said{{width:180px}}
.verdict{{display:flex;align-items:center}}
.bar{{display:block;width:270px;max-width:100%}}
.thumb{{display:block;position:relative;width:{THUMB}px;height:{_SCALE * MAP_SIDE:.0f}px;overflow:hidden;
color:#565b63;background:#eceef0;font-size:12px;text-align:center;line-height:{_SCALE * MAP_SIDE:.0f}px}}
.thumb img{{position:absolute;width:{_SCALE * WIDTH:.1f}px;height:{_SCALE * HEIGHT:.1f}px;
left:-{_SCALE * MAPS[0]:.1f}px;top:-{_SCALE * MAP_TOP:.1f}px}}
.thumb.whole img{{width:100%;height:100%;left:0;top:0;object-fit:contain}}
.note::before{{content:"\\26a0\\fe0e\\00a0"}}
a{{color:inherit}}
@page{{size:A4;margin:11mm}}
@media print{{body{{max-width:none}}main{{padding:0}}}}
"""
_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY = f"default-src 'none'; img-src 'self' file:; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'"
"""Of the content of a page (CSP): whatever a text does, nothing else is loaded, run or sent."""
