"""scikit-learn face."""
