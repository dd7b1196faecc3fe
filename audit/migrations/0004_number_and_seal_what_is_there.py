"""Link the events that exist already, stream by stream, in the order they were written."""

from django.db import migrations

from audit.chain import SEALED, event_digest

AT_ONCE = 1000


def chain_up(apps, schema_editor):
    Event, Chain = apps.get_model("audit", "Event"), apps.get_model("audit", "Chain")
    stream, position, digest = None, 0, ""
    changed = []
    for event in Event.objects.order_by("stream", "id").iterator(AT_ONCE):
        if event.stream != stream:
            if stream is not None:
                Chain.objects.create(stream=stream, count=position, head=digest)
            stream, position, digest = event.stream, 0, ""
        position += 1
        event.position = position
        event.digest = digest = event_digest([getattr(event, name) for name in SEALED], digest)
        changed.append(event)
        if len(changed) == AT_ONCE:
            Event.objects.bulk_update(changed, ["position", "digest"])
            changed = []
    Event.objects.bulk_update(changed, ["position", "digest"])
    if stream is not None:
        Chain.objects.create(stream=stream, count=position, head=digest)


class Migration(migrations.Migration):

    dependencies = [
        ('audit', '0003_chain_and_anchors'),
    ]

    operations = [migrations.RunPython(chain_up, migrations.RunPython.noop)]
