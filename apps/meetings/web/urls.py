"""Addresses of the meetings pages."""

from django.urls import path

from apps.meetings.web.views import meetings, planning

app_name = "meetings"
urlpatterns = [
    path("", meetings.listing, name="meetings"),
    path("new/", planning.plan, name="plan"),
    path("series/<int:pk>/", planning.series, name="series"),
    path("series/<int:pk>/end/", planning.end_series, name="end-series"),
    path("<int:pk>/", meetings.page, name="meeting"),
    path("<int:pk>/times/", planning.move, name="move"),
    path("<int:pk>/cancellation/", planning.cancel, name="cancel"),
    path("<int:pk>/lock/", meetings.lock, name="lock"),
    path("<int:pk>/session/", meetings.open_, name="open"),
    path("<int:pk>/closing/", meetings.close, name="close"),
    path("<int:pk>/attendance/", meetings.join, name="join"),
    path("<int:pk>/attendance/end/", meetings.leave, name="leave"),
    path("<int:pk>/admissions/", meetings.admit, name="admit"),
    path("<int:pk>/deferrals/", meetings.defer, name="defer"),
    path("<int:pk>/consent/", meetings.reopen, name="reopen"),
]
