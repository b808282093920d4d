"""Sources: reading tickets, complaints and logs into a casebook.

    rows (a file, dictionaries, a DataFrame) → mapping → records → casebook

`profile` looks at a source and writes nothing; `infer` proposes a mapping for it and asks what it
cannot know; `import_file` and `import_rows` take it in, all of it or nothing.
"""

from __future__ import annotations

from remedy.sources.inferring import Choice, Inferred, Question, infer
from remedy.sources.importing import Imported, Preview, import_file, import_rows, preview
from remedy.sources.mapping import Mapping, load_mapping
from remedy.sources.profiling import Profile, profile
from remedy.sources.rejects import RejectedRow

__all__ = [
    "Choice",
    "Imported",
    "Inferred",
    "Mapping",
    "Preview",
    "Profile",
    "Question",
    "RejectedRow",
    "import_file",
    "import_rows",
    "infer",
    "load_mapping",
    "preview",
    "profile",
]
