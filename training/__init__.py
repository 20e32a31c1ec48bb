"""How a model is chosen: folds, evaluation, decision and tracking."""
