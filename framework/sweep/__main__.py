"""`python -m framework.sweep FOLDER` runs one child of a sweep, or goes on with it."""

import sys
from pathlib import Path

from framework.sweep.child import main

sys.exit(main(Path(sys.argv[1])))
