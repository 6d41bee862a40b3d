from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Line",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("room", models.SlugField(max_length=100)),
                ("user", models.CharField(blank=True, default="", max_length=150)),
                ("text", models.TextField()),
                ("said_at", models.DateTimeField(auto_now_add=True)),
            ],
        ),
    ]
