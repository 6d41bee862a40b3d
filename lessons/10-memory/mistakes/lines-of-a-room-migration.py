import django.db.models.deletion
from django.db import migrations, models

ID = models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")
ROOM = models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="myapp.room")


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(
            name="Room",
            fields=[("id", ID), ("name", models.SlugField(max_length=100, unique=True))],
        ),
        migrations.CreateModel(
            name="Line",
            fields=[("id", ID.clone()), ("text", models.TextField()), ("room", ROOM)],
        ),
    ]
