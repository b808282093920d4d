import tomllib
import unicodedata
from datetime import timedelta
from types import SimpleNamespace

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from remedy import Config, load_config
from remedy.config import config_from, find_config, parts_of, signature_reader, span
from remedy.errors import ConfigError
from remedy.vocabulary import Impact, Severity, Strength


def incident(**fields):
    plain = dict.fromkeys(
        ("process", "failure_mode", "product", "channel", "site", "impact", "detected_by", "title")
    )
    return SimpleNamespace(**{**plain, "attributes": {}, **fields})


# --- spans ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "means"),
    [
        ("4 h", timedelta(hours=4)),
        ("90 min", timedelta(minutes=90)),
        ("90m", timedelta(minutes=90)),
        ("14 days", timedelta(days=14)),
        (" 1 Day ", timedelta(days=1)),
        ("2 hours", timedelta(hours=2)),
        (14, timedelta(days=14)),
        (0, timedelta(0)),
        (timedelta(seconds=30), timedelta(seconds=30)),
    ],
)
def test_a_span_of_time_is_taken_in_many_forms(given, means):
    assert span(given) == means


@pytest.mark.parametrize(
    "given",
    ["", "4", "4 weeks", "-4 h", "4.5 h", "h", "4 hs", "٤ h", "9" * 5000 + " d", -1, 10**30,
     True, None, timedelta(days=-1), timedelta(days=40_000), "99999999 days"],
)  # fmt: skip
def test_what_is_no_span_of_time_is_refused(given):
    with pytest.raises(ConfigError):
        span(given)


# --- settings -------------------------------------------------------------------------------------


def test_the_windows_are_those_of_the_rules():
    config = Config()
    assert config.recurrence_window == config.verification_window == timedelta(days=90)
    assert config.promise_horizon == timedelta(days=365)
    assert config.grace == timedelta(days=14)
    assert config.containment_window == timedelta(days=30)
    assert config.signature == ("process", "failure_mode")
    assert (config.coarse_share, config.coarse_from) == (0.5, 20)


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"signature": []}, "signature: () is no signature: name fields of the incident"),
        ({"signature": ["process", "process"]}, "each once"),
        ({"signature": "Process"}, "is no signature"),
        (
            {"same_customer": "household"},
            "same_customer: 'household' is not one of person, account",
        ),
        ({"profile": "all"}, "profile: 'all' is not one of tickets, register, capa"),
        ({"grace": "soon"}, "'soon' is no span of time: write 4 h, 90 min, 14 days"),
        ({"first_contact": {"huge": "4 h"}}, "first_contact: 'huge' is not one of minor"),
        ({"first_contact": {"major": "soon"}}, "first_contact.major: 'soon' is no span of time"),
        ({"amends_from": "huge"}, "amends_from: 'huge' is not one of minor"),
        ({"strength_for": {"major": "iron"}}, "strength_for.major: 'iron' is not one of stronger"),
        ({"severity": {"A101": "fatal"}}, "severity.A101: 'fatal' is not one of error"),
        ({"coarse_share": 1.5}, "coarse_share: 1.5 is no share"),
        ({"coarse_share": float("nan")}, "is no share"),
        ({"coarse_share": "much"}, "coarse_share: 'much' is no share"),
        ({"coarse_share": True}, "coarse_share: True is no share"),
        ({"coarse_from": 0}, "coarse_from: 0 is no number of incidents"),
        ({"coarse_from": "20"}, "is no number of incidents"),
        ({"coarse_from": True}, "is no number of incidents"),
        ({"select": 5}, "select: 5 is neither a text nor a list of texts"),
        ({"select": [5]}, "select: 5 is no text: write it in quotes"),
        ({"select": {"A": 1}}, "select: {'A': 1} is neither a text nor a list of texts"),
        ({"ignore": [1.5]}, "ignore: 1.5 is no text"),
        ({"placeholders": [1]}, "placeholders: 1 is no text"),
        ({"signature": [1]}, "signature: 1 is no text"),
        ({"signature": 3}, "signature: 3 is neither"),
        ({"grace": "14 weeks"}, "remedy.toml, grace: '14 weeks' is no span of time"),
        ({"grace": True}, "grace: True is no span of time"),
        ({"recurrence_window": -1}, "recurrence_window: -1 is negative"),
        ({"promise_horizon": "x"}, "promise_horizon: 'x'"),
        ({"verification_window": "x"}, "verification_window: 'x'"),
        ({"containment_window": "x"}, "containment_window: 'x'"),
        ({"severity": 3}, 'severity: 3 is no table: write A105 = "error" under [severity]'),
        ({"severity": {"A101": []}}, "severity.A101: [] is not one of error"),
        ({"strength_for": 3}, "strength_for: 3 is no table"),
        ({"first_contact": "1 h"}, "first_contact: '1 h' is no table: write major = \"24 h\""),
        ({"graze": 5}, "there is no setting 'graze'. Did you mean grace?"),
        ({"zzzzz": 5}, "there is no setting 'zzzzz'. Known are: amends_from, coarse_from"),
    ],
)
def test_a_setting_that_cannot_be_used_is_refused_with_its_place(settings, problem):
    with pytest.raises(ConfigError) as caught:
        config_from(settings, "remedy.toml")
    assert str(caught.value).startswith("remedy.toml")
    assert problem in str(caught.value)


