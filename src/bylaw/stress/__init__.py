"""How easily a model's safety comes off again: attacks on its weights, measured. Nothing here claims resistance."""
