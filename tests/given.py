"""What tests of writing begin with: days, ids in a source, incidents."""

from remedy import External, Incident

DAY = [f"2026-03-{day:02}T09:00+01:00" for day in range(1, 32)]


def there(id, source="crm"):
    """The id that a record has in a source."""
    return External(source=source, external_id=id)


def incident(id, **fields):
    """An incident of which no more is said than has to be."""
    return Incident(id=id, **{"occurred": DAY[1], **fields})


def coded(id, **fields):
    """An incident of which it is said what failed."""
    return incident(id, **{"process": "p", "failure_mode": "f", **fields})
