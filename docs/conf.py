from importlib.metadata import version as installed_version

project = "remedy"
author = "the remedy developers"
copyright = f"2026, {author}"
release = version = installed_version("remedy-casebook")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]

html_theme = "furo"
html_title = f"{project} {release}"

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
napoleon_google_docstring = True
napoleon_numpy_docstring = False
# `Attributes:` as fields of the class, so that they are not described a second time as members.
napoleon_use_ivar = True
