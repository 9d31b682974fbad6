"""One setting of a config: its type, help and choices beside its default, and how it is checked."""

import dataclasses
import types
import typing

from covid_gan.errors import ArgumentError

# A setting that every run has had.
ALWAYS = object()


def setting(default, help, choices=None, may_change=False, before=ALWAYS):
    """A field.

    `may_change`: a resumed run may be given another value; on one device each step stays what it was, but
    for rounding.
    `before`: the value that stands for what was done before there was this setting.
    """
    metadata = {"help": help, "choices": choices, "may_change": may_change, "before": before}
    return dataclasses.field(default=default, metadata=metadata)


def value_type(field: dataclasses.Field) -> type:
    """The type of a field's values, None aside: str, bool, int, float or tuple."""
    kind = field.type
    if isinstance(kind, types.UnionType):
        kind = next(k for k in typing.get_args(kind) if k is not type(None))
    return typing.get_origin(kind) or kind


def _check_field(config, field):
    name, value = field.name, getattr(config, field.name)
    kind = value_type(field)
    if value is None and isinstance(field.type, types.UnionType):
        return  # not given, or not a setting of these networks
    if kind is float and type(value) is int:
        object.__setattr__(config, name, float(value))
    elif kind is tuple and isinstance(value, list):
        object.__setattr__(config, name, tuple(value))
    elif type(value) is not kind:
        raise ArgumentError(name, f"must be of type {kind.__name__}.", value)
    if kind is tuple and not all(isinstance(part, str) for part in getattr(config, name)):
        raise ArgumentError(name, "must hold strings.", value)
    choices = field.metadata["choices"]
    given = getattr(config, name) if kind is tuple else (value,)
    if choices and not set(given) <= set(choices):
        raise ArgumentError(
            name, f"must be {'of' if kind is tuple else 'one of'} {', '.join(choices)}.", value
        )


class SelfChecking:
    """A frozen dataclass whose fields are checked by their types and choices, and then by its own `_check`."""

    def __post_init__(self):
        for field in dataclasses.fields(self):
            _check_field(self, field)
        self._check()

    def _require(self, name, rule, condition):
        value = getattr(self, name)
        if value is not None and not condition(value):
            raise ArgumentError(name, f"must be {rule}.", value)
