"""``python -m wheelbridge``."""

import sys

from wheelbridge.cli import main

sys.exit(main())
