"""pytest runs the tests of a small project that is made for it; what it prints, without the times."""

import contextlib
import io
import os
import re
import shutil
import sys
import tempfile
from pathlib import Path

import pytest

FILES = {
    "pytest.ini": "[pytest]\nmarkers =\n    slow: takes long\ntestpaths = tests\naddopts = --strict-markers\n",
    "shop.py": '''\
"""What is tested."""


class Basket:
    def __init__(self):
        self.items = {}

    def __repr__(self):
        return f"<Basket {self.total}>"

    def add(self, name, price, count=1):
        if price < 0:
            raise ValueError(f"negative price: {price}")
        old = self.items.get(name, (0, 0))[1]
        self.items[name] = price, old + count
        return self

    @property
    def total(self):
        return sum(price * count for price, count in self.items.values())


def words(text):
    yield from (word.strip(".,") for word in text.split())
''',
    "tests/conftest.py": '''\
import pytest
from shop import Basket


@pytest.fixture(params=["empty", "full"])
def basket(request):
    basket = Basket()
    if request.param == "full":
        basket.add("tea", 3, 2).add("milk", 1)
    yield basket
    basket.items.clear()


@pytest.fixture(scope="session")
def log():
    lines = []
    yield lines
    print("session ends with", len(lines))


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: "slow" in item.keywords)
''',
    "tests/test_basket.py": '''\
import pytest
from shop import Basket


def test_total(basket, log):
    log.append(basket.total)
    assert basket.total == sum(price * count for price, count in basket.items.values())
    basket.add("jam", 4)
    assert basket.total in (4, 11)


@pytest.mark.parametrize("price,count", [(price, count) for price in range(15) for count in range(15)])
def test_many(price, count):
    assert Basket().add("x", price, count).total == price * count


def test_refused(basket):
    with pytest.raises(ValueError, match=r"negative price: -\\d"):
        basket.add("x", -1)


def test_wrong(basket):
    expected = {"tea": (3, 2), "milk": (1, 2)}
    assert basket.items == expected, "the basket"


def test_not_raised():
    with pytest.raises(ValueError):
        Basket().add("x", 1)


@pytest.mark.skip(reason="not today")
def test_skipped():
    assert False


@pytest.mark.xfail(raises=ZeroDivisionError)
def test_expected():
    1 / Basket().total
''',
    "tests/test_words.py": '''\
import unittest
import warnings

import pytest
from shop import words

TEXT = "One, two. Three four."


@pytest.mark.slow
def test_words(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("TEXT", TEXT)
    (tmp_path / "a.txt").write_text(TEXT)
    print(*words((tmp_path / "a.txt").read_text()), sep="-")
    assert capsys.readouterr().out == "One-two-Three-four\\n"


def test_lines():
    print("printed before it fails")
    warnings.warn("beware")
    assert "\\n".join(words(TEXT)) == "One\\ntwo\\nthree\\nfour"


def test_lists():
    assert [len(word) for word in words(TEXT)] * 3 == [3, 3, 5, 4, 3, 3, 5, 4, 3, 4, 5, 4]


def test_chain():
    def inner(n):
        return inner(n - 1) if n else {}["missing"]

    try:
        inner(2)
    except KeyError as error:
        raise RuntimeError("outer") from error


class TestOld(unittest.TestCase):
    def setUp(self):
        self.found = list(words(TEXT))

    def test_count(self):
        self.assertEqual(len(self.found), 4)

    def test_cases(self):
        self.assertCountEqual(self.found, ["One", "two", "Three"])


@pytest.fixture
def broken():
    raise OSError("no fixture")


def test_broken(broken):
    pass
''',
}


def make(project):
    for name, text in FILES.items():
        path = project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def run(project, *options):
    """A run in this process; what it prints."""
    output = io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
        status = pytest.main(["-p", "no:cacheprovider", "--color=no", f"--rootdir={project}", f"--basetemp={project / 'temporary'}", *options])
    text = output.getvalue().replace(str(project), "PROJECT").replace(sys.executable, "PYTHON")
    # The last line has the time, and is filled up to the width.
    return int(status), re.sub(r"^=* ?(\d.*) in \d+\.\d\ds(?: \([\d:]+\))?(?: =*)?$", r"\1", text, flags=re.MULTILINE)


def main():
    # A directory above may have a configuration of its own.
    project = Path(tempfile.mkdtemp(prefix="project-")).resolve()
    make(project)
    os.chdir(project)
    sys.path.insert(0, str(project))
    sys.dont_write_bytecode = True
    os.environ["COLUMNS"] = "100"
    for options in (["-ra", "-v"], ["-q", "--tb=short", "-k", "not many", "--setup-show"], ["--collect-only", "-q", "-m", "slow"], ["--no-such-option"]):
        status, text = run(project, *options)
        print(f"---- {' '.join(options)}: exit status {status}")
        print(text)
        # Another run is to import the project anew.
        for name in [name for name in sys.modules if name in ("shop", "conftest") or name.startswith("test_")]:
            del sys.modules[name]
    os.chdir("/")
    shutil.rmtree(project)


main()
