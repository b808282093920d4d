"""The casebook behaves like its model: whatever is done to it, in whatever order.

Some 1,500 steps every day; as many as are asked for with REMEDY_STEPS=100000, which
`nox -s model` does. What is asked for is what is run: the steps are counted as they are done.
"""

import os
import shutil
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

import attrs
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

import remedy
import remedy.casebook
from remedy import (
    Action,
    ActionEvent,
    Affected,
    Amends,
    Apology,
    CausalLink,
    Cause,
    Complaint,
    Customer,
    Decision,
    Evidence,
    Exposure,
    External,
    FollowUp,
    Incident,
    Ingested,
    Link,
    Promise,
    Response,
    Verdict,
    Verification,
    Waiver,
)
from remedy.errors import (
    CasebookBusy,
    CasebookError,
    InvalidRecord,
    ReadOnlyCasebook,
    RemedyError,
    TargetExists,
)
from remedy.records import RECORDS
from tests.given import DAY, there
from tests.model import Model, Refused, plain

STEPS = int(os.environ.get("REMEDY_STEPS", "1500"))
"""How many steps are done, at the least."""

EACH = 50
"""How many of them a casebook lives through, at most."""

# --- what is said ---------------------------------------------------------------------------------

CUSTOMERS = ["C-1001", "C-1002", "C-1003", "C-1004"]
INCIDENTS = ["INC-1", "INC-2", "INC-3", "INC-4"]
CAUSES = ["CAU-1", "CAU-2", "CAU-3"]
ACTIONS = ["ACT-1", "ACT-2", "ACT-3"]
APOLOGIES = ["APO-1", "APO-2"]

texts = st.sampled_from([None, None, "late", "lost", "Anna called", "from Berta"])
attributes = st.sampled_from([{}, {}, {"lane": "x"}, {"by": "Anna"}])
versions = st.sampled_from([None, None, DAY[1], DAY[2], DAY[3]])
since = st.sampled_from([None, None, None, DAY[6], DAY[7]])
flags = st.booleans()


def one_of(ids, source_ids=()):
    """What refers to one record: its id here, or now and then its id in its source."""
    return st.sampled_from([*ids, *ids, *(there(each) for each in source_ids)])


def of_source(kind, last):
    """Make records of a kind of which some come from a source.

    The last of them may come as any other: then it is known by its id there.
    """

    def made(id, number, **given):
        there = None if number is None else {"1": "1", "2": "2", last[-1]: number}.get(id[-1])
        source = None if there is None else "crm"
        return kind(id=id, source=source, external_id=there, **given)

    return made


incident = of_source(Incident, INCIDENTS[-1])
cause = of_source(Cause, CAUSES[-1])
action = of_source(Action, ACTIONS[-1])


def decision(about, **given):
    return Decision(**{about[0]: about[1]}, **given)


def evidence(about, **given):
    return Evidence(**{about[0]: about[1]}, **given)


def verdict(pair, **given):
    return Verdict(a=pair[0], b=pair[1], **given)


