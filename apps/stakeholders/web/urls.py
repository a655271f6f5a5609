"""Addresses of the stakeholder pages."""

from django.urls import path

from apps.stakeholders.web.views import floors, initiatives, maps, people, thresholds

app_name = "stakeholders"
urlpatterns = [
    path("initiatives/", initiatives.listing, name="initiatives"),
    path("initiatives/new/", initiatives.open_one, name="open_initiative"),
    path("initiatives/<int:pk>/", initiatives.page, name="initiative"),
    path("initiatives/<int:pk>/edit/", initiatives.describe, name="describe_initiative"),
    path("initiatives/<int:pk>/closing/", initiatives.close, name="close_initiative"),
    path("initiatives/<int:pk>/demands/", initiatives.demand, name="demand"),
    path("initiatives/<int:pk>/demands/<int:demand_id>/withdrawal/", initiatives.withdraw, name="withdraw_demand"),
    path("initiatives/<int:pk>/map/", maps.page, name="map"),
    path("initiatives/<int:pk>/map/people/", initiatives.involve, name="involve"),
    path("initiatives/<int:pk>/map/people/<int:stakeholder_id>/removal/", maps.release, name="release"),
    path("initiatives/<int:pk>/map/assessments/", maps.assess, name="assess"),
    path("initiatives/<int:pk>/map/moves/", maps.move, name="move"),
    path("initiatives/<int:pk>/coalition/", maps.coalition, name="coalition"),
    path("initiatives/<int:pk>/plan/", maps.plan, name="plan"),
    path("initiatives/<int:pk>/plan/entries/", maps.engage, name="engage"),
    path("initiatives/<int:pk>/plan/dropped/", maps.drop, name="drop"),
    path("initiatives/<int:pk>/plan/conversations/", maps.log, name="log"),
    path("people/", people.listing, name="people"),
    path("people/new/", people.add, name="add_stakeholder"),
    path("people/<int:pk>/", people.page, name="stakeholder"),
    path("people/<int:pk>/authorities/", people.record, name="record_authority"),
    path("people/<int:pk>/influences/", people.sway, name="record_influence"),
    path("people/<int:pk>/influences/<int:influence_id>/end/", people.unsway, name="end_influence"),
    path("authorities/", people.authorities, name="authorities"),
    path("authorities/<int:pk>/end/", people.end, name="end_authority"),
    path("thresholds/", thresholds.listing, name="thresholds"),
    path("thresholds/level/", thresholds.evaluate, name="threshold_question"),
    path("thresholds/new/<slug:slug>/", thresholds.propose, name="propose_thresholds"),
    path("thresholds/floor/", floors.write, name="write_threshold_floor"),
    path("thresholds/floor/<int:number>/", floors.page, name="threshold_floor"),
    path("thresholds/floor/<int:number>/adoption/", floors.adopt, name="adopt_threshold_floor"),
    path("thresholds/floor/<int:number>/discard/", floors.discard, name="discard_threshold_floor"),
    path("thresholds/<int:pk>/", thresholds.page, name="threshold_agreement"),
    path("thresholds/<int:pk>/offers/", thresholds.counter, name="counter_thresholds"),
    path("thresholds/<int:pk>/signature/", thresholds.sign, name="sign_thresholds"),
    path("thresholds/<int:pk>/end/", thresholds.break_off, name="break_off_thresholds"),
]