spans = st.integers(0, 500_000).map(lambda minutes: timedelta(minutes=minutes))
configs = st.builds(
    Config,
    signature=st.lists(
        st.sampled_from(["process", "failure_mode", "product", "own_field"]),
        min_size=1, unique=True,
    ),
    placeholders=st.lists(st.text(max_size=4), max_size=3),
    same_customer=st.sampled_from(["person", "account"]),
    profile=st.sampled_from([None, "tickets", "register", "capa"]),
    recurrence_window=spans, promise_horizon=spans, grace=spans, verification_window=spans,
    containment_window=spans,
    first_contact=st.dictionaries(st.sampled_from(Impact), spans),
    amends_from=st.none() | st.sampled_from(Impact),
    strength_for=st.dictionaries(st.sampled_from(Impact), st.sampled_from(Strength)),
    select=st.lists(st.sampled_from(["A", "R201"]), unique=True),
    ignore=st.lists(st.sampled_from(["C", "F405"]), unique=True),
    severity=st.dictionaries(st.sampled_from(["A101", "R201"]), st.sampled_from(Severity)),
    coarse_share=st.floats(0, 1), coarse_from=st.integers(1, 10**6),
)  # fmt: skip


@given(configs)
def test_a_configuration_comes_back_from_plain_values_as_it_was(config):
    assert config_from(config.to_dict(), "here") == config


def test_every_setting_is_documented():
    for field in attrs.fields(Config):
        assert f"\n        {field.name}: " in Config.__doc__, field.name


def test_a_span_that_minutes_cannot_say_is_not_stored():
    with pytest.raises(ConfigError, match="no whole number of minutes"):
        Config(grace=timedelta(seconds=30)).to_dict()


def test_a_longest_span_can_be_stored():
    config = Config(promise_horizon=timedelta(days=36_525))
    assert config_from(config.to_dict(), "here") == config


# --- files ----------------------------------------------------------------------------------------


def test_settings_are_read_from_remedy_toml(tmp_path):
    path = tmp_path / "remedy.toml"
    path.write_text('grace = "4 days"\n[first_contact]\nmajor = "24 h"\n', "utf-8")
    config = load_config(path, Config(profile="capa"))
    assert config.grace == timedelta(days=4)
    assert config.first_contact == {Impact.MAJOR: timedelta(days=1)}
    assert config.profile == "capa"


def test_the_example_in_the_documentation_works(tmp_path):
    text = load_config.__doc__.split("::\n")[1].split("Raises:")[0]
    path = tmp_path / "remedy.toml"
    path.write_text("\n".join(line.strip() for line in text.splitlines()), "utf-8")
    assert load_config(path).severity == {"A105": Severity.ERROR}
    assert tomllib.loads(path.read_text("utf-8"))["profile"] == "register"


def test_settings_are_read_from_the_table_in_pyproject_toml(tmp_path):
    path = tmp_path / "pyproject.toml"
    path.write_text("[tool.other]\nx = 1\n[tool.remedy]\ngrace = 3\n", "utf-8")
    assert load_config(path).grace == timedelta(days=3)
    path.write_text("[project]\n", "utf-8")
    assert load_config(path) == Config()


def test_a_file_that_cannot_be_read_is_refused_with_its_name(tmp_path):
    with pytest.raises(ConfigError, match=r"remedy.toml: cannot be read \(No such file"):
        load_config(tmp_path / "remedy.toml")
    path = tmp_path / "remedy.toml"
    path.write_text("grace = ", "utf-8")
    with pytest.raises(ConfigError, match=r"remedy.toml: is no TOML: "):
        load_config(path)
    path.write_bytes(b"\xff")
    with pytest.raises(ConfigError, match=r"is no TOML"):
        load_config(path)
    path.write_text("graze = 1", "utf-8")
    with pytest.raises(ConfigError, match=r"remedy.toml: there is no setting 'graze'"):
        load_config(path)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (f"coarse_share = {10**400}", "coarse_share: 1000"),
        ("coarse_share = nan", "coarse_share: nan is no share"),
        (f"coarse_from = {2**70}", "from 1 to 1000000000"),
        (f"coarse_from = 0x{'f' * 5_000}", "one of the numbers is far too long"),
        (f"grace = 0x{'f' * 5_000}", "one of the numbers is far too long"),
    ],
)
def test_a_number_out_of_all_proportion_is_refused(tmp_path, text, problem):
    path = tmp_path / "remedy.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigError, match=problem):
        load_config(path)


