"""What can go wrong with a user's data, as errors that say what to do."""


class DataError(ValueError):
    """The source files are not what the data set is made of; nothing was prepared."""


class SourceUnavailableError(DataError):
    """The source files are neither in `manual_dir` nor can they be downloaded."""


class MissingExtraError(DataError):
    """An optional package that a file needs is not installed: no matter of that file, so never skipped.

    The message names the extra to install.
    """


class SettingError(DataError):
    """A setting of a data set is wrong.

    Args:
      setting: its name, such as window.
      expected: what is wrong or expected, and what to do: a sentence.
      received: the value.
    """

    def __init__(self, setting: str, expected: str, received):
        super().__init__(f"`{setting}`: {expected} Received: {setting}={received!r}")
        self.setting = setting
        self.expected = expected
        self.received = received
