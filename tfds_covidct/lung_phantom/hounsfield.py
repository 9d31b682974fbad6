"""Densities of tissues in Hounsfield units (HU)."""

AIR = -1000.0
LUNG = -880.0
BRONCHIAL_WALL = -250.0
FAT = -100.0
SKIN = 20.0
BLOOD = 42.0
MUSCLE = 50.0
LIVER = 62.0
