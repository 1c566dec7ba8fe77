"""What a column becomes: factors learned on the training data and replayed on new data."""
