"""Words: when two texts of a column mean the same."""

import re


def name_part(word: str) -> str:
    """What texts that mean the same have in common, fit to be part of a feature's name.

    Lower case, letters and digits of any script, everything else as underscores.

    >>> name_part(" E-Mail "), name_part("e mail")
    ('e_mail', 'e_mail')
    """
    return re.sub(r"\W+", "_", word.strip().lower()).strip("_") or "blank"
