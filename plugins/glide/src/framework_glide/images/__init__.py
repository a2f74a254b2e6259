"""Pictures with captions: where the environments of glide come from, and picture files."""
