"""How the bundled model sky-small was made: ``python -m training.train``."""
