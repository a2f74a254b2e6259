"""How good pictures are: metrics, the judge that reads pictures, and evaluators."""
