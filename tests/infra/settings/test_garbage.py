"""Whatever stands in the file or behind `-c`: the result is valid settings or one line, never a traceback."""

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import example, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from infra.settings.defaults import DEFAULTS
from infra.settings.source import SettingsError, Source, read
from infra.settings.targets import targets
from tests.infra.conftest import ROOT

names = st.sampled_from(
    [*DEFAULTS, "settings", "keep_dya", "a.b", '"a b"', "extra_tags.a", "backup_sets.web.keep_day"]
)
values = st.sampled_from(
    [*("4", "0", "-1", "1.5", "nan", "true", '"off"', '"7"', "[]", "[[1]]", "{}", "{a = 1}", "{web = {}}", "2026-12-24"),
    *("07:32:00", "''", "'''\na\n'''", '"\\u0000"', '"\\U0001f4be"', "[", "}", "0x" + "f" * 5000, "{web = {keep_day = 0}}")]
)  # fmt: skip
statements = st.one_of(
    st.builds("{} = {}".format, names, values),
    names.map("[{}]".format),
    names.map("[[{}]]".format),
    st.text(max_size=20),
)
files = (
    st.lists(statements, max_size=6).map("\n".join).map(lambda text: text.encode("utf-8", "surrogatepass"))
)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=300),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=5,
)
options = st.dictionaries(
    st.sampled_from([*DEFAULTS, "settings", "x"]) | st.text(max_size=9), anything, max_size=2
)


def one_line(error: SettingsError) -> bool:
    line = str(error)
    return len(line.splitlines()) == 1 and len(line) < 1000


@examples(deadline=None)
@given(files | st.binary(max_size=60))
@example(b"\xff\xfe")
def test_any_file_is_taken_or_refused_in_one_line(text: bytes) -> None:
    with TemporaryDirectory() as folder:
        (Path(folder) / "settings.toml").write_bytes(text)
        try:
            targets(read({}, Path(folder)), region="eu-west-1")
        except SettingsError as error:
            refused = error
            assert one_line(refused), str(refused)


@examples(deadline=None)
@given(options)
def test_any_option_is_taken_or_refused_in_one_line(given_options: dict[str, object]) -> None:
    try:
        targets(read(given_options, ROOT / "tests"), region="eu-west-1")
    except SettingsError as error:
        refused = error
        assert one_line(refused), str(refused)


@examples(deadline=None)
@given(st.sampled_from(list(DEFAULTS)), anything)
def test_any_value_of_a_set_is_taken_or_refused_in_one_line(name: str, value: object) -> None:
    try:
        targets(Source(options={"backup_sets": {"web": {name: value}}}), region="eu-west-1")
    except SettingsError as error:
        refused = error
        assert one_line(refused), str(refused)


def test_settings_are_read_without_the_cdk() -> None:
    """The operator's command reads the same file; the CDK and its Node process would cost it seconds."""
    code = (
        "import sys; import infra.settings.targets, infra.settings.source; sys.exit('aws_cdk' in sys.modules)"
    )

    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env={"PYTHONPATH": "lambda"}, check=False)  # noqa: S603 - our own words

    assert done.returncode == 0
