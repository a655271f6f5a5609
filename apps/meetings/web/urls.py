"""Addresses of the meetings pages."""

from django.urls import path

from apps.meetings.web.views import live, meetings, minutes, planning, room

app_name = "meetings"
urlpatterns = [
    path("", meetings.listing, name="meetings"),
    path("new/", planning.plan, name="plan"),
    path("series/<int:pk>/", planning.series, name="series"),
    path("series/<int:pk>/edit/", planning.edit_series, name="edit-series"),
    path("series/<int:pk>/end/", planning.end_series, name="end-series"),
    path("<int:pk>/", meetings.page, name="meeting"),
    path("<int:pk>/times/", planning.move, name="move"),
    path("<int:pk>/cancellation/", planning.cancel, name="cancel"),
    path("<int:pk>/lock/", meetings.lock, name="lock"),
    path("<int:pk>/session/", meetings.open_, name="open"),
    path("<int:pk>/closing/", meetings.close, name="close"),
    path("<int:pk>/attendance/", meetings.join, name="join"),
    path("<int:pk>/attendance/end/", meetings.leave, name="leave"),
    path("<int:pk>/attendance/marks/", meetings.mark, name="mark"),
    path("<int:pk>/admissions/", meetings.admit, name="admit"),
    path("<int:pk>/deferrals/", meetings.defer, name="defer"),
    path("<int:pk>/consent/", meetings.reopen, name="reopen"),
    path("<int:pk>/minutes/", minutes.page, name="minutes"),
    path("<int:pk>/minutes/pdf/", minutes.pdf, name="minutes-pdf"),
    path("<int:pk>/minutes/edit/", minutes.edit, name="edit-minutes"),
    path("<int:pk>/minutes/publication/", minutes.publish, name="publish-minutes"),
    path("<int:pk>/minutes/addenda/", minutes.add, name="add-addendum"),
    path("<int:pk>/room/", room.page, name="room"),
    path("<int:pk>/room/now/", room.now, name="now"),
    path("<int:pk>/room/mine/", room.mine, name="mine"),
    path("<int:pk>/room/stream/", live.stream, name="stream"),
    path("<int:pk>/room/ballots/", room.vote, name="room-vote"),
    path("<int:pk>/room/desk/", room.desk, name="desk"),
    path("<int:pk>/room/consent/", room.reopen, name="room-reopen"),
    path("<int:pk>/room/consent/motion/", room.move_consent, name="consent-motion"),
    path("<int:pk>/room/consent/confirmations/", room.confirm_consent, name="consent-confirmations"),
    path("<int:pk>/room/current/end/", room.put_back, name="put-back"),
    path("<int:pk>/room/attendance/", room.join, name="room-join"),
    path("<int:pk>/room/attendance/end/", room.leave, name="room-leave"),
    path("<int:pk>/room/attendance/marks/", room.mark, name="room-mark"),
    path("<int:pk>/room/actions/", room.agree, name="agree"),
    path("<int:pk>/room/actions/done/", room.finish, name="finish"),
]
