"""What `edgecad bench --save` found, kept for `auto`: a file in the user's cache for each model, machine and versions.

    bench       one of them: what it is about, and what it says
    cache       the files
    lookup      the one for a model here, and what `auto` takes by it

The file's name is the SHA-256 of what it is about. So after any change of the model's files, the machine or a version
there is none, and `auto` takes its default. A file that cannot be used is passed over, with a remark.
"""
