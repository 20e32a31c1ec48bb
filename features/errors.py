"""The errors that a user can meet: each says what, where, which values, and what to do next."""


class PatronError(Exception):
    """Base of every error that Patron raises on purpose.

    `what` is one sentence; `where` names the table, column, key or file; `found` shows the values; `remedy` says
    what to do next. The command line prints `str(error)` and ends with `exit_code`.
    """

    exit_code = 1

    def __init__(
        self, what: str, *, where: str | None = None, found: object = None, remedy: str | None = None
    ) -> None:
        self.what = what
        self.where = where
        self.found = found
        self.remedy = remedy
        super().__init__(what)

    def __str__(self) -> str:
        lines = [self.what]
        if self.where is not None:
            lines.append(f"  where: {self.where}")
        if self.found is not None:
            lines.append(f"  found: {self.found}")
        if self.remedy is not None:
            lines.append(f"  to do: {self.remedy}")
        return "\n".join(lines)


class ConfigurationError(PatronError):
    """The command or the configuration is wrong."""

    exit_code = 2


class DataError(PatronError):
    """A table does not keep its contract."""

    exit_code = 2


class AwayError(DataError):
    """A source of evidence does not answer: it may be worth another try."""


class ModelError(PatronError):
    """A model is unknown, damaged, or does not fit the data."""

    exit_code = 2


class GateError(PatronError):
    """A gate says no: too little data to learn from, or a model that must not be used."""

    exit_code = 3
