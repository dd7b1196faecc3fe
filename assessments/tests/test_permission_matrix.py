"""Who may do what: every role and pair of roles, own and other agency, in every state.

The expectations below are written out from the specification's table. They are compared with the
permission functions, with what a person finds at all, and with the services doing the act.
"""

from datetime import timedelta
from itertools import combinations

import pytest
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from accounts.models import Role
from accounts.permissions import Rights, rights_of
from assessments import permissions, workflow
from assessments.errors import NotReady, Refused
from assessments.models import Answer, Assessment, Period, Review, Status
from assessments.services import answers as answer_services
from assessments.services import evidence as evidence_services
from assessments.services import reviews as review_services
from conftest import City, fill, make_person

OWN, OTHER = 1, 2  # agencies: the assessment's, and another
ROLES = {
    "operator own": Rights(user_id=1, operator_of=frozenset({OWN})),
    "operator other": Rights(user_id=1, operator_of=frozenset({OTHER})),
    "verifier own": Rights(user_id=1, verifier_at=frozenset({OWN})),
    "verifier other": Rights(user_id=1, verifier_at=frozenset({OTHER})),
    "coordinator own": Rights(user_id=1, coordinator_at=frozenset({OWN})),
    "coordinator other": Rights(user_id=1, coordinator_at=frozenset({OTHER})),
    "leader own": Rights(user_id=1, leader_at=frozenset({OWN})),
    "leader other": Rights(user_id=1, leader_at=frozenset({OTHER})),
    "superuser": Rights(user_id=1, is_superuser=True),
    "nobody": Rights(user_id=1),
}
MEMBERS = {"operator own", "verifier own", "coordinator own", "leader own"}

# States by letter: Draft, Submitted, Returned, Approved, Final, Cancelled.
STATES = {"D": "draft", "S": "submitted", "R": "returned", "A": "approved", "F": "final", "C": "cancelled"}
EVER = "DSRAFC"
HANDED_IN = "SRAF"
COORDINATORS = ("coordinator own", "coordinator other")
LEADERS = ("leader own", "leader other")


def row(operator="", verifier_own="", verifier="", coordinator="", leader="") -> dict[str, str]:
    """One act: the states in which each role may do it. Roles not named here never may."""
    return {
        "operator own": operator,
        "operator other": "",
        "verifier own": verifier_own,
        "verifier other": verifier,
        **dict.fromkeys(COORDINATORS, coordinator),
        **dict.fromkeys(LEADERS, leader),
        "superuser": "",
        "nobody": "",
    }


EXPECTED = {
    "see": row(operator=EVER, verifier_own=EVER, verifier=HANDED_IN, coordinator=EVER, leader=HANDED_IN),
    "see answers": row(operator=EVER, verifier_own=EVER, verifier=HANDED_IN, coordinator=EVER, leader="AF"),
    "see evidence": row(operator=EVER, verifier_own=EVER, verifier=HANDED_IN, coordinator=EVER, leader="AF"),
    "see history": row(operator=EVER, verifier_own=EVER, verifier=HANDED_IN, coordinator=EVER),
    "report": row(operator=EVER, verifier_own=EVER, verifier=HANDED_IN, coordinator=EVER, leader=HANDED_IN),
    "edit answer": row(operator="DR", coordinator="DR"),
    "add evidence": row(operator="DR", coordinator="DR"),
    "submit": row(operator="DR", coordinator="DR"),
    "withdraw": row(operator="S", coordinator="S"),
    "reply": row(operator="RA", coordinator="RA"),
    "see open decisions": row(verifier=HANDED_IN, coordinator=EVER),
    "review": row(verifier="S", coordinator="S"),
    "return": row(verifier="S", coordinator="S"),
    "approve": row(verifier="S", coordinator="S"),
    "reopen": row(coordinator="AF"),
    "cancel": row(coordinator="DSRA"),
    "extend": row(coordinator="DR"),
}
#: Acts that no member of the agency may do, whatever else they are.
NOT_AS_MEMBER = {"see open decisions", "review", "return", "approve"}
#: Acts that nobody may do who wrote in the assessment.
NOT_AS_WRITER = {"review", "return", "approve"}

