"""The models of a folder side by side: which there are, which one is in force, and to put another one there.

`listing` reads each without running it. `choosing` opens one and replays its golden samples before the pointer may
name it. Pointer and history are files of `edgecad.modelfiles.pointer`.
"""
