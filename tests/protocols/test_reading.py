from __future__ import annotations

import pytest

from tests.protocols import factories

pytestmark = pytest.mark.django_db


def test_pages(therapist, clinical_lead, manager, sign_in, at):
    one = factories.published(by=therapist, lead=clinical_lead, at=at)
    b = sign_in(therapist)
    for person, url, code in [
        (therapist, "/protocols/", 200), (therapist, "/protocols/?q=words&category=safety", 200),
        (therapist, f"/protocols/{one.protocol.slug}/", 200),
        (therapist, f"/protocols/{one.protocol.slug}/versions/1/", 200),
        (therapist, "/protocols/new/", 200), (therapist, "/protocols/report/", 403), (manager, "/protocols/report/", 200),
        (manager, "/protocols/report/csv/", 200), (clinical_lead, f"/protocols/{one.protocol.slug}/settings/", 200),
        (clinical_lead, f"/protocols/{one.protocol.slug}/versions/1/withdraw/", 200),
    ]:
        r = sign_in(person).get(url)
        assert r.status_code == code, (url, r.content)
    r = b.post(f"/protocols/{one.protocol.slug}/versions/1/acknowledge/", {"opened": one.content_hash}, follow=True)
    assert r.status_code == 200
    r = b.post(f"/protocols/{one.protocol.slug}/draft/start/", follow=True)
    assert r.status_code == 200, r.content
    print(r.redirect_chain)
    from protocols.models import ProtocolVersion
    from protocols import publishing, drafting
    v = ProtocolVersion.objects.get(number=2)
    sec = v.sections.get()
    data = {"token": v.token, "title": "New title", "change_summary": "x", "material": "yes", "section-TOTAL_FORMS": 1, "section-INITIAL_FORMS": 1,
      "section-0-key": str(sec.key), "section-0-kind": "text", "section-0-heading": "H", "section-0-body": "<p>Neu</p>", "then": "add:steps"}
    r = b.post(f"/protocols/{one.protocol.slug}/draft/", data)
    assert r.status_code == 302, r.content.decode()
    r = b.post(f"/protocols/{one.protocol.slug}/draft/", data | {"section-0-body": "<p>Mein</p>"})
    assert r.status_code == 409, r.content.decode()
    v.refresh_from_db()
    r = b.post(f"/protocols/{one.protocol.slug}/draft/", data | {"replace": v.token, "then": "submit"}, follow=True)
    assert r.status_code == 200, r.content.decode()
    v.refresh_from_db(); print(r.redirect_chain, v.state)
    c = sign_in(clinical_lead)
    r = c.get(f"/protocols/{one.protocol.slug}/versions/2/")
    assert b"Approve" in r.content
    r = c.post(f"/protocols/{one.protocol.slug}/draft/approve/", {"token": v.token}, follow=True)
    assert r.status_code == 200
    r = c.get(f"/protocols/{one.protocol.slug}/draft/publish/")
    assert r.status_code == 200
    r = c.post(f"/protocols/{one.protocol.slug}/draft/publish/", {"effective": "", "material": "yes", "due_days": 14, "must": "therapist-%d" % therapist.memberships.get().clinic_id}, follow=True)
    assert r.status_code == 200, r.content.decode()
