"""``python -m lifecycle.cli``, for where the command is not on the path."""

import sys

from lifecycle.cli import main

sys.exit(main())
