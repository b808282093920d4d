"""Fuzzing: whatever comes in, the outcome is a result or an error of the library's own.

`targets` holds a target for each parser, exporter, renderer and query. The ordinary tests draw
input for each of them; `python -m tests.fuzz` runs them with atheris, as long as wanted.
"""
