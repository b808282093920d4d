"""All targets, by name."""

from __future__ import annotations

from collections.abc import Mapping

from tests.fuzz import exporters, files, mappings, queries, renderers, values, written
from tests.fuzz.target import Target

__all__ = ["TARGETS"]

TARGETS: Mapping[str, Target] = {
    **values.TARGETS,
    **files.TARGETS,
    **mappings.TARGETS,
    **written.TARGETS,
    **queries.TARGETS,
    **exporters.TARGETS,
    **renderers.TARGETS,
}
