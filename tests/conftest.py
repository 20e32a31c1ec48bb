"""What all tests share."""

from hypothesis import settings

settings.register_profile("patron", deadline=None)  # kernels compile and caches fill on the first example
settings.load_profile("patron")
