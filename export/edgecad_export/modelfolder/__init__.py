"""What lies in a model folder beside the graphs: proof, card, sums, signature, engines.

exported_file           what is known of a file that was proven
parity_file             parity.json
card and card_*         MODEL_CARD.md; markdown: safe pieces of it
signing                 the signature of the sums
engines                 TensorRT engines, proven or called unproven
"""
