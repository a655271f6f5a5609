"""Addresses of the pages of integrations."""

from django.urls import path

from apps.integrations.web.views import asyncapi, contracts, cutoff, decisions, integrations, interfaces, isolation

app_name = "integrations"
urlpatterns = [
    path("", integrations.listing, name="integrations"),
    path("new/", integrations.declare, name="declare"),
    path("<int:pk>/", integrations.page, name="integration"),
    path("<int:pk>/edit/", integrations.describe, name="describe"),
    path("<int:pk>/withdrawal/", integrations.withdraw, name="withdraw"),
    path("<int:pk>/isolation/", isolation.page, name="isolation"),
    path("<int:pk>/isolation/withdrawal/", isolation.withdraw, name="withdraw_plan"),
    path("<int:pk>/isolation/rehearsals/", isolation.rehearse, name="rehearse"),
    path("isolation/", isolation.listing, name="isolation_plans"),
    path("cut-off/", cutoff.page, name="cutoff"),
    path("asyncapi/", asyncapi.check, name="asyncapi"),
    path("<int:pk>/decision/", decisions.page, name="decision"),
    path("<int:pk>/decisions/<int:number>.md", decisions.record, name="decision_record"),
    path("<int:pk>/contract/", contracts.page, name="contract"),
    path("<int:pk>/contract.yaml", contracts.file, name="contract_file"),
    path("interfaces/", interfaces.listing, name="interfaces"),
    path("interfaces/<int:pk>/", interfaces.page, name="interface"),
    path("interfaces/<int:pk>/edit/", interfaces.describe, name="describe_interface"),
    path("interfaces/<int:pk>/withdrawal/", interfaces.withdraw, name="withdraw_interface"),
    path("components/<int:pk>/interfaces/new/", interfaces.offer, name="offer"),
]
