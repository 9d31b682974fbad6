"""Whole chests: the phantoms' anatomy in three dimensions."""