def said(kind, *, by_source=False):
    """Records of a kind as people say them, or as a source does."""
    numbers = ("1", "2") if by_source else ()
    incidents, causes, actions = (one_of(ids, numbers) for ids in (INCIDENTS, CAUSES, ACTIONS))
    customers = st.sampled_from(CUSTOMERS)
    # One in many is the id of another kind of record.
    whoever = st.sampled_from([*CUSTOMERS * 6, "INC-1"])
    # Of what a source once gave an id there it does not say later that it has none.
    number = st.sampled_from(["1", "2"] if by_source else [None, None, None, "1", "2"])
    common = {"updated": versions if by_source else st.none()}
    return {
        Customer: lambda: st.builds(
            Customer, id=st.sampled_from(CUSTOMERS), name=st.sampled_from([None, "Anna", "Berta"]),
            account=st.sampled_from([None, "ACC-1"]), **common,
        ),
        Incident: lambda: st.builds(
            incident,
            number=number, id=st.sampled_from(INCIDENTS), occurred=st.sampled_from([DAY[0], DAY[4]]),
            title=texts, process=st.sampled_from([None, "p", "q"]), attributes=attributes,
            duplicate_of=st.none() | st.none() | incidents,
            customers=st.lists(
                st.builds(Affected, customer=whoever, since=since,
                          order=st.sampled_from([None, None, "SO-1001", "SO-1002"])),
                max_size=2, unique_by=lambda each: each.customer,
            ),
            **common,
        ),
        Complaint: lambda: st.builds(
            Complaint, id=st.sampled_from(["COM-1", "COM-2", None]), made=st.just(DAY[5]),
            customer=st.none() | whoever, incident=st.none() | incidents, text=texts, **common,
        ),
        Cause: lambda: st.builds(
            cause,
            number=number, id=st.sampled_from(CAUSES), found=st.just(DAY[5]), text=texts,
            incidents=several(st.builds(
                CausalLink, to=incidents, role=st.sampled_from(["cause", "cause", "escape"]),
                since=since,
            ), lambda link: (link.to, link.role)),
            effects=several(st.builds(Link, to=causes, since=since), lambda link: link.to), **common,
        ),
        Action: lambda: st.builds(
            action,
            number=number, id=st.sampled_from(ACTIONS), decided=st.sampled_from([DAY[3], DAY[5]]),
            kind=st.sampled_from(["corrective", "corrective", "correction"]),
            causes=several(st.builds(Link, to=causes, since=since), lambda link: link.to),
            incidents=several(st.builds(Link, to=incidents, since=since), lambda link: link.to),
            events=st.lists(events, max_size=2), **common,
        ),
        Verification: lambda: st.builds(
            Verification, id=st.sampled_from(["VER-1", "VER-2", None]), action=actions,
            made=st.just(DAY[8]), result=st.sampled_from(["effective", "ineffective"]), **common,
        ),
        Apology: lambda: st.builds(
            Apology, id=st.sampled_from(APOLOGIES), made=st.sampled_from([DAY[5], DAY[6]]),
            text=texts, customers=st.lists(customers, max_size=2, unique=True),
            incidents=st.lists(incidents, min_size=1, max_size=2, unique=True),
            promises=st.lists(st.builds(
                Promise, kind=st.sampled_from([None, "deed", "watch"]),
                actions=several(st.builds(Link, to=actions), lambda link: link.to),
            ), max_size=2),
            **common,
        ),
        Promise: lambda: st.builds(
            Promise, id=st.sampled_from(["PRO-1", "PRO-2"]), apology=st.sampled_from(APOLOGIES),
            made=st.just(DAY[6]), kind=st.sampled_from([None, "deed"]),
            actions=several(st.builds(Link, to=actions, since=since), lambda link: link.to), **common,
        ),
        Amends: lambda: st.builds(
            Amends, id=st.sampled_from(["AME-1", "AME-2", None]), incident=incidents,
            customer=st.none() | customers, kind=st.sampled_from(["gift", "refund"]),
            amount=st.sampled_from([None, "5 EUR"]), made=st.just(DAY[6]), text=texts, **common,
        ),
        Response: lambda: st.builds(
            Response, id=st.sampled_from(["RES-1", "RES-2", None]), customer=whoever,
            incident=st.none() | incidents, kind=st.sampled_from(["thanked", "left"]),
            made=st.just(DAY[7]), text=texts, next_step=texts, **common,
        ),
        FollowUp: lambda: st.builds(
            FollowUp, id=st.sampled_from(["FUP-1", "FUP-2"]), incident=incidents,
            customer=st.none() | customers, due=st.just(DAY[9]), text=texts, **common,
        ),
        Decision: lambda: st.builds(
            decision,
            about=st.tuples(st.just("incident"), incidents) | st.tuples(st.just("cause"), causes),
            id=st.sampled_from(["DEC-1", "DEC-2"]), kind=st.sampled_from(["no_action"]),
            made=st.just(DAY[6]), reason=st.sampled_from(["rare", "as Anna said"]), **common,
        ),
        Evidence: lambda: st.builds(
            evidence,
            about=st.tuples(st.just("action"), actions) | st.tuples(st.just("cause"), causes),
            id=st.sampled_from(["EVI-1", "EVI-2", None]), made=st.just(DAY[6]),
            text=st.sampled_from(["photo", "log"]), **common,
        ),
        Exposure: lambda: st.builds(
            Exposure, id=st.sampled_from(["EXP-1", None]), chances=st.sampled_from([5, 6]),
            began=st.just(DAY[0]), ended=st.just(DAY[9]), customer=st.none() | whoever, **common,
        ),
        Verdict: lambda: st.builds(
            verdict,
            pair=st.permutations(INCIDENTS[:-1]), id=st.sampled_from(["VDT-1", "VDT-2"]),
            kind=st.sampled_from(["same", "not_same"]), made=st.just(DAY[6]), **common,
        ),
        Waiver: lambda: st.builds(
            Waiver, id=st.sampled_from(["WAI-1", None]), finding=st.sampled_from(["R:a", "R:b"]),
            code=st.just("R202"), reason=st.just("known"), made=st.just(DAY[6]),
            until=st.just(DAY[20]), **common,
        ),
    }[kind]()  # fmt: skip