FUNCTIONS = {
    "see": permissions.can_see,
    "see answers": permissions.can_see_answers,
    "see evidence": permissions.can_see_evidence,
    "see history": permissions.can_see_history,
    "report": permissions.can_report,
    "edit answer": permissions.can_edit,
    "add evidence": permissions.can_edit,
    "submit": permissions.can_submit,
    "withdraw": permissions.can_withdraw,
    "reply": permissions.can_reply,
    "see open decisions": permissions.can_see_open_decisions,
    "review": permissions.can_review,
    "return": permissions.can_review,
    "approve": permissions.can_review,
    "reopen": permissions.can_reopen,
    "cancel": permissions.can_cancel,
    "extend": permissions.can_extend,
}
OPERATORS = {"operator own", "operator other"}
WITHOUT_ASSESSMENT = {
    permissions.can_manage_periods: set(COORDINATORS),
    permissions.can_remind: set(COORDINATORS),
    permissions.can_see_libraries: {*OPERATORS, *COORDINATORS},
    permissions.can_see_results: {"verifier own", "verifier other", *COORDINATORS, *LEADERS},
    permissions.can_see_queue: {"verifier own", "verifier other", *COORDINATORS},
    permissions.can_see_pemda: {"verifier own", "verifier other", *COORDINATORS, *LEADERS},
    permissions.can_determine: set(COORDINATORS),
    permissions.can_assign: set(COORDINATORS),
    permissions.can_save_plan: set(COORDINATORS),
    permissions.can_see_own_place: OPERATORS,
    permissions.can_see_follow_ups: {*OPERATORS, "verifier own", "verifier other", *COORDINATORS, *LEADERS},
    permissions.can_manage_follow_ups: set(COORDINATORS),
    permissions.can_see_audit_trail: set(COORDINATORS),
    permissions.can_compare_reviews: set(COORDINATORS),
}
#: About one agency's library: their matrix is in `test_library`.
OF_A_LIBRARY = {permissions.can_see_library, permissions.can_keep_library}
#: About one follow-up: their matrix is in `test_followups`.
OF_A_FOLLOW_UP = {
    permissions.can_see_follow_up,
    permissions.can_carry_out,
    permissions.can_confirm_follow_up,
    permissions.can_see_proof,
}


def union(*roles: str) -> Rights:
    """The rights of one person who holds all these roles."""
    held = [ROLES[role] for role in roles]
    sets = ("operator_of", "verifier_at", "coordinator_at", "leader_at")
    return Rights(
        user_id=1,
        is_superuser=any(rights.is_superuser for rights in held),
        **{name: frozenset().union(*(getattr(rights, name) for rights in held)) for name in sets},
    )


HOLDERS = [(role,) for role in ROLES] + list(combinations(ROLES, 2))


def expected(act: str, roles: tuple[str, ...], letter: str, *, wrote: bool) -> bool:
    if act in NOT_AS_MEMBER and MEMBERS & set(roles):
        return False
    if act in NOT_AS_WRITER and wrote:
        return False
    return any(letter in EXPECTED[act][role] for role in roles)


OF_A_PERIOD = {permissions.can_finalise, permissions.can_remove_imported}


def synthetic(letter: str) -> Assessment:
    return Assessment(pk=1, agency_id=OWN, status=STATES[letter], period=Period(pk=1, status="open"))


def test_every_state_and_every_act_has_a_row():
    assert set(STATES.values()) == set(Status.values)
    assert set(EXPECTED) == set(FUNCTIONS)
    assert {move.name for move in workflow.MOVES} <= set(EXPECTED)
    asked = {*FUNCTIONS.values(), *WITHOUT_ASSESSMENT, *OF_A_FOLLOW_UP, *OF_A_LIBRARY, *OF_A_PERIOD}
    known = {value for name, value in vars(permissions).items() if name.startswith("can_")}
    assert known == asked


@pytest.mark.parametrize("act", EXPECTED)
@pytest.mark.parametrize("wrote", [False, True], ids=["reader", "writer"])
def test_the_functions_agree_with_the_table(act, wrote):
    function = FUNCTIONS[act]
    more = {"wrote": wrote} if function is permissions.can_review else {}
    got = {
        (roles, letter): function(union(*roles), synthetic(letter), **more) for roles in HOLDERS for letter in STATES
    }
    wanted = {(roles, letter): expected(act, roles, letter, wrote=wrote) for roles, letter in got}
    assert got == wanted


