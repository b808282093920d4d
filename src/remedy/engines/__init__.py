"""Engines: what runs the questions that go over all rows. One file each."""
