"""Tasks to fine-tune on: traced while a test suite runs, and kept if samples solve them (section 4)."""
