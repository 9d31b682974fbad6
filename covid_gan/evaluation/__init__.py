"""Judges a trained generator: distances, diversity, privacy and use, with their floors."""
