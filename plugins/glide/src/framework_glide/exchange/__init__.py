"""Models in the layout of other libraries: diffusers' folders."""
