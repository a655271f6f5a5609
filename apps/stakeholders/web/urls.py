"""Addresses of the stakeholder pages."""

from django.urls import path

from apps.stakeholders.web.views import floors, initiatives, thresholds

app_name = "stakeholders"
urlpatterns = [
    path("initiatives/", initiatives.listing, name="initiatives"),
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
