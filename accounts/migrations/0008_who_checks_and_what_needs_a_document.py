"""Which of the types that an installation begins with are administrative, and which are filed with their document."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import DateField, F, Func

ADMINISTRATIVE = [
    *("bls", "bloodborne-pathogens", "hipaa", "harassment-prevention", "mandated-reporter", "infection-prevention"),
    "liability-insurance",
]
WITH_DOCUMENT = ["pt-licence", "pta-licence", "ot-at-licence", "bls", "liability-insurance"]


def fill(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    types = apps.get_model("accounts", "CredentialType").objects
    types.filter(code__in=ADMINISTRATIVE).update(checker="manager")
    types.filter(code__in=WITH_DOCUMENT).update(needs_document=True)
    apps.get_model("accounts", "Credential").objects.filter(issued_on=None).update(
        issued_on=Func(F("valid"), function="lower", output_field=DateField())
    )


class Migration(migrations.Migration):
    dependencies = [("accounts", "0007_credential_documents")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
