"""The questions of `remedy.check` in pandas: whole columns at a time.

Written as somebody would who knows pandas well and has the file of a casebook: the tables are read
with the columns that are needed, ids become positions, and every rule is merges and groupings over
integers. Times that are not on record are NaN, which compares as false; microseconds are whole
numbers below 2**53, so that floats hold them exactly.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

__all__ = ["answers", "load"]

DAY = 86_400_000_000
FAR = 9e18

_COLUMNS = {
    "incident": "id, occurred, occurred_end, noted, acknowledged, failure, process, product, "
    "channel, site, impact, detected_by, gate, canonical",
    "incident_customer": "incident, customer, order_no, acknowledged, since",
    "complaint": "incident, made, reopened",
    "cause": "id, found, is_human, names_person, gate, level",
    "incident_cause": "incident, cause, role, since",
    "cause_cause": "effect, cause, since",
    "intervention": "id, strength, changes_process",
    "action": "id, kind, decided, intervention, strength, changes_process, owner, due, "
    "scope_process, scope_product, scope_channel, scope_site, criterion, criterion_set, verify_by",
    "action_event": "action, seq, state, occurred",
    "action_cause": "action, cause, relation, since",
    "action_incident": "action, incident, since",
    "verification": "id, action, made, result",
    "apology": "id, made, elements, recipients",
    "apology_incident": "apology, incident, since",
    "apology_customer": "apology, customer, reached",
    "promise": "id, apology, kind, scope, owner, due, made, fulfilled",
    "promise_action": "promise, action, since",
    "amends": "incident, made",
    "response": "customer, incident, kind, made, next_owner",
    "follow_up": "incident, customer, due, made",
    "decision": "kind, incident, cause, made",
    "evidence": "cause, action, made",
}
_REFERENCES = ("incident", "cause", "action", "apology", "promise")
_SCOPE = ("process", "product", "channel", "site")
_WORDS = (
    "kind",
    "state",
    "result",
    "role",
    "relation",
    "recipients",
    "gate",
    "detected_by",
    "scope",
)
_NUMBERS = (
    "occurred", "occurred_end", "noted", "acknowledged", "impact", "order_no", "since", "made",
    "reopened", "found", "is_human", "names_person", "level", "strength", "changes_process",
    "decided", "due", "criterion_set", "verify_by", "seq", "elements", "reached", "fulfilled",
)  # fmt: skip

Frames = dict[str, pd.DataFrame]


def load(path: str) -> Frames:
    """Return the tables; references are positions in the tables referred to, -1 for none."""
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
        frames = {
            table: pd.read_sql_query(f"SELECT {columns} FROM {table}", connection)
            for table, columns in _COLUMNS.items()
        }
    connection.close()
    ids = {name: pd.Index(frames[name]["id"]) for name in _REFERENCES}
    ids["customer"] = pd.Index(
        pd.concat(
            [
                frames[t]["customer"]
                for t in ("incident_customer", "apology_customer", "response", "follow_up")
            ]
        )
        .dropna()
        .unique()
    )
    for table, frame in frames.items():
        for column in frame.columns:
            if column in _NUMBERS:
                frame[column] = pd.to_numeric(frame[column]).astype("float64")
            elif column in ids or column == "effect":
                target = ids["cause" if column == "effect" else column]
                frame[column] = target.get_indexer(frame[column])
            elif column in _WORDS:
                frame[column] = frame[column].astype("category")
        frames[table] = frame
    incident, action = frames["incident"], frames["action"]
    incident["failure"], keys = pd.factorize(incident["failure"])
    frames["failures"] = pd.DataFrame({"id": keys})
    for field in _SCOPE:
        both = pd.factorize(pd.concat([incident[field], action[f"scope_{field}"]]))[0]
        incident[field], action[f"scope_{field}"] = np.split(both, [len(incident)])
    frames["customers"] = pd.DataFrame({"id": ids["customer"]})
    return frames


def _best(values: pd.Series) -> pd.Series:
    """Return values of which the greatest is the best: 5 (waiting) counts as the lowest."""
    return values.where(values != 5, 0)


def _better(one: Any, other: Any) -> Any:
    """Return the better of two columns; the second may be NaN."""
    first, second = _best(one), _best(other).fillna(0)
    best = np.maximum(first, second)
    return best.where(best > 0, 5)


class _Check:
    """One check: what several rules need is made once."""

    def __init__(self, frames: Frames, now: int, limits: dict[int, int]) -> None:
        self.t = frames
        self.now = now
        self.limits = limits
        incident = frames["incident"]
        self.seen = (incident["canonical"].isna() & (incident["noted"] <= now)).to_numpy()

    def visible(self, links: pd.DataFrame) -> pd.DataFrame:
        return links[~(links["since"] > self.now)]

    def at(self, frame: pd.DataFrame, column: str) -> np.ndarray:
        """Return a column of the incidents that a frame refers to."""
        return self.t["incident"][column].to_numpy()[frame["incident"].to_numpy()]

    # --- actions ----------------------------------------------------------------------------------

    def actions(self) -> None:
        events = self.t["action_event"].sort_values(["action", "occurred", "seq"], kind="stable")
        state = events["state"]
        events = events.assign(
            place=events.groupby("action").cumcount() + 1,
            cancelled=(state == "cancelled").astype(int),
            done=state.isin(["implemented", "took_effect"]),
        )
        events["segment"] = events.groupby("action")["cancelled"].cumsum()
        occurred = events["occurred"]
        parts = (
            pd.DataFrame(
                {
                    "action": events["action"], "segment": events["segment"],
                    "effect": occurred.where(state == "took_effect"),
                    "done": occurred.where(state == "implemented"),
                    "opened": occurred.where(state == "cancelled"),
                }
            ).groupby(["action", "segment"], as_index=False).min()
        )  # fmt: skip
        parts["began"] = parts["effect"].fillna(parts["done"])
        parts["ended"] = parts.groupby("action")["opened"].shift(-1)
        self.effect = parts.loc[parts["began"].notna(), ["action", "began", "ended"]]
        self.first_effect = self.effect.groupby("action")["began"].min()

        seen = events[events["occurred"] <= self.now]
        place, by = seen["place"], seen["action"]
        last = pd.DataFrame(
            {
                "reopened": place.where(seen["state"] == "reopened", 0).groupby(by).max(),
                "cancelled": place.where(seen["state"] == "cancelled", 0).groupby(by).max(),
                "done": place.where(seen["done"], 0).groupby(by).max(),
            }
        )
        after = place > by.map(last["reopened"])
        action = self.t["action"]
        kinds = self.t["intervention"].set_index("id")
        of = pd.DataFrame(index=action.index)
        number = last.reindex(action.index).fillna(0)
        of["cancelled"] = (number["cancelled"] > number["reopened"]) & (
            number["cancelled"] > number["done"]
        )
        again = seen["occurred"].where(seen["state"] == "reopened").groupby(by).max()
        of["reopened"] = again.reindex(action.index)
        done = seen["occurred"].where(seen["done"] & after).groupby(by).min()
        of["implemented"] = done.reindex(action.index).where(~of["cancelled"])
        closed = seen["occurred"].where((seen["state"] == "closed") & after).groupby(by).max()
        of["closed"] = closed.reindex(action.index)
        made = self.t["verification"]
        made = made[made["made"] <= self.now].sort_values(["made", "id"])
        self.verified = made
        judged = made.drop_duplicates("action", keep="last").set_index("action")
        of["result"] = judged["result"].reindex(action.index)
        place = made.groupby("action").cumcount()
        worse = place.where(made["result"] == "ineffective", -1).groupby(made["action"]).max()
        shown = made[(made["result"] == "effective") & (place > made["action"].map(worse))]
        of["shown"] = shown.groupby("action")["made"].min().reindex(action.index)
        conclusive = made[made["result"] != "inconclusive"].groupby("action")["made"].max()
        of["concluded"] = conclusive.reindex(action.index)
        of["open"] = of["implemented"].isna() & of["closed"].isna() & ~of["cancelled"]
        strength = action["intervention"].map(kinds["strength"])
        changes = action["intervention"].map(kinds["changes_process"])
        of["strength"] = action["strength"].fillna(strength)
        of["changes"] = action["changes_process"].fillna(changes).fillna(0) == 1
        of["removes"] = action["kind"].isin(["corrective", "preventive"])
        of["seen"] = action["decided"] <= self.now
        of["began"] = self.first_effect.reindex(action.index)
        self.of = of

        links = self.visible(self.t["action_cause"])
        known = self.t["cause"]["found"].to_numpy() <= self.now
        links = links[(links["relation"] == "addresses") & known[links["cause"]]]
        fix = links[["cause", "action"]].join(
            of.join(action[["intervention", "due", "verify_by", *(f"scope_{f}" for f in _SCOPE)]]),
            on="action",
        )
        fix = fix[fix["seen"] & fix["removes"]].reset_index(drop=True)
        met = fix["implemented"].notna()
        fix["placed"] = np.select(
            [
                fix["result"] == "ineffective", met & fix["changes"], met,
                ~fix["open"] | (fix["due"] < self.now), fix["changes"],
            ],
            [0, 8, 2, 3, 6], 4,
        )  # fmt: skip
        fix["scoped"] = (fix[[f"scope_{field}" for field in _SCOPE]] >= 0).any(axis=1)
        late = fix["verify_by"].fillna(fix["implemented"] + 90 * DAY) < self.now
        fix["unverified"] = met & fix["changes"] & late & ~(fix["concluded"] >= fix["implemented"])
        self.fix = fix
        self.covered = set(fix.loc[~fix["cancelled"], "cause"])

    def in_scope(self, frame: pd.DataFrame) -> np.ndarray:
        """Whether the scope of the fix in each row takes its incident in."""
        fits = np.ones(len(frame), bool)
        for field in _SCOPE:
            scope = frame[f"scope_{field}"].to_numpy()
            fits &= (scope < 0) | (scope == self.at(frame, field))
        return fits

    def was_there(self, frame: pd.DataFrame) -> np.ndarray:
        """Whether the action of each row was in effect when its incident occurred."""
        occurred = self.at(frame, "occurred")
        there = np.zeros(len(frame), bool)
        early = np.flatnonzero(frame["began"].to_numpy() < occurred)
        near = pd.DataFrame(
            {"row": early, "action": frame["action"].to_numpy()[early], "occurred": occurred[early]}
        ).merge(self.effect, on="action")
        held = (near["began"] < near["occurred"]) & ~(near["ended"] < near["occurred"])
        there[near.loc[held, "row"].to_numpy()] = True
        return there

    def stands(self, frame: pd.DataFrame) -> np.ndarray:
        return self.in_scope(frame) & ~self.was_there(frame)

    # --- causes -----------------------------------------------------------------------------------

    def causes(self) -> None:
        cause = self.t["cause"]
        known = cause["found"].to_numpy() <= self.now
        links = self.visible(self.t["cause_cause"])
        links = links[known[links["effect"]] & known[links["cause"]]]
        self.deeper = links[["effect", "cause"]].assign(
            level=cause["level"].to_numpy()[links["effect"]],
            any=(cause["gate"] == "any").to_numpy()[links["effect"]],
        )
        down = self.deeper[["effect", "cause"]].rename(columns={"effect": "via"})
        itself = np.flatnonzero(known)
        pairs = [pd.DataFrame({"cause": itself, "deeper": itself})]
        step = pairs[0]
        while len(step):
            step = step.merge(down, left_on="deeper", right_on="via", suffixes=("", "_"))
            step = step[["cause", "cause_"]].set_axis(["cause", "deeper"], axis=1).drop_duplicates()
            pairs.append(step)
        self.reach = pd.concat(pairs).drop_duplicates()
        explained = self.visible(self.t["incident_cause"])
        self.explained = explained[known[explained["cause"]]]
        decision = self.t["decision"]
        decision = decision[decision["made"] <= self.now]
        self.decision = decision[decision["incident"] >= 0]
        no_action = decision["kind"] == "no_action"
        self.let_be = set(decision.loc[no_action & (decision["cause"] >= 0), "cause"])
        self.no_action = set(self.decision.loc[self.decision["kind"] == "no_action", "incident"])

    def own(self, units: pd.DataFrame, acted: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
        """Return what is done about the causes of units by itself, from the fixes that stand."""
        met = acted["placed"] == 8
        flags = acted[keys].assign(
            placed=acted["placed"], met=met, stronger=met & ~(acted["strength"] <= 1),
            unverified=met & acted["unverified"], failed=acted["placed"] == 0,
            scoped=acted["scoped"],
        )  # fmt: skip
        done = flags.groupby(keys).max()
        done["began"] = acted.groupby(keys)["began"].min()
        made = units.join(done, on=keys)
        for flag in ("placed", "met", "stronger", "unverified", "failed", "scoped"):
            made[flag] = made[flag].fillna(0).astype("int64")
        waived = made["cause"].isin(self.let_be)
        made["placed"] = made["placed"].where(~waived, np.maximum(made["placed"], 7))
        return made

    def graded(self, own: pd.DataFrame, keys: list[str], values: list[str]) -> pd.DataFrame:
        """Go up from the deepest causes, level by level."""
        cause = self.t["cause"]
        own["level"] = cause["level"].to_numpy()[own["cause"]]
        flags = ["met", "stronger", "unverified", "failed", "scoped"]
        made = []
        for level, rows in own.groupby("level"):
            down = self.deeper[self.deeper["level"] == level]
            if made and len(down):
                so_far = pd.concat(made)
                below = (
                    down.merge(so_far[[*keys, *values, *flags, "began"]], on="cause")
                    .drop(columns=["cause", "level"]).rename(columns={"effect": "cause"})
                )  # fmt: skip
                grouped = below.groupby(keys)
                least = grouped[values].min()
                best = (
                    below.assign(**{v: _best(below[v]) for v in values}).groupby(keys)[values].max()
                )
                best = best.where(best > 0, 5)
                some = grouped["any"].first().to_numpy()[:, None]
                under = (
                    pd.DataFrame(np.where(some, least, best), index=least.index, columns=values)
                    .join(grouped[flags].max())
                    .join(grouped["began"].min())
                )
                under = rows[keys].join(under, on=keys)
                for value in values:
                    rows[value] = _better(rows[value], under[value])
                for flag in flags:
                    rows[flag] = np.maximum(rows[flag], under[flag].fillna(0))
                rows["began"] = np.fmin(rows["began"], under["began"])
            made.append(rows)
        return pd.concat(made) if made else own.assign(**dict.fromkeys(values, 0))

    # --- apologies --------------------------------------------------------------------------------

    def apologies(self) -> None:
        incident, apology = self.t["incident"], self.t["apology"]
        sorry = self.visible(self.t["apology_incident"])
        sorry = sorry[["apology", "incident"]].join(apology.drop(columns="id"), on="apology")
        self.sorry = sorry[(sorry["made"] <= self.now)].drop_duplicates(["apology", "incident"])
        mine = self.sorry[self.seen[self.sorry["incident"]]]
        back = mine.groupby("incident")["made"].min().to_frame("first_made")
        back = back.join(
            incident[["failure", "occurred", "noted", "impact", "gate", "detected_by"]]
        )
        promise = self.t["promise"]
        promise = promise.assign(seen=promise["made"] <= self.now)
        promise = promise[
            promise["seen"]
            & promise["apology"].isin(
                set(self.sorry["apology"]) | set(apology.index[apology["made"] <= self.now])
            )
        ]
        self.promise = promise
        never = promise.loc[promise["kind"] == "non_recurrence", "apology"]
        promised = self.sorry.loc[self.sorry["apology"].isin(never), "incident"]
        back["over"] = (self.now - back["noted"] > 14 * DAY) | back.index.isin(promised)
        back["decided"] = back.index.isin(self.decision["incident"])
        back["no_action"] = back.index.isin(list(self.no_action))

        known = np.flatnonzero(self.t["cause"]["found"].to_numpy() <= self.now)
        own = self.own(pd.DataFrame({"cause": known}), self.fix, ["cause"])
        own["after"] = own["placed"].where(own["placed"] > 0, 1)
        own["within"] = own["placed"].where(own["placed"] > 0, 5)
        self.stand = self.graded(own, ["cause"], ["after", "within"]).set_index("cause")
        direct = self.explained[self.explained["role"] == "cause"]
        direct = direct[direct["incident"].isin(back.index)][
            ["incident", "cause"]
        ].drop_duplicates()
        links = direct.join(self.stand, on="cause").join(back[["over", "occurred"]], on="incident")
        links["value"] = links["after"].where(links["over"], links["within"])
        touchy = (links["scoped"] == 1) | (links["began"] < links["occurred"])
        touched = links.loc[touchy, "incident"].unique()
        links = links[~links["incident"].isin(touched)]
        self.direct = direct
        units = direct[direct["incident"].isin(touched)].merge(self.reach, on="cause")
        units = units[["incident", "deeper"]].set_axis(["incident", "cause"], axis=1)
        units = units.drop_duplicates().reset_index(drop=True)
        acted = units.merge(self.fix, on="cause")
        own = self.own(units, acted[self.stands(acted)], ["incident", "cause"])
        waiting = np.where(back["over"].reindex(own["incident"]), 1, 5)
        own["value"] = own["placed"].where(own["placed"] > 0, waiting)
        self.stand_for = self.graded(own, ["incident", "cause"], ["value"])
        columns = ["incident", "value", "met", "stronger", "unverified", "failed"]
        own = direct[direct["incident"].isin(touched)].merge(
            self.stand_for, on=["incident", "cause"]
        )
        links = pd.concat([links[columns], own[columns]])
        grouped = links.groupby("incident")
        least, best = grouped["value"].min(), _best(links["value"]).groupby(links["incident"]).max()
        back = back.join(grouped[columns[2:]].max())
        back["caused"] = back["met"].notna()
        back["grade"] = least.where(
            (back["gate"] == "any").reindex(least.index), best.where(best > 0, 5)
        ).reindex(back.index)
        self.touched = set(touched)
        self.back = back

    def ineffective(self) -> np.ndarray:
        """Return the incidents still open through a cause whose action was found ineffective."""
        back = self.back
        still = back.index[(back["failed"] == 1) & (back["grade"] < 7)]
        front = self.direct[self.direct["incident"].isin(still)]
        found = []
        while len(front):
            front = front.merge(
                self.stand_for[["incident", "cause", "value"]], on=["incident", "cause"], how="left"
            )
            both = front[["cause"]].join(self.stand[["after", "within"]], on="cause")
            plain = both["after"].where(
                back["over"].reindex(front["incident"]).to_numpy(), both["within"]
            )
            front["value"] = front["value"].where(front["incident"].isin(self.touched), plain)
            front = front.loc[front["value"] < 7, ["incident", "cause"]]
            found.append(front)
            front = front.merge(self.deeper, left_on="cause", right_on="effect")
            front = (
                front[["incident", "cause_y"]]
                .set_axis(["incident", "cause"], axis=1)
                .drop_duplicates()
            )
        if not found:
            return np.array([], int)
        acted = pd.concat(found).merge(self.fix[self.fix["placed"] == 0], on="cause")
        return acted.loc[self.stands(acted), "incident"].unique()

    # --- recurrence -------------------------------------------------------------------------------

    def recurrence(self) -> None:
        incident = self.t["incident"]
        rows = np.flatnonzero(self.seen & (incident["failure"] >= 0).to_numpy())
        member = incident.loc[rows, ["failure", "occurred", "occurred_end", "id"]]
        member["incident"] = rows
        member = member[member.groupby("failure")["incident"].transform("size") > 1]
        self.member = member.sort_values(["failure", "occurred", "id"]).reset_index(drop=True)
        self.member["place"] = self.member.index
        hits = self.visible(self.t["incident_customer"])
        self.hits = hits[self.seen[hits["incident"]]]
        self.hit = self.hits[["incident", "customer", "order_no"]].merge(self.member, on="incident")
        known = self.member[["failure", "incident", "occurred", "occurred_end"]].merge(
            self.explained[["incident", "cause"]].drop_duplicates(), on="incident"
        ).merge(self.reach, on="cause")  # fmt: skip
        known = known.drop(columns="cause").rename(columns={"deeper": "cause"})
        self.known = known.drop_duplicates(["incident", "cause"])
        unknown = self.member[~self.member["incident"].isin(self.known["incident"])]
        columns = ["failure", "incident", "occurred"]
        causes = self.known[["failure", "cause"]].drop_duplicates()
        causes = causes[causes["failure"].isin(unknown["failure"])]
        active = self.fix[self.fix["began"].notna()]
        applied = pd.concat(
            [
                self.known[[*columns, "cause"]].merge(active, on="cause"),
                unknown[columns].merge(causes.merge(active, on="cause"), on="failure"),
            ]
        )
        applied = applied[applied["began"] < applied["occurred"]]
        applied = applied[self.in_scope(applied)]
        applied = applied[self.was_there(applied)]
        self.held_not = applied[[*columns, "cause", "action", "intervention"]].drop_duplicates()
        first = self.known.groupby(["failure", "cause"])["occurred_end"].min().rename("first_end")
        returned = self.held_not.join(first, on=["failure", "cause"])
        self.returned = returned[returned["first_end"] < returned["occurred"]]

    def first_after(self, asked: pd.DataFrame) -> pd.DataFrame:
        """Return the first incident of a failure after one moment, certain to be over by another.

        Args:
            asked: Columns failure, incident (another than this one), since, until.
        """
        moments = np.unique(self.member["occurred"])
        width = len(moments) + 1
        keys = (self.member["failure"] * width).to_numpy() + np.searchsorted(
            moments, self.member["occurred"]
        )
        place = np.searchsorted(
            keys,
            asked["failure"].to_numpy() * width
            + np.searchsorted(moments, asked["since"].to_numpy(), side="right"),
        )
        failure, occurred, end, number = (
            self.member[name].to_numpy()
            for name in ("failure", "occurred", "occurred_end", "incident")
        )
        wanted, own, until = (asked[name].to_numpy() for name in ("failure", "incident", "until"))
        found = np.full(len(asked), np.nan)
        rows = np.arange(len(asked))
        while len(rows):
            rows = rows[place[rows] < len(keys)]
            at = place[rows]
            rows = rows[(failure[at] == wanted[rows]) & (occurred[at] <= until[rows])]
            at = place[rows]
            fits = (end[at] <= until[rows]) & (number[at] != own[rows])
            found[rows[fits]] = occurred[at[fits]]
            rows = rows[~fits]
            place[rows] += 1
        return asked[["incident"]].assign(found=found)

    def walk(self) -> None:
        walker = self.member.join(self.back[["first_made"]], on="incident", how="inner")
        base = walker[["incident", "failure", "first_made", "occurred"]].reset_index(drop=True)
        held = base.merge(self.direct, on="incident").merge(self.reach, on="cause")
        held = held.drop(columns="cause").rename(columns={"deeper": "cause"})
        held = held.merge(self.fix[self.fix["changes"] & self.fix["began"].notna()], on="cause")
        held = held[self.stands(held)][["incident", "failure", "first_made", "cause", "action"]]
        spans = held[["incident", "action"]].drop_duplicates().merge(self.effect, on="action")
        gaps = pd.concat(
            [
                base[["incident", "first_made"]].set_axis(["incident", "since"], axis=1),
                spans.loc[spans["ended"].notna(), ["incident", "ended"]]
                .set_axis(["incident", "since"], axis=1),
            ]
        ).merge(base[["incident", "failure", "first_made"]], on="incident")  # fmt: skip
        gaps = gaps[gaps["since"] >= gaps["first_made"]].drop_duplicates().reset_index(drop=True)
        near = gaps.reset_index(names="gap").merge(spans, on="incident")
        covers = (near["began"] <= near["since"]) & ~(near["ended"] <= near["since"])
        until = near.loc[near["began"] > near["since"]].groupby("gap")["began"].min()
        gaps["until"] = until.reindex(gaps.index).fillna(FAR)
        gaps = gaps.drop(index=near.loc[covers, "gap"].unique())
        hollow = self.first_after(gaps).groupby("incident")["found"].min()
        fell = held.merge(
            self.held_not[["cause", "action", "incident", "occurred", "failure"]],
            on=["failure", "cause", "action"], suffixes=("", "_later"),
        )  # fmt: skip
        fell = fell[
            (fell["occurred"] > fell["first_made"]) & (fell["incident_later"] != fell["incident"])
        ]
        failed = fell.groupby("incident")["occurred"].min()
        walked = pd.DataFrame({"hollow": hollow, "failed": failed})
        self.failed = set(walked.index[walked["failed"] < walked["hollow"].fillna(FAR)])
        self.hollow = set(walked.index[walked["hollow"] < walked["failed"].fillna(FAR)])

    def broken(self) -> pd.DataFrame:
        """Return the first incident that broke each promise."""
        promise = self.promise[self.promise["kind"].isin(["non_recurrence", "watch"])]
        year = promise["made"] + 365 * DAY
        watch = promise["kind"] == "watch"
        until = year.where(~watch, np.fmin(promise["due"].fillna(year), promise["fulfilled"]))
        anyone = (promise["kind"] == "non_recurrence") & (promise["scope"] == "anyone")
        bound = promise[["apology", "made"]].assign(
            until=until, anyone=anyone, promise=promise.index
        )
        sorry = self.sorry[["apology", "incident", "recipients"]]
        bound = bound.merge(sorry, on="apology")
        bound["failure"] = self.at(bound, "failure")
        bound = bound[
            bound["failure"].isin(self.member["failure"]) & self.seen[bound["incident"]]
        ].drop(columns="incident").drop_duplicates()  # fmt: skip
        limited = bound[~bound["anyone"]]
        reached = self.t["apology_customer"]
        everybody = limited[limited["recipients"].isna() | (limited["recipients"] == "all")]
        persons = (
            everybody[["apology"]].drop_duplicates()
            .merge(self.t["apology_incident"][["apology", "incident"]], on="apology")
            .merge(self.t["incident_customer"][["incident", "customer"]], on="incident")
        )[["apology", "customer"]].drop_duplicates()  # fmt: skip
        missed = reached.loc[reached["reached"] == 0, ["apology", "customer"]]
        persons = persons.merge(missed, how="left", indicator=True)
        persons = persons.loc[persons["_merge"] == "left_only", ["apology", "customer"]]
        listed = limited.loc[limited["recipients"] == "listed", "apology"]
        named = reached.loc[
            (reached["reached"] == 1) & reached["apology"].isin(listed), ["apology", "customer"]
        ]
        told = pd.concat([persons, named])
        hurt = pd.concat(
            [
                bound[bound["anyone"]].merge(self.member, on="failure"),
                limited.merge(told, on="apology").merge(self.hit, on=["failure", "customer"]),
            ]
        )
        hurt = hurt[(hurt["occurred"] > hurt["made"]) & (hurt["occurred"] <= hurt["until"])]
        hurt = hurt.merge(sorry[["apology", "incident"]], how="left", indicator=True)
        hurt = hurt[hurt["_merge"] == "left_only"].sort_values(["promise", "occurred", "id"])
        return hurt.drop_duplicates("promise")

    # --- questions --------------------------------------------------------------------------------

    def rows(self) -> Iterator[tuple[str, str, Any]]:
        """Yield code, kind of subject and positions of subjects."""
        self.actions()
        self.causes()
        self.apologies()
        self.recurrence()
        self.walk()
        yield from self._of_apologies()
        yield from self._of_promises()
        yield from self._of_recurrence()
        yield from self._of_causes_and_actions()

    def _of_apologies(self) -> Iterator[tuple[str, str, Any]]:
        back, now = self.back, self.now
        asked = back["caused"] & ~back["no_action"]
        low = asked & (back["grade"] < 5)
        met = back["met"] == 1
        none = ~back["caused"] & back["over"] & ~back["decided"]
        yield "A101", "incident", back.index[none]
        for grade, code in ((1, "A102"), (2, "A104"), (3, "A103"), (4, "A114")):
            yield code, "incident", back.index[low & ~met & (back["grade"] == grade)]
        yield "A108", "incident", back.index[low & met]
        yield "A105", "incident", back.index[asked & met & (back["stronger"] == 0)]
        yield "A106", "incident", back.index[asked & (back["unverified"] == 1)]
        self.failed |= set(self.ineffective())
        yield "A107", "incident", self.failed
        yield "A110", "incident", self.hollow

        complaint = self.t["complaint"]
        told = complaint.loc[complaint["made"] <= now, "incident"]
        escapes = self.explained[self.explained["role"] == "escape"].merge(self.reach, on="cause")
        caught = escapes.loc[escapes["deeper"].isin(self.covered | self.let_be), "incident"]
        reached = (back["detected_by"] == "customer") | back.index.isin(told)
        yield "A109", "incident", back.index[asked & reached & ~back.index.isin(caught)]

        persons = self.hits[["incident", "customer"]].drop_duplicates()
        sorry = self.sorry[["incident", "apology", "recipients"]]
        unsure = sorry.loc[sorry["recipients"].isna(), "incident"]
        sure = sorry[~sorry["incident"].isin(unsure) & self.seen[sorry["incident"]]]
        pairs = sure.merge(persons, on="incident").merge(
            self.t["apology_customer"], on=["apology", "customer"], how="left"
        )
        everybody = (pairs["recipients"] == "all").astype("float64")
        pairs["told"] = pairs["reached"].fillna(everybody)
        heard = pairs.groupby(["incident", "customer"])["told"].max()
        yield "A120", "incident", heard.index.get_level_values(0)[heard == 0].unique()

        first = self.hits.groupby(["incident", "customer"])["acknowledged"].min().reset_index()
        first = first[first["incident"].isin(back.index[back["impact"].isin(self.limits)])]
        first = first.join(back[["first_made", "noted", "impact"]], on="incident")
        word = first["acknowledged"].fillna(pd.Series(self.at(first, "acknowledged"), first.index))
        word = np.fmin(word.where(word <= now), first["first_made"])
        late = word > first["noted"] + first["impact"].map(self.limits)
        yield "A121", "incident", first.loc[late, "incident"].unique()

        spoken = self.sorry[self.sorry["elements"].notna() & self.seen[self.sorry["incident"]]]
        bits = spoken["elements"].astype("int64")
        has = pd.DataFrame({bit: bits // bit % 2 for bit in (1, 2, 4, 8, 16)})
        has = has.groupby(spoken["incident"]).max()
        yield "A122", "incident", has.index[has[[4, 16]].min(axis=1) == 0]
        yield "A124", "incident", has.index[has[[1, 2, 8]].min(axis=1) == 0]

        amends = self.t["amends"]
        given = amends.loc[amends["made"] <= now, "incident"]
        yield "A140", "incident", back.index[(back["impact"] >= 3) & ~back.index.isin(given)]

        plan = self.t["follow_up"]
        made = plan["made"] <= now
        due = plan[(plan["due"] < now) & ~made & plan["incident"].isin(back.index)]
        due = due[(due["customer"] >= 0) | due["incident"].isin(self.hits["incident"])]
        done = plan.loc[made, ["incident", "customer"]]
        near = due.reset_index(names="row").merge(done, on="incident")
        same = near["customer_x"] == near["customer_y"]
        any_one = (near["customer_x"] < 0) | (near["customer_y"] < 0)
        open_ = due.drop(index=near.loc[same | any_one, "row"].unique())
        yield "A144", "incident", open_["incident"].unique()

        state = np.select(
            [
                back.index.isin(list(self.failed)), back.index.isin(list(self.hollow)),
                ~back["caused"] & back["decided"], ~back["caused"] & ~back["over"], ~back["caused"],
                back["grade"] == 8, back["no_action"] | (back["grade"] == 7), back["grade"] > 4, met,
            ],
            [1, 2, 7, 5, 3, 8, 7, back["grade"].fillna(0), 4], 3,
        )  # fmt: skip
        states = self.sorry.merge(
            pd.DataFrame({"state": state}, index=back.index), left_on="incident", right_index=True
        )
        least, most = (getattr(states.groupby("apology")["state"], f)() for f in ("min", "max"))
        partly = (states["state"] == 4).groupby(states["apology"]).any()
        some = (least > 2) & (partly | ((most == 8) & (least < 8)))
        self.states = least.where(~some, 4).astype(int)

    def _of_promises(self) -> Iterator[tuple[str, str, Any]]:
        promise, now = self.promise, self.now
        broken = self.broken()
        yield "A132", "incident", broken["incident"].unique()
        yield "A133", "promise", promise.index[promise["kind"].isna()]
        undone = (promise["kind"] == "deed") & ~(promise["fulfilled"] <= now)
        yield "A131", "promise", promise.index[undone & (promise["due"] < now)]
        yield (
            "A130",
            "promise",
            promise.index[undone & (promise["owner"].isna() | promise["due"].isna())],
        )
        never = promise[promise["kind"] == "non_recurrence"]
        never = never[(never["made"] + 365 * DAY >= now) & ~never.index.isin(broken["promise"])]
        linked = self.visible(self.t["promise_action"]).join(self.of, on="action")
        linked = linked.loc[linked["seen"] & ~linked["cancelled"], "promise"]
        under = self.sorry[["apology", "incident"]].merge(
            self.explained[["incident", "cause"]], on="incident"
        ).merge(self.reach, on="cause")  # fmt: skip
        under = under.loc[under["deeper"].isin(self.covered), "apology"]
        bare = ~never.index.isin(linked) & ~never["apology"].isin(under)
        yield "A130", "promise", never.index[bare]

        works = self.visible(self.t["promise_action"]).join(self.of, on="action")
        works = works.loc[works["seen"] & (works["result"] == "effective"), "promise"]
        fixed = self.fix.loc[self.fix["result"] == "effective", "cause"]
        under = self.sorry[["apology", "incident"]].merge(
            self.explained[["incident", "cause"]], on="incident"
        ).merge(self.reach, on="cause")  # fmt: skip
        under = under.loc[under["deeper"].isin(fixed), "apology"]
        year = promise["made"] + 365 * DAY
        never = promise["kind"] == "non_recurrence"
        held = (year < now) | promise.index.isin(works) | promise["apology"].isin(under)
        watch = promise["kind"] == "watch"
        state = np.select(
            [
                promise.index.isin(broken["promise"]), never & held, never,
                promise["fulfilled"] <= now, watch & (promise["due"].fillna(year) < now),
                (promise["kind"] == "deed") & (promise["due"] < now),
            ],
            [4, 2, 1, 2, 2, 3], 1,
        )  # fmt: skip
        self.promise_states = pd.Series(state, index=promise.index)

        response = self.t["response"]
        last = response[(response["kind"] == "last_chance") & (response["made"] <= now)]
        settled = response[response["kind"].isin(["thanked", "accepted", "left"])]
        near = last.reset_index(names="row").merge(settled, on="customer", suffixes=("", "_then"))
        near = near[near["made_then"] > near["made"]]
        then = near.groupby("row")["made_then"].min().reindex(last.index)
        open_ = last[~(then <= now)]
        owned = open_["next_owner"].notna().groupby(open_["customer"]).all()
        yield "A141", "customers", owned.index[owned]
        yield "A142", "customers", owned.index[~owned]
        about = last.assign(then=then)[last["incident"] >= 0]
        about = about[self.seen[about["incident"]]]
        about = about.assign(failure=self.at(about, "failure"))
        again = about.merge(
            self.hit[["failure", "customer", "occurred"]], on=["failure", "customer"]
        )
        again = again[(again["occurred"] > again["made"]) & ~(again["then"] <= again["occurred"])]
        yield "A143", "customers", again["customer"].unique()

    def _of_recurrence(self) -> Iterator[tuple[str, str, Any]]:
        member, hit, now = self.member, self.hit, self.now
        later = member.sort_values("occurred")
        earlier = member[["failure", "occurred", "occurred_end"]].sort_values("occurred_end")
        earlier["nearest"] = earlier.groupby("failure")["occurred"].cummax()
        if len(member):
            met = pd.merge_asof(
                later, earlier[["failure", "occurred_end", "nearest"]], by="failure",
                left_on="occurred", right_on="occurred_end", allow_exact_matches=False,
            )  # fmt: skip
            repeats = met.loc[met["occurred"] - met["nearest"] <= 90 * DAY, "incident"]
        else:
            repeats = member["incident"]
        yield "R201", "incident", repeats
        person = ["failure", "customer"]
        first = hit.groupby(person)["occurred_end"].transform("min")
        yield "R202", "hit", hit[first < hit["occurred"]]
        order = hit[hit["order_no"].notna()]
        before = order.groupby([*person, "order_no"])["occurred_end"].min().rename("before")
        order = order.assign(order_no=order["order_no"] - 1).join(before, on=[*person, "order_no"])
        yield "R203", "hit", order[order["before"] < order["occurred"]]
        twice = hit[hit.groupby(person)["incident"].transform("nunique") > 1]
        said = twice.merge(
            self.sorry[["incident", "apology", "made", "recipients"]], on="incident"
        ).merge(self.t["apology_customer"], on=["apology", "customer"], how="left")
        told = said["reached"].fillna((said["recipients"] != "listed").astype("float64"))
        # Somebody on a list of recipients that is not known was told unless marked as not reached.
        told = told.where((said["recipients"] == "listed") | ~(said["reached"] == 1), 1)
        said = said[told == 1]
        ready = (
            np.maximum(said["occurred_end"], said["made"])
            .groupby([said["failure"], said["customer"]])
            .min()
        )
        twice = twice.join(ready.rename("ready"), on=person)
        yield "R204", "hit", twice[twice["ready"] < twice["occurred"]]

        returned = self.returned
        yield "R205", "incident", returned["incident"].unique()
        verified = self.verified.sort_values("made", kind="stable")
        if len(returned) and len(verified):
            judged = pd.merge_asof(
                returned.sort_values("occurred"), verified[["action", "made", "result"]], by="action",
                left_on="occurred", right_on="made", allow_exact_matches=False,
            )  # fmt: skip
            yield (
                "R206",
                "incident",
                judged.loc[judged["result"] == "effective", "incident"].unique(),
            )
        tried = (
            returned.groupby(["cause", "action", "intervention"])["occurred"].min().reset_index()
        )
        tried["began"] = tried["action"].map(self.first_effect)
        both = tried.merge(tried, on=["cause", "intervention"])
        both = both[(both["began_y"] > both["began_x"]) & (both["occurred_x"] <= both["began_y"])]
        yield "R208", "cause", both["cause"].unique()

        complaint = self.t["complaint"]
        reopened = complaint[(complaint["reopened"] <= now) & (complaint["made"] <= now)]
        links = self.visible(self.t["action_incident"]).join(self.of, on="action")
        kinds = self.t["action"]["kind"].reindex(links["action"]).to_numpy()
        wrong = links[
            (kinds == "correction") & links["seen"]
            & ((links["result"] == "ineffective") | links["reopened"].notna())
        ]  # fmt: skip
        failed = np.union1d(reopened["incident"], wrong["incident"]).astype(int)
        failed = failed[failed >= 0]
        yield "R210", "incident", failed[self.seen[failed]]

        comparable = int((self.t["incident"]["failure"].to_numpy()[self.seen] >= 0).sum())
        blank = int(self.seen.sum()) - comparable
        if blank or (comparable >= 20 and 2 * len(repeats) > comparable):
            yield "R200", "casebook", [0]

    def _of_causes_and_actions(self) -> Iterator[tuple[str, str, Any]]:
        incident, cause, of, now = self.t["incident"], self.t["cause"], self.of, self.now
        open_ = self.seen & (now - incident["noted"] > 14 * DAY).to_numpy()
        caused = self.explained.loc[self.explained["role"] == "cause", "incident"]
        open_ &= ~incident.index.isin(caused) & ~incident.index.isin(self.decision["incident"])
        failure = incident["failure"].to_numpy()[open_]
        yield "C301", "failures", np.unique(failure[failure >= 0])
        yield "C301", "incident", np.flatnonzero(open_ & (incident["failure"] < 0).to_numpy())
        known = cause["found"] <= now
        person = known & ((cause["is_human"] == 1) | (cause["names_person"] == 1))
        yield "C302", "cause", cause.index[person & ~cause.index.isin(self.deeper["effect"])]
        evidence = self.t["evidence"]
        evidence = evidence[evidence["made"] <= now]
        yield "C303", "cause", cause.index[known & ~cause.index.isin(evidence["cause"])]

        action = self.t["action"]
        seen, due = of["seen"], action["due"]
        yield "F401", "action", of.index[seen & of["open"] & (action["owner"].isna() | due.isna())]
        yield "F402", "action", of.index[seen & of["open"] & (due < now)]
        done = seen & of["removes"] & of["implemented"].notna()
        yield "F403", "action", of.index[done & ~of.index.isin(evidence["action"])]
        late = action["criterion_set"].fillna(action["decided"]) > of["implemented"]
        yield "F404", "action", of.index[done & (action["criterion"].isna() | late)]
        back = self.returned.join(of["closed"], on="action")
        since = back.loc[back["occurred"] > back["closed"], "action"]
        stale = of["concluded"] < of["implemented"].fillna(of["reopened"])
        loose = seen & of["removes"] & of["closed"].notna() & (of["concluded"].isna() | stale)
        yield "F409", "action", of.index[loose & ~of.index.isin(since)]

        acting = self.fix[~self.fix["cancelled"]]
        strength = acting["strength"].fillna(9).groupby(acting["cause"]).max()
        yield "F405", "cause", strength.index[strength == 1]
        up = self.explained[["incident", "cause"]].merge(self.reach, on="cause")
        grave = up.loc[self.seen[up["incident"]] & (self.at(up, "impact") >= 3), "deeper"]
        yield "F408", "cause", strength.index[(strength < 2) & strength.index.isin(grave)]

        links = self.visible(self.t["action_incident"])
        kept = of.index[
            seen & (action["kind"] == "containment") & of["closed"].isna() & ~of["cancelled"]
        ]
        links = links[links["action"].isin(kept) & self.seen[links["incident"]]]
        direct = self.explained[self.explained["role"] == "cause"]
        under = (
            links[["action", "incident"]]
            .merge(direct[["incident", "cause"]], on="incident")
            .merge(self.reach, on="cause")
        )
        works = self.fix[(self.fix["result"] == "effective") & (self.fix["shown"] + 30 * DAY < now)]
        yield "F406", "action", under.loc[under["deeper"].isin(works["cause"]), "action"].unique()
        brought = self.visible(self.t["action_cause"])
        brought = brought[
            (brought["relation"] == "introduces") & seen.to_numpy()[brought["action"]]
        ]
        hit = up.loc[self.seen[up["incident"]], "deeper"]
        yield "F407", "action", brought.loc[brought["cause"].isin(hit), "action"].unique()


def answers(
    frames: Frames, now: int, limits: dict[int, int]
) -> Iterator[tuple[str, list[tuple[str, ...]]]]:
    """Answer one question after another: code, and subjects (with the customer for R202-R204).

    Args:
        frames: What `load` returned.
        now: The date, in microseconds.
        limits: By rank of impact, within how many microseconds a customer is to hear from us.
    """
    check = _Check(frames, now, limits)
    ids = {name: frames[name]["id"].to_numpy() for name in (*_REFERENCES, "customers", "failures")}
    for code, kind, found in check.rows():
        if kind == "hit":
            pairs = zip(
                ids["incident"][found["incident"]], ids["customers"][found["customer"]], strict=True
            )
            yield code, list(pairs)
        elif kind == "casebook":
            yield code, [("casebook",)]
        else:
            yield code, [(id,) for id in ids[kind][list(found)]]
    for kind, states in (("apology", check.states), ("promise", check.promise_states)):
        name = "states of apologies" if kind == "apology" else "states of promises"
        yield name, list(zip(ids[kind][states.index], states.tolist(), strict=True))