def several(items, key):
    # Two links that turn out to be one, and say two things of it, may be refused or not.
    return st.lists(items, max_size=2, unique_by=key).map(
        lambda links: links[:1] if any(isinstance(link.to, External) for link in links) else links
    )


events = st.builds(
    ActionEvent,
    state=st.sampled_from(["implemented", "closed"]),
    occurred=st.sampled_from([DAY[6], DAY[7]]),
    who=st.sampled_from([None, "anna"]),
)


def valid(strategy):
    """What can be said at all: a record that refuses its fields is another test's business."""

    @st.composite
    def drawn(draw):
        try:
            return draw(strategy)
        except InvalidRecord:
            return None

    return drawn().filter(lambda record: record is not None)


# What is referred to comes more often than the rest.
KINDS = [*RECORDS.values(), Incident, Incident, Incident, Customer, Cause, Action, Apology]
by_people = valid(st.sampled_from(KINDS).flatmap(said))
by_sources = valid(st.sampled_from(KINDS).flatmap(lambda kind: said(kind, by_source=True)))
batches = st.lists(by_sources, min_size=1, max_size=5)

IDS = [
    *CUSTOMERS, *INCIDENTS, *CAUSES, *ACTIONS, *APOLOGIES, "APO-1/promise-1", "PRO-1", "COM-1",
    "VER-1", "AME-1", "RES-1", "FUP-1", "DEC-1", "DEC-2", "EVI-1", "EXP-1", "VDT-1", "nobody",
]  # fmt: skip

AMENDED = {
    "customer": [{"name": "Anna"}, {"name": "Berta"}, {"name": None}, {"account": "ACC-2"}],
    "incident": [
        {"title": "Anna called"}, {"title": "lost"}, {"title": None, "process": "q"},
        {"duplicate_of": None}, {"duplicate_of": "INC-1"}, {"duplicate_of": "INC-2"},
        {"occurred": DAY[4]}, {"attributes": {"lane": "y"}}, {"process": "p"},
    ],
    "complaint": [
        {"incident": None}, {"incident": "INC-1"}, {"customer": "C-1002"}, {"text": "lost"},
        {"customer": None, "incident": "INC-2"},
    ],
    "cause": [{"text": "late"}, {"text": None}, {"is_human": True}],
    "action": [{"owner": "anna"}, {"decided": DAY[3]}, {"kind": "correction"}],
    "verification": [{"action": "ACT-1"}, {"result": "inconclusive"}],
    "apology": [{"made": DAY[7]}, {"text": None}, {"text": "from Berta"}],
    "promise": [{"kind": "watch"}, {"apology": "APO-2"}, {"apology": "APO-1"}, {"owner": "anna"}],
    "amends": [{"incident": "INC-1"}, {"incident": "INC-3"}, {"amount": "7 USD"}, {"customer": "C-1001"}],
    "response": [{"incident": "INC-1"}, {"customer": "C-1003"}, {"next_step": None}],
    "follow_up": [{"incident": "INC-2"}, {"due": None, "made": DAY[8]}, {"due": None}],
    "decision": [
        {"incident": None, "cause": "CAU-1"}, {"cause": None, "incident": "INC-1"},
        {"cause": "CAU-2"}, {"reason": "seen"},
    ],
    "evidence": [{"text": "log"}, {"action": None, "cause": "CAU-1"}, {"url": "x"}],
    "exposure": [{"chances": 7}, {"customer": None}],
    "verdict": [{"kind": "duplicate"}, {"a": "INC-1"}, {"b": "INC-2"}],
    "waiver": [{"reason": "seen"}],
}  # fmt: skip
"""What people amend, by the kind of record."""


