"""Python that is to be run where some packages cannot be found, though they are installed."""

HIDDEN = """
import sys

class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {absent!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Hidden())
"""


def where_absent(absent: set[str], code: str) -> str:
    """The code, run after the packages of these names have been hidden."""
    return HIDDEN.format(absent=absent) + code
