"""From a file of any kind to grey slices."""
