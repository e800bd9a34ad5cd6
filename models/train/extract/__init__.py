"""Trainer of the extraction model: recognised lines in, tagged fields out."""
