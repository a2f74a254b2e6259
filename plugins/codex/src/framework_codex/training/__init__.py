"""Training: language modelling on code, fine-tuning on solved tasks, docstring writing."""
