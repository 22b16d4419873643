"""From a case to a prediction: one model over many cases."""
