"""Whether heat maps show the defect.

options     what the program takes
measuring   models on fresh phantoms
real        the one real map: figures without a truth, and its picture
"""