@pytest.mark.parametrize("move", workflow.MOVES, ids=lambda move: move.name)
@pytest.mark.parametrize("wrote", [False, True], ids=["reader", "writer"])
def test_the_table_of_moves_agrees_with_the_table(move, wrote):
    got = {
        (roles, letter): STATES[letter] in move.sources and move.allowed(union(*roles), synthetic(letter), wrote)
        for roles in HOLDERS
        for letter in STATES
    }
    wanted = {(roles, letter): expected(move.name, roles, letter, wrote=wrote) for roles, letter in got}
    assert got == wanted


@pytest.mark.parametrize("function", WITHOUT_ASSESSMENT, ids=lambda function: function.__name__)
def test_what_concerns_no_single_assessment_follows_from_the_roles(function):
    got = {roles for roles in HOLDERS if function(union(*roles))}
    assert got == {roles for roles in HOLDERS if set(roles) & WITHOUT_ASSESSMENT[function]}


def test_only_the_coordinator_who_brought_a_past_year_in_removes_it():
    got = {
        (roles, is_imported, mine)
        for roles in HOLDERS
        for is_imported in (True, False)
        for mine in (True, False)
        if permissions.can_remove_imported(
            rights := union(*roles),
            Period(pk=1, status="final", is_imported=is_imported, created_by_id=rights.user_id + (not mine)),
        )
    }
    assert got == {(roles, True, True) for roles in HOLDERS if set(roles) & set(COORDINATORS)}


def test_only_coordinators_finalise_and_only_a_running_period():
    got = {
        (roles, status)
        for roles in HOLDERS
        for status in Period.Status.values
        if permissions.can_finalise(union(*roles), Period(pk=1, status=status))
    }
    assert got == {(roles, "open") for roles in HOLDERS if set(roles) & set(COORDINATORS)}


def test_writing_counts_as_on_behalf_for_all_but_the_agencys_operators():
    own = {roles for roles in HOLDERS if not permissions.acts_on_behalf(union(*roles), synthetic("D"))}
    assert own == {roles for roles in HOLDERS if "operator own" in roles}


# --- The same with real people, rows and services ---------------------------------------------------------------


KIND = {"operator": Role.OPERATOR, "verifier": Role.VERIFIER, "coordinator": Role.COORDINATOR, "leader": Role.LEADER}
PEOPLE = [
    *((role,) for role in ROLES),
    ("operator own", "verifier other"),
    ("operator own", "coordinator other"),
    ("verifier own", "verifier other"),
    ("verifier other", "leader own"),
    ("operator other", "coordinator other"),
]


def person(roles: tuple[str, ...], city: City):
    agency = {"own": city.dinkes, "other": city.dinsos}
    held = [(KIND[role.split()[0]], agency[role.split()[1]]) for role in roles if " " in role]
    return make_person("-".join(roles).replace(" ", "-"), *held, is_superuser="superuser" in roles)


def in_state(letter: str, request, city: City) -> Assessment:
    """Dinkes's assessment in this state; a full draft, so that nothing but the person and the state decides."""
    if letter == "D":
        return fill(request.getfixturevalue("assessment"), city.operator2)
    if letter == "C":
        made = request.getfixturevalue("assessment")
        return workflow.cancel(assessment_id=made.pk, user=city.coordinator, reason="Digabung.")
    return request.getfixturevalue(STATES[letter] if letter != "F" else "final")


def edit(assessment: Assessment, user) -> None:
    version = Answer.objects.get(assessment=assessment, indicator__code="1").version
    answer_services.save_answer(
        assessment_id=assessment.pk, code="1", user=user, version=version, changes={"fact": "Diperbaiki."}
    )


def reply(assessment: Assessment, user) -> None:
    try:
        answer_services.reply(assessment_id=assessment.pk, code="1", user=user, text="Sudah kami perbaiki.")
    except Review.DoesNotExist:
        pass  # allowed to speak, nothing to answer


