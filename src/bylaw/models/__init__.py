"""Who answers: the seam (``base``), its scripted double, and the local backend."""
