"""Where everything is when an episode begins."""
