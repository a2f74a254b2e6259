"""Problems and text to train on: where the environments of codex come from."""
