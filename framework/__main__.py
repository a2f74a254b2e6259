"""`python -m framework` is the command `framework`."""

from framework.cli import main

main()
