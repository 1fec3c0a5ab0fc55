"""What guidelines for reports of prediction models ask, each item with its place in a report, or what is missing.

item     an item, a fact, and how facts answer items
tripod   TRIPOD+AI, 27 items in 52 parts
claim    CLAIM, 44 items
of_run   facts that a training run knows of itself; of_model of its model, shared as an evaluation tells them too
page     reporting-checklist.html

What the items ask is said in EdgeCAD's words; their own wording is in the two papers.
"""
