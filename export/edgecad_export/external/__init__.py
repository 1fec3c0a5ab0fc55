"""A Keras model that EdgeCAD did not train: opened safely, rebuilt, described.

about           what only its owner can say
keras_file      opened without running code of others
keras_head      pooling and dense layers at its end
rebuilt         the same function in the form that export explains
run             all of it as a Run, with a contract
"""
