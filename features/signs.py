"""Signs of the future: everything in the data that looks as if it had been written down because of the outcome."""

from .contact_signs import contact_signs
from .feature_signs import Judged, feature_signs
from .findings import Finding
from .link_signs import link_signs
from .mapping_signs import mapping_signs
from .profile_signs import profile_signs
from .question import Question
from .sample import Sample
from .time_signs import time_signs


def find_signs(sample: Sample, question: Question, judged: Judged) -> tuple[Finding, ...]:
    """All findings, leaks first."""
    found = [
        *mapping_signs(sample),
        *link_signs(sample),
        *profile_signs(sample, judged),
        *contact_signs(sample, question),
        *time_signs(sample),
        *feature_signs(judged),
    ]
    return tuple(sorted(found, key=lambda finding: finding.level != "leak"))
