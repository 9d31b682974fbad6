"""What the doors share: flags made from the config, one-line errors, exit codes, quiet TensorFlow.

A door is a docstring, its flags, and one call:

    def main(argv=None):
        return cli.run("covid_gan.train", __doc__, _define, _train, argv)
"""

import dataclasses
import logging
import os
import re
import signal
import sys
import tempfile
from importlib import resources
from pathlib import Path

from absl import flags

from covid_gan import config as config_lib
from covid_gan import storage
from covid_gan.errors import ArgumentError, Interrupted, RunError, reason
from covid_gan.settings import value_type

USAGE_ERROR, RUN_ERROR = 2, 1
# The argument of an error about a path that stands beside the flags.
PATHS = "paths"
# What the headings of settings end with in --help.
_SETTINGS = " settings"

# Other names of settings, as the papers on Wasserstein GANs call them.
ALIASES = {
    "n_critic": "discriminator_steps",
    "critic_norm": "discriminator_normalization",
    "every": "evaluate_every",
}


class UsageError(Exception):
    """A command line that cannot be understood; the message is the whole line to print."""


def run(door: str, doc: str, define, call, argv=None, tensorflow=True, paths=None) -> int:
    """Parses the command line, makes the call and says in one line what went wrong.

    Args:
        door: the module's name, such as covid_gan.train.
        doc: its docstring, shown by --help.
        define: called with the `FlagValues` to define the door's flags on.
        call: called with the parsed `FlagValues`, and with the list of paths where there are `paths`.
        argv: the command line's arguments, `sys.argv[1:]` where not given.
        tensorflow: whether the call needs it.
        paths: how --help shows the paths that the door takes beside its flags; None where it takes none.

    Returns:
        The exit code: 0, 1 for a run that failed, 2 for wrong usage, 128 + n after signal n.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    arguments = sys.argv[1:] if argv is None else list(argv)
    try:
        values, rest = _parse(define, arguments)
        if values.help:
            print(_help(door, doc, values, paths), flush=True)
            return 0
        if rest and not paths:
            raise UsageError(f"{rest[0]}: is not a flag; write --name=value. See --help.")
        # As an exception, so that whatever is half done is cleaned up.
        signal.signal(signal.SIGTERM, lambda signum, frame: sys.exit(128 + signum))
        _prepare_logging()
        if tensorflow:
            _prepare_tensorflow()
        call(values, rest) if paths else call(values)
        return 0
    except UsageError as error:
        return _fail(str(error), USAGE_ERROR)
    except ArgumentError as error:
        flag = "" if paths and error.argument == PATHS else f"--{_typed(error.argument, arguments)}="
        source = _source(error.argument, values, arguments)
        return _fail(f"{flag}{_shown(error.received)}: {error.expected}{source}", USAGE_ERROR)
    except Interrupted as error:
        return _fail(str(error), 128 + error.signum)
    except RunError as error:
        return _fail(str(error), RUN_ERROR)
    except KeyboardInterrupt:
        return _fail("Interrupted.", 130)
    except BrokenPipeError:  # the reader of the output went away, as `| head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return RUN_ERROR
    except storage.refusals() as error:
        return _fail(f"{reason(error)}.", RUN_ERROR)


def define_settings(values: flags.FlagValues, *groups, without=(), defaults=None) -> None:
    """Defines a flag for every setting of the config, or of the named groups alone.

    Args:
        values: what to define them on.
        *groups: of the config; all where none is given.
        without: names of settings that get no flag, as the door does not read them.
        defaults: other defaults by name, as --help shows them; the door has to use them.
    """
    for group in groups or config_lib.GROUPS:
        define_fields(values, group, config_lib.GROUPS[group], without, defaults)


def define_fields(values: flags.FlagValues, group: str, kind: type, without=(), defaults=None) -> None:
    """Defines a flag for every setting of a dataclass.

    Args:
        values: what to define them on.
        group: the heading below which --help shows them, such as data.
        kind: a dataclass whose fields are made by `settings.setting`.
        without, defaults: as in `define_settings`.
    """
    makers = {
        str: flags.DEFINE_string,
        int: flags.DEFINE_integer,
        float: flags.DEFINE_float,
        bool: flags.DEFINE_bool,
        tuple: flags.DEFINE_string,
    }
    where = {"flag_values": values, "module_name": group + _SETTINGS}
    for field in dataclasses.fields(kind):
        if field.name in without:
            continue
        choices, help = field.metadata["choices"], field.metadata["help"]
        make = makers[value_type(field)]
        default = (defaults or {}).get(field.name, field.default)
        default = ",".join(default) if isinstance(default, tuple) else default
        if choices and value_type(field) is tuple:
            make(field.name, default, f"<{'|'.join(choices)}>,…: {help}", **where)
        elif choices:
            flags.DEFINE_enum(field.name, default, choices, help, **where)
        else:
            make(field.name, default, help, **where)
        for alias in (name for name, setting in ALIASES.items() if setting == field.name):
            flags.DEFINE_alias(alias, field.name, **where)


def given_settings(values: flags.FlagValues, *kinds: type) -> dict:
    """The settings that stand on the command line or in its flag files.

    Args:
        values: parsed.
        *kinds: the dataclasses whose settings are meant; the config's groups where none is given.
    """
    settings = {}
    for field in (
        field for kind in kinds or config_lib.GROUPS.values() for field in dataclasses.fields(kind)
    ):
        if field.name in values and values[field.name].present:
            value = values[field.name].value
            if value_type(field) is tuple:
                value = _listed(field.name, value)
            settings[field.name] = value
    return settings


def _listed(name: str, value: str) -> tuple[str, ...]:
    """The parts of a value with commas; in place of NAME.txt, what stands on the lines of that file."""
    parts = []
    for part in filter(None, (part.strip() for part in value.split(","))):
        if part.endswith(".txt"):
            try:
                lines = storage.path(part).read_text().splitlines()
            except (*storage.errors(), UnicodeDecodeError) as error:
                message = "cannot be read as a list, one on each line"
                raise UsageError(f"--{name}={part}: {message} ({type(error).__name__}).") from error
            parts += filter(None, (line.strip() for line in lines if not line.startswith("#")))
        else:
            parts.append(part)
    return tuple(dict.fromkeys(parts))


def require(values: flags.FlagValues, *names: str) -> None:
    """Refuses a command line that lacks one of the flags `names`.

    Raises:
        UsageError: naming the first that is missing.
    """
    for name in names:
        if values[name].value in (None, ""):
            raise UsageError(f"--{name}: is missing; it is {values[name].help}")


def preset_folder() -> Path:
    """The folder of the published recipes: inside the installed package, or in the checkout."""
    installed = Path(str(resources.files("covid_gan") / "presets"))
    return installed if installed.is_dir() else installed.parents[1] / "experiments" / "presets"


def _parse(define, argv):
    given, rest = _parse_once(define, argv)
    if "preset" not in given or not given.preset:
        return given, rest
    # Read first, so that every flag given beside it wins, also over one that says the same in other words.
    values, rest = _parse_once(define, [f"--flagfile={_preset_file(given.preset)}", *argv])
    for pair in config_lib.ALTERNATIVES.items():
        for name, instead in (pair, pair[::-1]):
            if given[name].present and not given[instead].present:
                values[instead].unparse()
    return values, rest


def _typed(name, arguments):
    """The name by which a setting stands on the command line: its own or another one."""
    aliases = [alias for alias, setting in ALIASES.items() if setting == name]
    return next((alias for alias in aliases if _stands(alias, arguments)), name)


def _stands(name, arguments):
    return any(re.match(rf"--?(no)?{name}(=|$)", argument) for argument in arguments)


def _source(name, values, arguments):
    """Says where a setting comes from that the user did not type."""
    preset = "preset" in values and values.preset
    if (
        not preset
        or name not in values
        or not values[name].present
        or _stands(_typed(name, arguments), arguments)
    ):
        return ""
    return f" It stands in --preset={preset}."


def _parse_once(define, argv):
    values = flags.FlagValues()
    flags.DEFINE_bool("help", False, "show this help", short_name="h", flag_values=values)
    define(values)
    try:
        rest = values(["covid_gan", *argv])[1:]
    except flags.UnrecognizedFlagError as error:
        hint = str(error).partition("Did you mean:")[2].strip(" ?")
        hint = f" Did you mean --{hint.replace(', ', ' or --')}?" if hint else ""
        raise UsageError(f"--{error.flagname}: there is no such flag.{hint} See --help.") from None
    except UnicodeDecodeError:
        raise UsageError("--flagfile: is not a text file.") from None
    except (flags.Error, ValueError) as error:
        raise UsageError(_flag_first(str(error))) from None
    may_be_empty = {f.name for f in config_lib.all_fields() if value_type(f) is tuple}
    for name in values:
        if values[name].present and values[name].value == "" and name not in may_be_empty:
            raise UsageError(f"--{name}: is empty.")
    return values, rest


def _preset_file(name):
    path = preset_folder() / f"{name}.flags"
    if not path.is_file():
        names = ", ".join(sorted(p.stem for p in preset_folder().glob("*.flags")))
        raise UsageError(f"--preset={name}: there is no such preset; there are {names}.")
    return path


def _flag_first(message: str) -> str:
    flag = re.search(r"--?(\w+)(=\S*?)?(?=:|\s|$)", message)
    if "flagfile" in message:
        return f"--flagfile: {message.partition('flagfile:')[2].strip() or message}"
    if not flag:
        return f"--flags: {message}"
    reason = message[flag.end() :].strip(": ") or "needs a value."
    reason = reason.replace("('Non-boolean argument to boolean flag', ", "must be true or false, not (")
    reason = reason.replace("invalid literal for int() with base 10", "must be a whole number, not")
    reason = reason.replace("could not convert string to float", "must be a number, not")
    return f"{message[flag.start() : flag.end()]}: {reason}"


def _help(door, doc, values, paths):
    usage = " ".join(filter(None, [f"python -m {door} [--flag=value ...]", paths]))
    lines = [doc.strip(), "", f"usage: {usage}"]
    if "preset" in values:
        names = ", ".join(sorted(p.stem for p in preset_folder().glob("*.flags")))
        values["preset"].help += f": {names}"
    by_group = values.flags_by_module_dict()
    own = [flag for group in by_group if not group.endswith(_SETTINGS) for flag in by_group[group]]
    settings = {group: by_group[group] for group in by_group if group.endswith(_SETTINGS)}
    for title, group_flags in {"flags": own, **settings}.items():
        lines += ["", f"{title}:"] if group_flags else []
        for flag in group_flags:
            default = "" if flag.default is None else flag.default
            default = str(default).lower() if flag.boolean else default
            lines += [f"  --{flag.name}={default}", f"      {flag.help}"]
    return "\n".join(lines)


def _shown(value):
    text = ",".join(value) if isinstance(value, tuple) else str(value)
    return text if len(text) <= 200 else f"{text[:200]}…"


def _fail(line, code):
    print(" ".join(line.split()), file=sys.stderr, flush=True)
    return code


def _prepare_logging():
    """Information goes to stdout as it is, warnings and errors to stderr with their level."""
    logging.raiseExceptions = False  # a closed stdout stops no run
    information = logging.StreamHandler(sys.stdout)
    information.addFilter(lambda record: record.levelno < logging.WARNING)
    warnings = logging.StreamHandler(sys.stderr)
    warnings.setLevel(logging.WARNING)
    warnings.setFormatter(logging.Formatter("%(levelname)s: %(message)s"))
    for name in ("covid_gan", "tfds_covidct"):
        logger = logging.getLogger(name)
        logger.handlers = [information, warnings]
        logger.setLevel(logging.INFO)
        logger.propagate = False


def _prepare_tensorflow():
    """Imports TensorFlow under Keras, without its C++ chatter unless TF_CPP_MIN_LOG_LEVEL asks for it.

    That variable alone does not silence what is logged while the libraries load, so
    stderr is held back meanwhile, and shown if the import fails.
    """
    backend = os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    if backend != "tensorflow":
        raise UsageError(f"KERAS_BACKEND={backend}: covid_gan needs the tensorflow backend; unset it.")
    if os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3") != "3":
        return
    sys.stderr.flush()
    stderr = os.dup(2)
    with tempfile.TemporaryFile() as held_back:
        os.dup2(held_back.fileno(), 2)
        try:
            import tensorflow as tf

            tf.config.list_physical_devices()
        except Exception:
            held_back.seek(0)
            os.write(stderr, held_back.read())
            raise
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
