"""What a reader sees: the picture of an answer, and that of a refusal.

figure          the two pictures
line            whose picture it is: the line below
bar             the score on its scale, with threshold and uncertain zone
cells           the heat map over its picture, and on the scan's own pixels
colours         of all of it
"""
