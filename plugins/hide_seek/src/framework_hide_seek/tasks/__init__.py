"""The transfer tests: tasks of one agent, for what hide and seek may have taught it (section 6.2)."""
