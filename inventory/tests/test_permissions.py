"""Who may do what with an application: every person, every act."""

import pytest
from django.core.exceptions import PermissionDenied

from accounts.models import Role
from accounts.permissions import rights_of
from audit.models import Event
from conftest import make_person
from inventory import permissions, services
from inventory.models import Application

FACTS = {"name": "e-Surat", "purpose": "Surat masuk", "kind": "administrasi", "category": "kearsipan"}
#: Who: sees it, keeps it, marks it, sees where all overlap.
MATRIX = {
    "operator": (True, True, False, False),
    "other_operator": (False, False, False, False),
    "verifier": (True, False, False, True),
    "member_verifier": (True, False, False, True),
    "coordinator": (True, True, True, True),
    "leader": (True, False, False, True),
    "admin": (False, False, False, False),
    "outsider": (False, False, False, False),
}


@pytest.fixture
def application(city):
    city.member_verifier = make_person("verifikator-dinkes", (Role.VERIFIER, city.dinkes))
    return services.create_application(actor=city.operator, agency=city.dinkes, facts=FACTS)


@pytest.mark.parametrize("who", MATRIX)
def test_the_matrix(application, city, who):
    person = getattr(city, who)
    rights = rights_of(person)
    sees, keeps, marks, _ = MATRIX[who]
    assert (
        permissions.can_see(rights, city.dinkes.pk),
        permissions.can_keep(rights, city.dinkes.pk),
        permissions.can_mark(rights),
        permissions.can_see_all(rights),
    ) == MATRIX[who]
    assert Application.objects.visible_to(rights).exists() == sees

    acts = {
        "create": lambda: services.create_application(
            actor=person, agency=city.dinkes, facts={**FACTS, "name": "Lain"}
        ),
        "edit": lambda: services.edit_application(
            actor=person, application_id=application.pk, facts={"users": "Pegawai"}
        ),
        "confirm": lambda: services.confirm_application(actor=person, application_id=application.pk),
        "remove": lambda: services.remove_application(
            actor=person, application_id=application.pk, reason="Tercatat dua kali."
        ),
        "mark": lambda: services.mark_candidate(
            actor=person, application_id=application.pk, is_candidate=True, note="Gabung ke SRIKANDI."
        ),
    }
    allowed = {"create": keeps, "edit": keeps, "confirm": keeps, "mark": marks, "remove": keeps}
    for act, may in allowed.items():
        before = Event.objects.count()
        if may:
            acts[act]()
        else:
            with pytest.raises(PermissionDenied):
                acts[act]()
            assert Event.objects.count() == before


def test_an_operator_keeps_the_lists_of_all_their_agencies_and_no_other(city):
    both = make_person("operator-dua", (Role.OPERATOR, city.dinkes), (Role.OPERATOR, city.dinsos))
    for agency in (city.dinkes, city.dinsos):
        services.create_application(actor=both, agency=agency, facts=FACTS)
    with pytest.raises(PermissionDenied):
        services.create_application(actor=both, agency=city.diskominfo, facts=FACTS)
    assert set(Application.objects.visible_to(rights_of(both)).values_list("agency__slug", flat=True)) == {
        "dinkes",
        "dinsos",
    }


def test_only_a_coordinator_gives_an_application_to_another_agency(application, city):
    both = make_person("operator-dua", (Role.OPERATOR, city.dinkes), (Role.OPERATOR, city.dinsos))
    with pytest.raises(PermissionDenied):
        services.edit_application(actor=both, application_id=application.pk, facts={}, agency=city.dinsos)
    moved = services.edit_application(
        actor=city.coordinator, application_id=application.pk, facts={}, agency=city.dinsos
    )
    assert moved.agency == city.dinsos