ACTS = {
    "edit answer": edit,
    "add evidence": lambda a, user: evidence_services.add_link(
        assessment_id=a.pk, code="1", user=user, url="https://contoh.go.id/sk"
    ),
    "submit": lambda a, user: workflow.submit(assessment_id=a.pk, user=user),
    "withdraw": lambda a, user: workflow.withdraw(assessment_id=a.pk, user=user),
    "reply": reply,
    "review": lambda a, user: review_services.decide(
        assessment_id=a.pk, code="1", user=user, decision="accept", verified_level=None
    ),
    "return": lambda a, user: workflow.return_assessment(assessment_id=a.pk, user=user),
    "approve": lambda a, user: workflow.approve(assessment_id=a.pk, user=user),
    "reopen": lambda a, user: workflow.reopen(assessment_id=a.pk, user=user, reason="Ada bukti baru."),
    "cancel": lambda a, user: workflow.cancel(assessment_id=a.pk, user=user, reason="Digabung."),
    "extend": lambda a, user: workflow.extend(
        assessment_id=a.pk, user=user, until=timezone.now() + timedelta(days=60), reason="Bencana."
    ),
}


class Undo(Exception):
    pass


def outcome(act, assessment: Assessment, user) -> str:
    """What became of the act: done, refused (by state) or denied (to the person). Nothing stays."""
    try:
        with transaction.atomic():
            try:
                act(assessment, user)
            except NotReady:
                pass  # the person may and the state allows it; something is missing
            raise Undo
    except Undo:
        return "done"
    except PermissionDenied:
        return "denied"
    except Refused:
        return "refused"


def wanted_outcome(act: str, roles: tuple[str, ...], letter: str) -> str:
    if expected(act, roles, letter, wrote=False):
        return "done"
    return "refused" if any(expected(act, roles, each, wrote=False) for each in STATES) else "denied"


@pytest.mark.parametrize("letter", STATES)
def test_the_services_agree_with_the_table(letter, request, city, period):
    assessment = in_state(letter, request, city)
    people = {roles: person(roles, city) for roles in PEOPLE}
    got = {(act, roles): outcome(ACTS[act], assessment, user) for roles, user in people.items() for act in ACTS}
    assert got == {(act, roles): wanted_outcome(act, roles, letter) for act, roles in got}


@pytest.mark.parametrize("letter", STATES)
def test_people_find_exactly_the_assessments_they_may_know_of(letter, request, city, period):
    assessment = in_state(letter, request, city)
    got = {
        roles: Assessment.objects.visible_to(rights_of(person(roles, city))).filter(pk=assessment.pk).exists()
        for roles in PEOPLE
    }
    assert got == {roles: expected("see", roles, letter, wrote=False) for roles in PEOPLE}


@pytest.mark.parametrize("letter", STATES)
def test_only_coordinators_can_finalise_the_period(letter, request, city, period):
    in_state(letter, request, city)
    got = {
        roles: outcome(
            lambda _, user: workflow.finalise_period(period_id=period.pk, user=user, reason="Waktu habis."), None, user
        )
        for roles, user in ((roles, person(roles, city)) for roles in PEOPLE)
    }
    allowed = "refused" if letter == "F" else "done"
    assert got == {roles: allowed if set(roles) & set(COORDINATORS) else "denied" for roles in PEOPLE}


def test_a_coordinator_who_filled_in_on_behalf_cannot_review_any_more(assessment, city):
    coordinator = make_person("koordinator-lain", (Role.COORDINATOR, city.dinsos))
    fill(assessment, coordinator)
    workflow.submit(assessment_id=assessment.pk, user=coordinator)
    for act in ("review", "return", "approve"):
        assert outcome(ACTS[act], assessment, coordinator) == "denied"
    assert outcome(ACTS["approve"], assessment, city.verifier) == "done"


def test_rights_end_with_the_membership(submitted, city):
    city.verifier.memberships.update(valid_until=timezone.localdate() - timedelta(days=1))
    city.verifier.__dict__.pop("_rights", None)
    assert outcome(ACTS["review"], submitted, city.verifier) == "denied"
    assert not Assessment.objects.visible_to(rights_of(city.verifier)).exists()
