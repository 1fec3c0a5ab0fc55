"""What is looked for on a screen whose ground is not dark up to the border, or that holds several maps.

place      which one of several maps, and how they are counted
"""
