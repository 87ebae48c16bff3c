"""What runs for the console: ``admin`` in place of the gateway's own, and ``impact``, once for each asked for."""
