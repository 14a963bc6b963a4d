from django.urls import path

from accounts.views import (
    audit,
    browsers,
    competencies,
    invitations,
    people,
    profile,
    qualifications,
    roles,
    staff_list,
)

app_name = "accounts"

urlpatterns = [
    path("", people.people, name="people"),
    path("me/", people.me, name="me"),
    path("me/browsers/<int:pk>/end/", browsers.end, name="browser-end"),
    path("<int:pk>/", people.person, name="person-detail"),
    path("<int:pk>/profile/", profile.profile, name="profile"),
    path("<int:pk>/card.vcf", people.vcard, name="vcard"),
    path("<int:pk>/roles/", roles.roles, name="roles"),
    path("<int:pk>/leave/", roles.leave, name="leave"),
    path("<int:pk>/return/", roles.bring_back, name="return"),
    path("roles/<int:pk>/end/", roles.end, name="role-end"),
    path("credentials/<int:pk>/verify/", people.verify, name="credential-verify"),
    path("<int:pk>/qualifications/<slug:code>/", qualifications.qualification, name="qualification"),
    path("trainings/<int:pk>/check/", qualifications.check, name="training-check"),
    path("trainings/<int:pk>/strike/", qualifications.strike, name="training-strike"),
    path("trainings/<int:pk>/remove/", qualifications.remove, name="training-remove"),
    path("<int:pk>/competencies/<slug:code>/", competencies.sign_off, name="competency-sign-off"),
    path("competencies/<int:pk>/end/", competencies.end, name="competency-end"),
    path("audit/", audit.audit, name="audit"),
    path("audit/csv/", audit.audit_csv, name="audit-csv"),
    path("invitations/", invitations.invitations, name="invitations"),
    path("invitations/import/", staff_list.staff_list, name="staff-list"),
    path("invitations/import/example/", staff_list.example, name="staff-list-example"),
    path("invitations/<int:pk>/again/", invitations.send_again, name="invitation-again"),
    path("invitations/<int:pk>/revoke/", invitations.revoke, name="invitation-revoke"),
    path("welcome/<str:token>/", invitations.welcome, name="welcome"),
]
