import pytest

from tests.examples.expected import Line, expected_from, golden_from


def test_what_is_expected_is_read_line_by_line():
    expected = expected_from(
        """
        # a remark
        INC-1  A110  also A105 F405  # error: why
        failure(shipping / shipped collect)  R201

        apology APO-1 is in hand
        promise PRO-1 is kept
        """
    )
    assert expected.findings == (
        Line("INC-1", "A110", ("A105", "F405"), "error"),
        Line("failure(shipping / shipped collect)", "R201", (), None),
    )
    assert expected.apologies == {"APO-1": "in hand"}
    assert expected.promises == {"PRO-1": "kept"}


@pytest.mark.parametrize(
    "text",
    ["INC-1 A110 and A105", "INC-1", "nothing", "apology APO-1", "", "no findings\nINC-1  A110"],
)
def test_what_says_nothing_clear_is_refused(text):
    with pytest.raises(ValueError, match=r"to be expected|either findings"):
        expected_from(text)


@pytest.mark.parametrize(
    "text",
    [
        "== now\nno findings\n",
        2 * "== now, 2026-03-09T09:00+01:00\nno findings\n",
    ],
)
def test_headings_say_a_moment_and_its_time_and_stand_once(text):
    with pytest.raises(ValueError, match=r"no heading|stands there twice"):
        golden_from(text)