@st.composite
def links(draw):
    """A plural field of a record, and one thing that it may hold."""
    id, field, items = draw(st.sampled_from([
        *[(id, "customers", st.builds(
            Affected, customer=st.sampled_from(CUSTOMERS), since=since,
            order=st.sampled_from([None, "SO-1001"]),
        )) for id in INCIDENTS],
        *[(id, "incidents", st.builds(
            CausalLink, to=st.sampled_from(INCIDENTS), since=since,
            role=st.sampled_from(["cause", "escape"]),
        )) for id in CAUSES],
        *[(id, "effects", st.builds(Link, to=st.sampled_from(CAUSES))) for id in CAUSES],
        *[(id, "causes", st.builds(Link, to=st.sampled_from(CAUSES))) for id in ACTIONS],
        *[(id, "incidents", st.builds(Link, to=st.sampled_from(INCIDENTS))) for id in ACTIONS],
        *[(id, "events", events) for id in ACTIONS],
        *[(id, "incidents", st.builds(Link, to=st.sampled_from(INCIDENTS))) for id in APOLOGIES],
        *[(id, "customers", st.sampled_from(CUSTOMERS)) for id in APOLOGIES],
        *[(id, "actions", st.builds(Link, to=st.sampled_from(ACTIONS)))
          for id in ("PRO-1", "APO-1/promise-1")],
    ]))  # fmt: skip
    return id, field, draw(items)


FILTERS = [
    (Incident, "customers", "C-1001"), (Incident, "process", "p"), (Incident, "duplicate_of", "INC-1"),
    (Incident, "title", None), (Incident, "source", "crm"), (Incident, "id", "INC-1"),
    (Complaint, "incident", "INC-2"), (Complaint, "customer", "C-1002"), (Complaint, "incident", None),
    (Cause, "incidents", "INC-1"), (Cause, "effects", "CAU-2"), (Action, "causes", "CAU-1"),
    (Action, "incidents", "INC-3"), (Apology, "incidents", "INC-1"), (Apology, "customers", "C-1001"),
    (Promise, "actions", "ACT-1"), (Promise, "apology", "APO-1"), (Amends, "incident", "INC-1"),
    (Response, "customer", "C-1001"), (Verdict, "a", "INC-1"), (Decision, "cause", "CAU-1"),
    (Customer, "name", "Anna"),
]  # fmt: skip


# --- what is done ---------------------------------------------------------------------------------


class Stopped(Exception):
    """What goes wrong in a program that uses a casebook."""


