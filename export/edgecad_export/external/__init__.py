"""A Keras model that EdgeCAD did not train: opened safely, rebuilt, described.

about               what only its owner can say
contents            what its file declares, checked before anything is unpacked
keras_file          opened without running code of others
keras2              files of Keras 2 in the words of Keras 3
keras2_links        which layer is called on which
keras2_operations   arithmetic between layers
keras2_weights      weights by their names
losses              what the file's loss says of a linear end
keras_head          pooling and dense layers at its end
head_steps          what one layer or operation of it does
rebuilt             the same function in the form that export explains
same_function       the proof of that
own_scaling         what it does to its input before its first convolution
run                 all of it as a Run, with a contract
"""
