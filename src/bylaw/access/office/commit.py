"""Decisions that were kept enter the lab's ledger, in batches, which are signed."""

from bylaw.access.office.place import Office
from bylaw.canonical import canonical
from bylaw.ledger.entries import reference
from bylaw.lineage.lab import Lab


def commit(office: Office, lab: Lab) -> int:
    """Enter the decisions since the last batch; returns how many they were."""
    acts = office.journal.acts()
    count = office.archive.commit(lab, reference(canonical([act.digest for act in acts])), office.name())
    lab.checkpoint()
    return count
