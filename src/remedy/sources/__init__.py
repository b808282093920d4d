"""Sources: reading tickets, complaints and logs into a casebook.

    rows (a file, dictionaries, a DataFrame) → mapping → records → casebook

`profile` looks at a source and writes nothing; `infer` proposes a mapping for it and asks what it
cannot know; `preview` shows what the first rows become; `import_file` and `import_rows` take the
source in, all of it or nothing.
"""

from __future__ import annotations

from remedy.sources.asking import Choice, Question
from remedy.sources.importing import Imported, import_file, import_rows
from remedy.sources.inferring import Inferred, infer
from remedy.sources.mapping import Mapping, load_mapping
from remedy.sources.previewing import Preview, preview
from remedy.sources.profiling import Profile, profile
from remedy.sources.rejects import RejectedRow
from remedy.sources.rows import Reading

__all__ = [
    "Choice",
    "Imported",
    "Inferred",
    "Mapping",
    "Preview",
    "Profile",
    "Question",
    "Reading",
    "RejectedRow",
    "import_file",
    "import_rows",
    "infer",
    "load_mapping",
    "preview",
    "profile",
]
