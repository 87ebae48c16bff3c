"""The report: what changed in a run, why, and what it cost, as one HTML file and as a table for the terminal.

``data`` holds what a report shows, ``collect`` reads it from a run, ``render`` turns it into a page.
"""
