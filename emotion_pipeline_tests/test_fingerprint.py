"""On a package made up for the test, and on this one."""

from pathlib import Path
from textwrap import dedent

import pytest

from emotion_pipeline import fingerprint as code
from emotion_pipeline.datasets import all_datasets

FILES = {
    "__init__.py": "",
    "reader.py": """\
        import os

        from toy import helpers
        from toy.deep.words import WORD

        def read(path):
            return helpers.clean(os.fspath(path)) + WORD
        """,
    "helpers.py": """\
        def clean(text):
            from toy.constants import BLANK
            return text.strip(BLANK)
        """,
    "constants.py": "BLANK = ' '\n",
    "deep/__init__.py": "",
    "deep/words.py": "from .more import WORD\n",
    "deep/more.py": "from ..constants import BLANK\nWORD = 'word' + BLANK\n",
    "unrelated.py": "VALUE = 1\n",
    "lake/__init__.py": "",
    "lake/tables.py": "VALUE = 1\n",
    "settings.py": "VALUE = 1\n",
    "lakeside.py": "VALUE = 1\n",
}


class Toy:
    """A package in a folder, and its fingerprints."""

    def __init__(self, root: Path):
        self.root = root
        for name, text in FILES.items():
            self.write(name, dedent(text))

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def replace(self, name: str, old: str, new: str) -> None:
        text = (self.root / name).read_text()
        assert old in text
        self.write(name, text.replace(old, new))

    def fingerprint(self, *modules: str, values: object = None, without=()) -> str:
        code._code.cache_clear()
        return code.fingerprint(
            *(f"toy.{name}" for name in modules), values=values, without=without
        )


@pytest.fixture
def toy(tmp_path, monkeypatch):
    monkeypatch.setattr(code, "ROOT", tmp_path / "toy")
    monkeypatch.setattr(code, "PACKAGE", "toy")
    plumbing = [name.replace("emotion_pipeline.", "toy.", 1) for name in code.PLUMBING]
    monkeypatch.setattr(code, "PLUMBING", tuple(plumbing))
    yield Toy(tmp_path / "toy")
    code._code.cache_clear()


def test_the_same_code_has_the_same_fingerprint(toy):
    first = toy.fingerprint("reader")
    assert toy.fingerprint("reader") == first
    assert len(first) == 16
    assert set(first) <= set("0123456789abcdef")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("import os\n", "# A comment.\nimport os  # and another\n"),
        ("import os\n", '"""What the module is for."""\n\nimport os\n'),
        ("def read(path):\n", 'def read(path):\n    """What the function does."""\n'),
        ("def read(path):\n", "\n\n\n\ndef read(\n    path,\n):\n"),
        ("return helpers", "return (helpers"),
        ("'", '"'),
    ],
)
def test_comments_doc_strings_and_formatting_do_not_count(toy, old, new):
    toy.replace("reader.py", "WORD\n\n", "WORD\nMARK = 'a'\n\n")
    before = toy.fingerprint("reader")
    toy.replace("reader.py", old, new)
    if new.startswith("return ("):
        toy.replace("reader.py", "+ WORD", "+ WORD)")
    assert toy.fingerprint("reader") == before


def test_a_changed_doc_string_does_not_count(toy):
    toy.replace("reader.py", "def read(path):\n", 'def read(path):\n    """One."""\n')
    before = toy.fingerprint("reader")
    toy.replace("reader.py", "One.", "Two.")
    assert toy.fingerprint("reader") == before


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("reader.py", "+ WORD", "+ WORD + WORD"),
        ("reader.py", "def read(path)", "def read(path, more=None)"),
        ("helpers.py", "text.strip", "text.rstrip"),
        ("deep/words.py", "WORD\n", "WORD\nWORD = WORD.upper()\n"),
        ("deep/more.py", "'word'", "'other'"),
        ("constants.py", "' '", "'_'"),
    ],
    ids=["itself", "signature", "imported", "from_a_folder", "relative_import", "indirectly"],
)
def test_changed_code_counts_wherever_it_is_imported_from(toy, file, old, new):
    before = toy.fingerprint("reader")
    toy.replace(file, old, new)
    assert toy.fingerprint("reader") != before


def test_only_a_relative_import_is_followed_too(toy):
    toy.write("deep/__init__.py", "from . import leaf\n")
    toy.write("deep/leaf.py", "VALUE = 1\n")
    before = toy.fingerprint("deep")
    toy.write("deep/leaf.py", "VALUE = 2\n")
    assert toy.fingerprint("deep") != before


def test_modules_that_are_not_imported_do_not_count(toy):
    before = toy.fingerprint("reader")
    toy.replace("unrelated.py", "1", "2")
    toy.write("another.py", "import toy.reader\n")
    assert toy.fingerprint("reader") == before