class Casebook(RuleBasedStateMachine):
    """A casebook in a file, opened twice, beside its model.

    Whatever is done is done to both. In the end the two say the same, or both refuse.
    """

    done: ClassVar[Counter[str]] = Counter()
    """How often which step was done, by all machines together."""

    @initialize(journal=st.sampled_from(["delete", "wal-insist"]))
    def begin(self, journal):
        self.folder = Path(tempfile.mkdtemp(prefix="remedy-model-"))
        self.path = self.folder / "0.db"
        self.journal = journal
        self.model = Model()
        self.kept = None
        self.moments = []
        self.versions = {}
        self.inside = []
        self.copies = 0
        self.anchor = None
        self.batches = []
        self.open()

    def open(self):
        self.books = [
            remedy.open(self.path, actor=actor, journal=self.journal, timeout=0)
            for actor in ("one", "other")
        ]

    def teardown(self):
        if not hasattr(self, "books"):
            return
        while self.inside:
            self.leave(Stopped)
        for book in self.books:
            book.close()
        shutil.rmtree(self.folder)

    @property
    def book(self):
        return self.books[0]

    def both(self, write, model):
        """Let the casebook and its model do something, and return what came of it.

        What the one refuses the other refuses, and nothing of it stays.
        """
        anchor = self.book.anchor()
        try:
            expected = self.model.doing(model)
        except Refused as refused:
            try:
                write()
            except RemedyError as error:
                assert not isinstance(error, CasebookError), error
            else:
                raise AssertionError(f"was not refused: {refused}")
            assert self.book.anchor() == anchor
            return None, None
        return write(), expected

    def step(self, name):
        type(self).done[name] += 1

    # --- people and sources -----------------------------------------------------------------------

    @rule(
        records=st.lists(by_people, min_size=1, max_size=3, unique_by=lambda each: each.id),
        times=st.sampled_from([1, 1, 2]),
    )
    def record(self, records, times):
        self.step("record")
        self.both(lambda: self.book.record(*records * times), lambda model: model.record(records))

    @rule(
        records=st.lists(by_people, min_size=1, max_size=4, unique_by=lambda each: each.id),
        bulk=flags,
    )
    def record_many(self, records, bulk):
        self.step("record_many")
        with one_way(bulk):
            self.both(
                lambda: self.book.record_many(iter(records)), lambda model: model.record(records)
            )

    @rule(records=batches, bulk=flags, again=flags)
    def ingest(self, records, bulk, again):
        self.step("ingest")
        self.batches.append(records)
        with one_way(bulk):
            told, _ = self.both(
                lambda: self.book.ingest(iter(records)), lambda model: model.ingest(records)
            )
            if told is None:
                return
            assert told.pending == len(self.book.pending())
            if again and self.are_said_once(records):
                before = self.state(self.book)
                once_more = self.book.ingest(records)
                assert attrs.evolve(once_more, unchanged=0, older=0, redacted=0) == Ingested(
                    pending=told.pending
                )
                assert self.state(self.book) == before

    @precondition(lambda self: self.batches)
    @rule(number=st.integers(0, 99), bulk=flags)
    def ingest_what_came_before(self, number, bulk):
        """A source says again what it said once, whatever people have done since."""
        self.ingest(self.batches[-1 - number % len(self.batches)], bulk, again=False)

    def are_said_once(self, records):
        """Whether no two of some records are versions of one."""
        ids = [{each.id, self.model.known(each)} for each in records]
        return sum(map(len, ids)) == len(set().union(*ids))

    @rule(number=st.integers(0, 99), id=st.sampled_from(IDS))
    def amend(self, number, id):
        self.step("amend")
        kind = self.model.stands[id].entity if id in self.model.stands else "incident"
        changes = AMENDED[kind][number % len(AMENDED[kind])]
        after, expected = self.both(
            lambda: self.book.amend(id, changes, reason="seen"),
            lambda model: model.amend(id, changes),
        )
        assert after is None or plain(after) == expected

    @rule(link=links())
    def link(self, link):
        self.step("link")
        id, field, item = link
        self.both(
            lambda: self.book.link(id, **{field: item}), lambda model: model.link(id, field, item)
        )

    @rule(number=st.integers(0, 99), link=links())
    def unlink(self, number, link):
        """What is there, waiting or not; now and then something that is not."""
        self.step("unlink")
        there = [
            (id, field, item)
            for id, record in self.model.stands.items()
            for field in ("customers", "incidents", "effects", "causes", "events", "actions")
            for item in getattr(record, field, None) or ()
        ]
        id, field, item = there[number % len(there)] if there and number % 5 else link
        if id in self.model.waits:
            return  # Who takes back what waits is another rule.
        self.both(
            lambda: self.book.unlink(id, **{field: item}, reason="a slip"),
            lambda model: model.unlink(id, field, item),
        )

    @rule(number=st.integers(0, 99))
    def take_back_what_waits(self, number):
        """Records that wait as a whole for one thing; of apologies nobody says what then holds."""
        waiting = [
            (record.id, each.field, each.external or each.target)
            for record in self.model.waits.values()
            if record.id not in self.model.stands and not isinstance(record, Apology)
            for each in self.book.pending()
            if each.record == record.id and each.field != "actions"
        ]
        if not waiting:
            return
        self.step("take back")
        id, field, ref = waiting[number % len(waiting)]
        self.both(
            lambda: self.book.unlink(id, **{field: ref}, reason="a slip"),
            lambda model: model.take_back(id, field, ref),
        )

    @precondition(lambda self: not self.inside)
    @rule(id=st.sampled_from(CUSTOMERS), again=flags, number=st.integers(0, 9))
    def erase_customer(self, id, again, number):
        self.step("erase_customer")
        erased = sorted(set(self.model.erased.values()))
        if again and erased:
            id = erased[number % len(erased)]
        if not isinstance(self.model.stands.get(id), Customer):
            with pytest.raises(RemedyError):
                self.book.erase_customer(id, reason="asked for it")
            return
        told = self.book.erase_customer(id, reason="asked for it")
        assert told.compacted
        without = self.model.erase(id, told.customer)
        self.moments = [
            (moment, {each.id: each for each in map(without, seen.values())}, waits)
            for moment, seen, waits in self.moments
        ]
        versions = {}
        for told in self.versions.values():
            for each in map(without, told):
                versions.setdefault(each.id, []).append(each)
        self.versions = versions
        if id not in erased:  # That they were called so stays with the reason.
            for file in self.folder.glob(f"{self.path.name}*"):
                assert id.encode() not in file.read_bytes()

    # --- transactions -----------------------------------------------------------------------------

    @precondition(lambda self: len(self.inside) < 3)
    @rule()
    def begin_transaction(self):
        self.step("begin transaction")
        if not self.inside:
            self.kept = self.model.copy()
        block = self.book.transaction()
        block.__enter__()
        self.inside.append((block, self.model.copy(), self.book.config))

    def leave(self, error=None):
        block, _, _ = self.inside.pop()
        if error is None:
            block.__exit__(None, None, None)
            return
        raised = error()
        assert not block.__exit__(error, raised, None)

    @precondition(lambda self: self.inside)
    @rule()
    def commit(self):
        self.step("commit")
        self.leave()

    @precondition(lambda self: self.inside)
    @rule()
    def roll_back(self):
        self.step("roll back")
        _, before, config = self.inside[-1]
        with pytest.raises(Stopped):
            self.leave(Stopped)
            raise Stopped
        self.model = before
        assert self.book.config == config

    @rule(records=batches)
    def stop_in_the_middle_of_a_stream(self, records):
        self.step("stop in a stream")

        def stream():
            yield from records
            raise Stopped

        anchor = self.book.anchor()
        for bulk in (False, True):
            with one_way(bulk), pytest.raises(Stopped):
                self.book.ingest(stream())
        assert self.book.anchor() == anchor

    @precondition(lambda self: self.inside)
    @rule()
    def what_no_transaction_holds_is_refused(self):
        self.step("refused inside")
        with pytest.raises(CasebookError):
            self.book.erase_customer("C-1001", reason="asked for it")
        with pytest.raises(CasebookError):
            self.book.compact()
        with pytest.raises(CasebookError):
            self.book.backup(self.folder / "none.db")
        with pytest.raises(CasebookBusy):
            self.books[1].record(Customer(id="C-1001"))

    # --- files and handles ------------------------------------------------------------------------

    @precondition(lambda self: not self.inside)
    @rule(
        do=st.sampled_from(
            [
                ("change_hands",), ("reopen", "delete"), ("reopen", "wal-insist"), ("compact",),
                ("open_to_read",), ("back_up", False), ("back_up", True), ("configure", 3),
                ("configure", 5),
            ]
        )
    )  # fmt: skip
    def look_after(self, do):
        name, *given = do
        getattr(self, name)(*given)

    def change_hands(self):
        self.step("change hands")
        self.books.reverse()

    def reopen(self, journal):
        self.step("reopen")
        for book in self.books:
            book.close()
        self.journal = journal
        self.open()

    def open_to_read(self):
        self.step("open to read")
        with remedy.open(self.path, read_only=True) as reader:
            assert self.state(reader) == self.state(self.book)
            for write in (
                lambda: reader.record(Customer(id="C-1001")),
                lambda: reader.ingest([Customer(id="C-1001")]),
                lambda: reader.erase_customer("C-1001", reason="asked for it"),
                lambda: reader.configure(grace="1 day"),
                reader.compact,
            ):
                with pytest.raises(ReadOnlyCasebook):
                    write()

    def back_up(self, go_on):
        """And now and then go on with the copy."""
        self.step("backup")
        self.copies += 1
        copy = self.folder / f"{self.copies}.db"
        assert self.book.backup(copy).is_right
        with pytest.raises(TargetExists):
            self.book.backup(copy)
        with remedy.open(copy, read_only=True) as reader:
            assert self.state(reader) == self.state(self.book)
            assert reader.anchor() == self.book.anchor()
        if go_on:
            for book in self.books:
                book.close()
            self.path = copy
            self.open()

    def compact(self):
        self.step("compact")
        self.book.compact()

    def configure(self, days):
        self.step("configure")
        self.book.configure(grace=f"{days} days", reason="tried")
        assert self.book.config.grace.days == days

    # What is written in many ways comes more often than what is done in one.

    @rule(records=st.lists(by_people, min_size=1, max_size=3, unique_by=lambda each: each.id))
    def record_more(self, records):
        self.record(records, times=1)

    @rule(records=batches, bulk=flags)
    def ingest_more(self, records, bulk):
        self.ingest(records, bulk, again=False)

    @rule(records=batches, bulk=flags)
    def ingest_twice(self, records, bulk):
        self.ingest(records, bulk, again=True)

    @rule(number=st.integers(0, 99), id=st.sampled_from(IDS))
    def amend_more(self, number, id):
        self.amend(number, id)

    @rule(number=st.integers(0, 99), link=links())
    def unlink_more(self, number, link):
        self.unlink(number, link)

    # --- what was -----------------------------------------------------------------------------

    @precondition(lambda self: not self.inside)
    @rule()
    def remember(self):
        self.step("remember")
        self.moments.append((datetime.now(UTC), self.model.on_file(), self.book.pending()))
        time.sleep(0.00001)  # What is written next is written later.

    @precondition(lambda self: not self.inside and self.moments)
    @rule(number=st.integers(0, 99))
    def look_back(self, number):
        self.step("known_at")
        moment, seen, waits = self.moments[number % len(self.moments)]
        with self.book.known_at(moment) as then:
            assert {each.id: plain(each) for each in then.records()} == seen
            assert in_order(then.pending()) == in_order(waits)
            with pytest.raises(ReadOnlyCasebook):
                then.record(Customer(id="C-1001"))

    @precondition(lambda self: not self.inside)
    @rule()
    def history_tells_each_version(self):
        self.step("history")
        for id in sorted(self.versions.keys() & self.model.stands.keys()):
            told = list(replayed(self.book.history(id)))
            wanted = [said_plainly(each) for each in self.versions[id]]
            assert told[-1] == wanted[-1]
            left = iter(told)
            for each in wanted:
                assert each in left, f"the history of {id} does not say {each}"

    @rule()
    def verify(self):
        self.step("verify")
        self.verified()

    def verified(self):
        verified = self.book.verify(self.anchor or ())
        assert verified.problems == ()
        if not self.inside:
            self.anchor = verified.head

    # --- what holds after each step ---------------------------------------------------------------

    def state(self, book):
        """Return what a casebook says that it holds."""
        seen = [plain(each) for each in book.records()]
        assert len({each.id for each in seen}) == len(seen)
        return {each.id: each for each in seen}, in_order(book.pending())

    @invariant()
    def the_two_say_the_same(self):
        if not hasattr(self, "books"):
            return
        seen, waits = self.state(self.book)
        assert seen == self.model.on_file()
        self.compare_pending(waits, self.model)
        outside = self.kept if self.inside else self.model
        others, others_wait = self.state(self.books[1])
        assert others == outside.on_file()
        self.compare_pending(others_wait, outside)
        if not self.inside:
            assert not self.book._store.in_transaction
            for id, record in seen.items():
                if isinstance(record, Apology):  # Its promises have histories of their own.
                    record = attrs.evolve(record, promises=())
                versions = self.versions.setdefault(id, [])
                if not versions or versions[-1] != record:
                    versions.append(record)

    @staticmethod
    def compare_pending(waits, model):
        of_files, of_wholes = model.pending()
        assert of_files <= Counter(waits)
        # Of a record that waits as a whole, some of what it waits for is told.
        rest = set(Counter(waits) - of_files)
        for each in of_wholes:
            assert each & rest
        assert rest <= set().union(*of_wholes)

    @rule(number=st.integers(0, 99))
    def ask(self, number):
        self.step("ask")
        kind, field, value = FILTERS[number % len(FILTERS)]
        found = [plain(each) for each in self.book.records(kind, **{field: value})]
        assert found == self.model.records(kind, **{field: value})
        for id in IDS:
            if id in self.model.stands:
                assert plain(self.book.get(id)) == self.model.seen(id)
            else:
                with pytest.raises(LookupError):
                    self.book.get(id)


