"""Learning off policy: from a buffer of what any policy experienced, again and again."""
