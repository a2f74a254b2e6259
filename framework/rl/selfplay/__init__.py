"""Self-play: many agents as a second axis of the batch, teams of them, and opponents from the past."""
