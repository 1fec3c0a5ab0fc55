"""fp32 to fp16.

converting      the way: backbone in 16 bits, the rest in 32
sensitivity     which nodes stay in 32 bits
correction      features are brought back to fp32's
half            the graph as hardware with halves computes it, for the proof on a CPU
"""
