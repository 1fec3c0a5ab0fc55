"""From a scan to its answer: opening a model, running it, checking what it gave.

classifier      the one public class
loading         a model's file -> its contract and a runner that was checked
checks          what must hold of every answer of an engine
answering       one scan -> its record and its picture, for `infer` and `watch`
"""