class one_way:  # noqa: N801 - read as a sentence: with one_way(bulk)
    """Takes a batch by the way for few records, or by that for very many."""

    def __init__(self, bulk):
        self.few = -1 if bulk else 500

    def __enter__(self):
        self.before, remedy.casebook._FEW = remedy.casebook._FEW, self.few

    def __exit__(self, *_):
        remedy.casebook._FEW = self.before


def in_order(pending):
    return sorted(pending, key=repr)


UNSAID = (None, [], {}, "recorded")
"""What plain values leave out."""


def replayed(history):
    """Yield what the history says that a record was, after each change, as plain values."""
    now = {}
    for change in history:
        for field, (before, after) in change.fields.items():
            if isinstance(before, list) and isinstance(after, list):
                left = [each for each in now.get(field, []) if each not in before]
                now[field] = sorted([*left, *after], key=repr)
            else:
                assert now.get(field) == before or change.redacted or field not in now
                now[field] = after
        yield {field: value for field, value in now.items() if value not in UNSAID}


def said_plainly(record):
    told = remedy.to_dict(record)
    return {
        field: sorted(value, key=repr) if isinstance(value, list) else value
        for field, value in told.items()
        if field not in ("id", "record", "promises") and value not in UNSAID
    }


def test_a_casebook_behaves_like_its_model(capsys):
    Casebook.done.clear()
    began = time.perf_counter()
    many = settings(
        max_examples=max(1, min(STEPS, 10_000) // EACH),
        stateful_step_count=EACH,
        # Every day the same; by night, with REMEDY_STEPS, whatever chance brings.
        derandomize="REMEDY_STEPS" not in os.environ,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    # A machine may stop before its last step.
    while Casebook.done.total() < STEPS:
        run_state_machine_as_test(Casebook, settings=many)
    took = time.perf_counter() - began
    with capsys.disabled():
        told = ", ".join(f"{count:,} {name}" for name, count in Casebook.done.most_common())
        print(f"\n{Casebook.done.total():,} steps in {took:.0f} s: {told}")  # noqa: T201
    assert Casebook.done.total() >= STEPS
