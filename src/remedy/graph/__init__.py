"""The casebook as a networkx graph: the whole, the part around a record, the path of a finding.

Nodes are records, under their ids; edges say how one is tied to another, and point from the one
that says so to the one that it is about::

    deeper cause ──▶ cause ──▶ incident ──▶ the incident that it repeats
    promise ──▶ apology ──▶ incident ──▶ customer
    promise ──▶ action ──▶ cause

networkx takes a while to import, so that it is only imported when a graph is made.
"""

from remedy.graph._around import Neighbours, around
from remedy.graph._building import graph_of
from remedy.graph._evidence import Edge, EvidencePath, Step, evidence
from remedy.graph._stored import of_casebook
from remedy.graph._ties import EdgeData, EdgeKind, NodeData
from remedy.graph._zones import Zones

__all__ = [
    "Edge",
    "EdgeData",
    "EdgeKind",
    "EvidencePath",
    "Neighbours",
    "NodeData",
    "Step",
    "Zones",
    "around",
    "evidence",
    "graph_of",
    "of_casebook",
]
