"""The policy: entities that are seen, embedded, attended to, and remembered (appendix B)."""
