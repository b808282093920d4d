"""Records and graphs as files for other programs.

Exporters of text come in pairs: `generate_x` yields lines, `write_x` writes a file, which is there
whole or not at all.
"""

from remedy.errors import TargetExists, UnknownTable
from remedy.exports._files import safe_name
from remedy.exports.dot import generate_dot, write_dot
from remedy.exports.frames import frames_of
from remedy.exports.graphml import generate_graphml, write_graphml
from remedy.exports.mermaid import generate_mermaid, write_mermaid
from remedy.exports.records_json import generate_json, generate_jsonl, write_json, write_jsonl
from remedy.exports.tables import (
    generate_csv,
    guarded,
    table_names,
    unguarded,
    write_csv,
)

__all__ = [
    "TargetExists",
    "UnknownTable",
    "frames_of",
    "generate_csv",
    "generate_dot",
    "generate_graphml",
    "generate_json",
    "generate_jsonl",
    "generate_mermaid",
    "guarded",
    "safe_name",
    "table_names",
    "unguarded",
    "write_csv",
    "write_dot",
    "write_graphml",
    "write_json",
    "write_jsonl",
    "write_mermaid",
]
