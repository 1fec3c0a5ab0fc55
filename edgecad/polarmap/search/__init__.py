"""How maps are found on a screen.

dark       one map on a ground that is dark up to the border: the first way
wide       maps on a ground of any even colour, in windows, frames and panels, one or several
grounds    even colours of a screen
guesses    circles along the borders of an even colour, on a reduced screen
rays       what is seen along rays across a circle
rim        whether a circle is the rim of a disc that stands on that colour
outline    an outline around a map is no part of it
pictures   other pictures on the same ground
place      which one of several maps is meant
circle     a circle, and how one is fitted
pixels     a screen made smaller
"""
