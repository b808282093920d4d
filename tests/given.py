"""What tests of writing begin with: days, and ids in a source."""

from remedy import External

DAY = [f"2026-03-{day:02}T09:00+01:00" for day in range(1, 29)]


def there(id, source="crm"):
    """The id that a record has in a source."""
    return External(source=source, external_id=id)
