"""Measurements of models and judges, and the gates that stop a run."""
