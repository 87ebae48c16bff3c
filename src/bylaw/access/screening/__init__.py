"""Screening: who is on a list, under which name, and why that is believed."""
