"""What a policy with memory learns about its world while it acts (section 9 of the paper)."""
