"""``python -m bylaw`` is ``bylaw``."""

import sys

from bylaw.cli import main

sys.exit(main())
