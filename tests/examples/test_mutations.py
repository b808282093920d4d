import pytest

import remedy
from tests.examples.mutations import MUTATIONS, Mutation


def test_every_mutation_has_a_name_of_its_own_and_a_reason():
    assert len({(each.story, each.name) for each in MUTATIONS}) == len(MUTATIONS) >= 40
    assert all(each.why.endswith(".") and each.moments() for each in MUTATIONS)


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda each: f"{each.story}: {each.name}")
def test_a_changed_story_has_exactly_the_findings_that_were_written_down(mutation: Mutation):
    with remedy.open(":memory:", actor="tests") as book:
        book.configure(profile="capa", **mutation.settings)
        book.record(*mutation.records())
        for as_of, expected in mutation.moments().items():
            report = remedy.check(book, as_of=as_of)
            written, found = expected.compared(report.findings)
            states = {each.id: str(each.state) for each in report.apologies}
            assert found == written, f"as of {as_of}: {mutation.why}"
            assert states | expected.apologies == states, f"as of {as_of}: {mutation.why}"
