"""The proof that nothing changed: answers, their distance, what is allowed.

answers         what a model says of images
parity          how far two models' answers lie apart
tolerances      what each precision is allowed
gate            the verdict: a file passes, or gets no name
"""
