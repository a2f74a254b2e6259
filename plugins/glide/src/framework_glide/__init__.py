"""GLIDE: Towards Photorealistic Image Generation and Editing: what this plugin offers."""

from __future__ import annotations

FRAMEWORK_API = 1
