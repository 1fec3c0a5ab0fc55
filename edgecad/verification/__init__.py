"""What a model is and how it does here, told without a diagnosis.

model           a model's files, golden samples and comparison, as `edgecad verify` asks
against         two models, or two precisions, on the same scans
comparison      how far two sets of answers lie apart; the parity gate of an export judges by it too
inspection      contract, graph as it runs here, files
"""
