"""Tampering in the training phase: found where it leaves a trace, not assumed away.

``screen.audit`` is the one entrance. It reads rows (what a model is fine-tuned on, and the labelled pairs it is
optimised on), runs every check it has the material for, and returns an ``AuditReport``: findings with their rows, what
was tested at which thresholds, what could not be tested, and what no check here would see. Strings and numbers only.
"""