@pytest.mark.parametrize("text", ["tool = 5", "[tool]\nremedy = 5"])
def test_a_table_that_is_none_is_refused(tmp_path, text):
    path = tmp_path / "pyproject.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigError, match=r"tool.remedy is no table"):
        load_config(path)
    assert find_config(tmp_path) in (None, path)


def test_the_configuration_of_a_folder_is_found(tmp_path):
    assert find_config(tmp_path) is None
    shared = tmp_path / "pyproject.toml"
    shared.write_text("[tool.other]\n", "utf-8")
    assert find_config(tmp_path) is None
    shared.write_text("[tool.remedy]\n", "utf-8")
    assert find_config(tmp_path) == shared
    shared.write_text("broken", "utf-8")
    assert find_config(tmp_path) is None
    own = tmp_path / "remedy.toml"
    own.write_text("", "utf-8")
    assert find_config(tmp_path) == own


# --- failure keys ---------------------------------------------------------------------------------


def key(config=None, **fields):
    return signature_reader(config or Config())(incident(**fields))


def test_case_width_and_white_space_make_no_difference():
    plain = key(process="shipping", failure_mode="shipped collect")
    assert key(process=" SHIPPING ", failure_mode="Shipped\n  Collect") == plain
    assert key(process="ｓｈｉｐｐｉｎｇ", failure_mode="ſhipped collect") == plain
    assert plain == "8:shipping15:shipped collect"


@pytest.mark.parametrize("blank", [None, "", " ", "?", "Unknown", "N/A", " other ", "-"])
def test_a_missing_part_or_a_placeholder_makes_no_key(blank):
    assert key(process="shipping", failure_mode=blank) is None
    assert key(process=blank, failure_mode="late") is None


def test_placeholders_can_be_replaced():
    config = Config(placeholders="misc")
    assert key(config, process="Misc", failure_mode="late") is None
    assert key(config, process="unknown", failure_mode="late") == "7:unknown4:late"


def test_other_fields_and_attributes_may_take_part():
    config = Config(signature=("product", "shade", "impact"))
    told = {"product": "pen", "impact": Impact.MAJOR}
    assert key(config, **told, attributes={"shade": "Blue"}) == "3:pen4:blue5:major"
    assert key(config, **told, attributes={"shade": 5}) == "3:pen1:55:major"
    assert key(config, **told, attributes={"shade": 2.5}) == "3:pen3:2.55:major"
    for none in ({}, {"shade": None}, {"shade": True}, {"shade": ["blue"]}, {"shade": "?"}):
        assert key(config, **told, attributes=none) is None
    assert key(Config(signature="process"), process="x") == "1:x"


@given(st.lists(st.text(max_size=6), min_size=2, max_size=2))
def test_a_key_tells_its_parts(parts):
    found = key(process=parts[0], failure_mode=parts[1])
    if found is not None:
        assert key(process=parts_of(found)[0], failure_mode=parts_of(found)[1]) in (found, None)
        assert "".join(f"{len(part)}:{part}" for part in parts_of(found)) == found


def test_no_two_lists_of_parts_give_one_key():
    one = key(process="a4:b", failure_mode="c")
    other = key(process="a", failure_mode="4:bc")
    assert one != other


def test_the_memory_of_spellings_is_bounded():
    reader = signature_reader(Config())
    keys = {reader(incident(process=f"p{n}", failure_mode="x")) for n in range(10_050)}
    assert len(keys) == 10_050
    assert reader(incident(process="p0", failure_mode="x")) == "2:p01:x"


def test_settings_nested_beyond_reason_are_no_toml(tmp_path):
    path = tmp_path / "remedy.toml"
    path.write_text("a = " + "[" * 5_000, "utf-8")
    with pytest.raises(ConfigError, match="is no TOML"):
        load_config(path)
    path.rename(tmp_path / "pyproject.toml")
    assert find_config(tmp_path) is None


def test_long_values_are_cut_in_what_is_said_of_them():
    with pytest.raises(ConfigError) as caught:
        Config(profile="x" * 3_000)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("letter", [*"ΐΰῒῗῢῧ", "ß\u0301"])
def test_a_letter_and_its_capital_make_one_key(letter):
    read = signature_reader(Config())
    one, other = (
        read(incident(process="p", failure_mode=word))
        for word in (f"a{letter}b", f"A{letter.upper()}B")
    )
    assert one == other
    assert parts_of(one)[1] == unicodedata.normalize("NFKC", parts_of(one)[1])
