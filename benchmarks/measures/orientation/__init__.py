"""How a series of maps lies, and how often that is told.

options   what the program takes
lying     phantoms' maps in each orientation
rates     series of several lengths
screens   series that are read from screens
watch     scan after scan
"""
