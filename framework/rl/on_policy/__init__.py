"""Learning on policy: from what the newest policy experienced, a few times, and never again."""
