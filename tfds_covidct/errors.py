"""What can go wrong with a user's data, as errors that say what to do."""


class DataError(ValueError):
    """The source files are not what the data set is made of; nothing was prepared."""


class SourceUnavailableError(DataError):
    """The source files are neither in `manual_dir` nor can they be downloaded."""
