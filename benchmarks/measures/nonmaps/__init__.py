"""What is no map, and whether it gets an answer.

options     what the program takes
judges      exported models, and what they say of a file
rates       shares with their intervals
answered    drawn non-maps
maps        fresh phantoms and the real map
"""
