"""From a scan to its answer: opening a model, running it, checking what it gave.

classifier      the one public class
opening         the model that somebody asked for, open and proven
loading         a model's file -> its contract and a runner that was checked
choosing        what `auto` stands for; benches: what `edgecad bench --save` recorded, on which it rests
proofs          the golden samples at opening, and how a success is remembered
choices         the colour tables and the map that were asked for; thresholds: the one in force, and who chose it
predicting      one scan of an open model -> its prediction, step by step; replaying: golden samples so answered
checks          what must hold of every answer of an engine
answering       one scan -> its record and its picture, for `infer` and `watch`
identity        whose scan it is, as far as a site asks
"""