def test_a_cycle_of_imports_is_followed_once(toy):
    toy.write("constants.py", "import toy.reader\nBLANK = ' '\n")
    before = toy.fingerprint("reader")
    toy.replace("constants.py", "' '", "'_'")
    assert toy.fingerprint("reader") != before


@pytest.mark.parametrize("name", ["lake.tables", "settings"])
def test_imported_plumbing_does_not_count(toy, name):
    toy.replace("reader.py", "import os\n", f"import os\nfrom toy.{name} import VALUE\n")
    before = toy.fingerprint("reader")
    toy.replace(f"{name.replace('.', '/')}.py", "1", "2")
    assert toy.fingerprint("reader") == before


def test_plumbing_that_is_named_counts_without_what_it_imports(toy):
    toy.write("lake/tables.py", "import toy.unrelated\nVALUE = 1\n")
    before = toy.fingerprint("lake.tables")
    toy.replace("unrelated.py", "1", "2")
    assert toy.fingerprint("lake.tables") == before
    toy.replace("lake/tables.py", "1", "2")
    assert toy.fingerprint("lake.tables") != before


def test_a_module_whose_name_only_begins_like_plumbing_counts(toy):
    toy.replace("reader.py", "import os\n", "import os\nfrom toy.lakeside import VALUE\n")
    before = toy.fingerprint("reader")
    toy.replace("lakeside.py", "1", "2")
    assert toy.fingerprint("reader") != before


def test_all_named_modules_count_in_any_order(toy):
    both = toy.fingerprint("reader", "unrelated")
    assert toy.fingerprint("unrelated", "reader") == both
    assert len({both, toy.fingerprint("reader"), toy.fingerprint("unrelated")}) == 3
    toy.replace("unrelated.py", "1", "2")
    assert toy.fingerprint("reader", "unrelated") != both


def test_values_count(toy):
    found = [
        toy.fingerprint("reader", values=values)
        for values in (None, {"seed": 1}, {"seed": 2}, {"seed": "1"}, {"epochs": 1})
    ]
    assert len(set(found)) == len(found)
    assert toy.fingerprint("reader", values={"seed": 1}) == found[1]


def test_every_python_gives_the_same_fingerprint(toy):
    """What the trees of some have: parameters of types, empty texts in formats."""
    text = """\
        def told(a: int = 0, *, width: int = 8) -> str:
            try:
                return f"{a!r:>{width}} {a:,}"
            except ValueError:
                return str(lambda: [None, "", {}])

        class Empty: ...
        """
    toy.write("unrelated.py", dedent(text))
    assert toy.fingerprint("unrelated") == "41064cc4fb2ceed7"


@pytest.mark.parametrize("name", ["nothing", "deep.nothing", "lake.nothing", "reader.read"])
def test_a_module_that_is_not_there_is_refused(toy, name):
    with pytest.raises(ModuleNotFoundError, match=rf"toy\.{name} is not a module of toy"):
        toy.fingerprint("reader", name)


def test_modules_of_other_packages_are_refused():
    with pytest.raises(ModuleNotFoundError, match="numpy"):
        code.fingerprint("numpy")


def test_reading_fer2013_depends_on_what_it_imports_and_no_other_dataset():
    found = code.reachable("emotion_pipeline.datasets.fer2013")
    assert {
        "emotion_pipeline.datasets.fer2013",
        "emotion_pipeline.datasets.pixel_csv",
        "emotion_pipeline.imaging.codec",
        "emotion_pipeline.schema",
        "emotion_pipeline.labels",
    } <= found
    others = {dataset.module for dataset in all_datasets().values()} - {
        "emotion_pipeline.datasets.fer2013"
    }
    assert "emotion_pipeline.datasets.ferplus" in others
    assert not found & others
    assert not [name for name in found if ".lake" in name or ".stages" in name]


def test_the_fingerprint_of_every_dataset_is_its_own():
    found = [code.fingerprint(dataset.module) for dataset in all_datasets().values()]
    assert len(set(found)) == len(found) > 1


def test_training_an_emotion_model_does_not_depend_on_other_kinds_of_models():
    modules = code.reachable("emotion_pipeline.training.fit", "emotion_pipeline.training.predict")
    assert "emotion_pipeline.training.module" in modules
    others = ("training.detection", "training.foreign", "training.recipe_files", "training.export")
    others += ("schema",)  # or a new column of any table would train everything again
    assert not [name for name in modules if name.removeprefix("emotion_pipeline.") in others]
    assert not [name for name in modules if ".detection." in name]


def test_what_is_left_out_does_not_count_and_what_it_imports_does(toy):
    def without_words() -> str:
        return toy.fingerprint("reader", without=("toy.deep.words",))

    before = without_words()
    assert before != toy.fingerprint("reader")
    toy.replace("deep/words.py", "WORD\n", "WORD\nWORD = WORD.upper()\n")
    assert without_words() == before
    toy.replace("deep/more.py", "'word'", "'other'")
    assert without_words() != before
