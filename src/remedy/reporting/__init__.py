"""Reports: what a check found, in text, Markdown and JSON."""

from remedy.reporting.report import Report

__all__ = ["Report"]
