"""Offline: turns MNIST and EMNIST into the artifacts that `app` serves."""
