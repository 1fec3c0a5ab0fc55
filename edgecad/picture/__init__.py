"""What a reader sees: the picture of an answer, and that of a refusal.

figure          the two pictures
page            their stamp, and the line below; line: whose picture it is
verdict         what is said first, and whether it may have its colour
icons           the shape that says it before any colour does
bar             the score on its scale, with threshold and uncertain zone
column          warnings, the key of the colours, notes; warnings: findings in few words, the gravest first
cells           the heat map over its picture, and on the scan's own pixels; marks: its signs and outlines
canvas          what all of it is painted on, at any scale; shapes: coverage from signed distances
letters         the letters, and lines of them that fit
colours         of all of it
"""
