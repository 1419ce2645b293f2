"""Python's garbage, once models have been loaded."""

import gc


def collect_and_freeze() -> None:
    """Throw away what loading left, and take all that stays out of the collector's sight.

    Searching TensorFlow's million objects over and over would halt every request for a tenth of a second now and then.
    A model's objects hold each other in cycles: what was taken out before is looked at again, in case it is replaced.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()
