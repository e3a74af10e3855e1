"""Say what a Python function says in the words of the command that was typed.

Errors name the arguments of functions (``max_steps``, ``handling='polar'``); who typed a command
knows its options, and only those.
"""

from __future__ import annotations

import re

import click

from whichmin.errors import InputError, MissingDependency, Verbatim

__all__ = ["as_typed", "refused_as_typed"]

# Parameters of functions that a command calls otherwise.
_OTHERWISE = {
    "w0": "start", "record_to": "record", "record_at": "record_every", "form": "format",
}  # fmt: skip
# keyword='value' and keyword=value, or a name alone that is no English word
_GIVEN = re.compile(r"\b([a-z]\w*)=(?:'([^']*)'|(\w+))")
_NAME = re.compile(r"(?<![-\w])(w0|[a-z]+(?:_[a-z]+)+)(?![\w(])")


def as_typed(text: str, command: click.Command) -> str:
    """Replace arguments of Python functions in a text by the options of a command.

    Args:
        text: Such as ``raise max_steps``.
        command: The command.

    Returns:
        Such as ``raise --max-steps``; what the command has no option for stays as it is.
    """
    options = _options(command)

    def given(match: re.Match[str]) -> str:
        name, quoted, plain = match.groups()
        value = plain if quoted is None else quoted
        return f"{options[name]} {value}" if name in options else match[0]

    text = _GIVEN.sub(given, text)
    return _NAME.sub(lambda match: options.get(match[1], match[1]), text)


def refused_as_typed(
    error: InputError | MissingDependency, ctx: click.Context
) -> InputError | MissingDependency:
    """Name in an error what was typed.

    Args:
        error: The error of a function.
        ctx: The command that called it, with its values.

    Returns:
        The error with the command's words.
    """
    command = ctx.command
    if isinstance(error, MissingDependency):
        return MissingDependency(*(as_typed(part, command) for part in error.parts))
    argument = _options(command).get(error.argument, error.argument)
    if argument in {"data", "points"} and ctx.params.get("file") is not None:
        argument = f"FILE ({ctx.params['file']})"
    return InputError(argument, Verbatim(error.value), as_typed(error.allowed, command))


def _options(command: click.Command) -> dict[str, str]:
    """The options of a command, by the names of its parameters and of the functions'."""
    found = {}
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            typed = max(parameter.opts, key=len)
            found[typed[2:].replace("-", "_")] = typed
            if parameter.name is not None:
                found[parameter.name] = typed
        elif parameter.metavar is not None and parameter.metavar.isalpha():
            found[parameter.metavar.lower()] = parameter.metavar
    return found | {w: found[name] for w, name in _OTHERWISE.items() if name in found}
