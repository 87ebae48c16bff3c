"""Who answers: the seam (``base``), its scripted double, the local backend, and workers on a cluster (``pool``)."""
