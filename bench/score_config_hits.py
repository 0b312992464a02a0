"""Looks up score configs that are in the cache; prints the median milliseconds of one.

It is run by each client's own Python; the argument is how many. What fills the cache is not
counted.
"""

import contextlib
import io
import statistics
import sys
import time

CONFIGS = 200


def main(hits):
    from coaiapy.cofuse import get_config_with_auto_refresh

    times = []
    with contextlib.redirect_stdout(io.StringIO()):
        assert get_config_with_auto_refresh("Config 7")
        for number in range(hits):
            start = time.perf_counter()
            assert get_config_with_auto_refresh("Config {}".format(number % CONFIGS))
            times.append(time.perf_counter() - start)
    print(statistics.median(times) * 1000)


if __name__ == "__main__":
    main(int(sys.argv[1]))
