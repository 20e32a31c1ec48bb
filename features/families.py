"""The families: those that come with Patron, and those that a user adds."""

import importlib
import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from .acquaintance import Acquaintance
from .activities import Activities
from .asking import Asking
from .buying_cycle import BuyingCycle
from .calendar import Calendar
from .errors import ConfigurationError
from .family import Family
from .profile import Profile
from .reasons import Reasons
from .referrals import Referrals
from .satisfaction import Satisfaction
from .social import Social
from .spend import Spend
from .support import Support

FAMILIES: tuple[type[Family], ...] = (
    Acquaintance,
    BuyingCycle,
    Spend,
    Reasons,
    Satisfaction,
    Asking,
    Support,
    Activities,
    Social,
    Referrals,
    Profile,
    Calendar,
)
"""The families that come with Patron."""


def load_families(own: Sequence[str | type[Family]], folder: str = ".") -> tuple[type[Family], ...]:
    """Patron's own families and the user's: classes, "package.module:Class", or "file.py:Class" from the folder on.

    ConfigurationError where one cannot be had.
    """
    return FAMILIES + tuple(_load_family(each, folder) for each in own)


def _load_family(own: str | type[Family], folder: str) -> type[Family]:
    found: object = own
    if isinstance(own, str):
        place, _, attribute = own.partition(":")
        try:
            found = getattr(_module(place, folder), attribute)
        except Exception as error:
            raise ConfigurationError(
                "The family cannot be loaded.",
                where="[run] families",
                found=f"{own}: {type(error).__name__}: {error}",
                remedy='name it as "package.module:Class", and see that the package is installed here, or as'
                ' "file.py:Class" beside the configuration',
            ) from error
    if not (isinstance(found, type) and issubclass(found, Family)):
        raise ConfigurationError(
            "What is named is not a family.",
            where="[run] families",
            found=str(own),
            remedy="name a subclass of patron.Family",
        )
    return found


def _module(place: str, folder: str) -> ModuleType:
    if not place.endswith(".py"):
        return importlib.import_module(place)
    path = Path(folder, place).resolve()
    name = f"patron_families_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    sys.modules[name] = module  # what it defines can be pickled and explained
    return module
