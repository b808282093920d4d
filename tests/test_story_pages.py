"""The pages of the stories say what the examples say."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"

spec = importlib.util.spec_from_file_location("story_pages", DOCS / "story_pages.py")
assert spec is not None
assert spec.loader is not None
story_pages = importlib.util.module_from_spec(spec)
spec.loader.exec_module(story_pages)


@pytest.mark.parametrize("name", sorted(story_pages.pages()))
def test_a_page_is_what_the_example_makes_it(name: str) -> None:
    on_file = (DOCS / "stories" / name).read_text(encoding="utf-8")
    assert on_file == story_pages.pages()[name], "write them anew: python docs/story_pages.py"
