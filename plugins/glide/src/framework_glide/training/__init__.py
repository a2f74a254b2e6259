"""Training: what the networks of this plugin learn from, and how."""
