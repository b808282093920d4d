"""Benchmarks: each module without an underscore prints one JSON object.

`python -m benchmarks.check --size 100000` and so on; `nox -s bench` runs all of them. What they
measure, and how to read it, stands in `docs/explanation/speed.md`.
"""
