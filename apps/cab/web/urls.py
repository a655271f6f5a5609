"""Addresses of the board's area. Nouns; the method is the verb."""

from django.urls import path

from apps.cab.web.views import boards, conflicts, dossier, editing, exceptions, freezes, imports, lists, metrics, slots

app_name = "cab"
urlpatterns = [
    path("queue/", lists.queue, name="queue"),
    path("calendar/", lists.week, name="week"),
    path("calendar/<str:day>/", lists.to_week, name="week-of"),
    path("changes/", lists.listing, name="changes"),
    path("changes/new/", editing.propose, name="propose"),
    path("changes/views/", lists.save_view, name="save-view"),
    path("changes/views/<int:view_id>/removal/", lists.forget_view, name="forget-view"),
    path("changes/<str:reference>/", dossier.show, name="change"),
    path("changes/<str:reference>/edit/", editing.edit, name="edit"),
    path("changes/<str:reference>/edit-verdict/", editing.verdict, name="edit-verdict"),
    path("changes/<str:reference>/slots/", slots.slots, name="slots"),
    path("changes/<str:reference>/votes/", dossier.vote, name="vote"),
    path("changes/<str:reference>/submission/", dossier.submit, name="submit"),
    path("changes/<str:reference>/assessment/", dossier.begin_assessment, name="begin_assessment"),
    path("changes/<str:reference>/risk/", dossier.raise_risk, name="raise_risk"),
    path("changes/<str:reference>/change-requests/", dossier.request_changes, name="request_changes"),
    path("changes/<str:reference>/handover/", dossier.hand_to_board, name="hand_to_board"),
    path("changes/<str:reference>/rounds/", dossier.open_round, name="open_round"),
    path("changes/<str:reference>/schedule/", dossier.schedule, name="schedule"),
    path("changes/<str:reference>/implementation/", dossier.start, name="start"),
    path("changes/<str:reference>/outcome/", dossier.finish, name="finish"),
    path("changes/<str:reference>/review/", dossier.complete_review, name="complete_review"),
    path("changes/<str:reference>/hold/", dossier.hold, name="hold"),
    path("changes/<str:reference>/release/", dossier.release, name="release"),
    path("changes/<str:reference>/cancellation/", dossier.cancel, name="cancel"),
    path(
        "changes/<str:reference>/conditions/<int:condition_id>/evidence/", dossier.offer_evidence, name="offer-evidence"
    ),
    path(
        "changes/<str:reference>/conditions/<int:condition_id>/confirmation/",
        dossier.confirm_condition,
        name="confirm-condition",
    ),
    path(
        "changes/<str:reference>/conditions/<int:condition_id>/waiver/", dossier.waive_condition, name="waive-condition"
    ),
    path("changes/<str:reference>/files/", dossier.attach, name="attach"),
    path("changes/<str:reference>/files/<int:attachment_id>/", dossier.file, name="file"),
    path("changes/<str:reference>/files/<int:attachment_id>/removal/", dossier.remove_file, name="remove-file"),
    path("changes/<str:reference>/revisions/<int:number>/", dossier.revision, name="revision"),
    path("conflicts/", conflicts.listing, name="conflicts"),
    path("conflicts/<int:conflict_id>/acceptance/", conflicts.accept, name="accept-conflict"),
    path("changes/<str:reference>/freeze-acknowledgements/", dossier.acknowledge_freeze, name="acknowledge_freeze"),
    path("changes/<str:reference>/freeze-exceptions/", dossier.request_exception, name="request_exception"),
    path("changes/<str:reference>/freeze-exceptions/decision/", dossier.decide_exception, name="decide_exception"),
    path(
        "changes/<str:reference>/freeze-exceptions/withdrawal/", dossier.withdraw_exception, name="withdraw_exception"
    ),
    path("freeze-exceptions/", exceptions.listing, name="exceptions"),
    path("freezes/", freezes.listing, name="freezes"),
    path("freezes/new/", freezes.draft, name="draft-freeze"),
    path("freezes/<int:pk>/", freezes.show, name="freeze"),
    path("freezes/<int:pk>/edit/", freezes.change, name="change-freeze"),
    path("freezes/<int:pk>/preview/", freezes.preview, name="preview-freeze"),
    path("freezes/<int:pk>/enforcement/", freezes.enforce, name="enforce-freeze"),
    path("freezes/<int:pk>/lifting/", freezes.lift, name="lift-freeze"),
    path("imports/", imports.listing, name="imports"),
    path("imports/<int:run_id>/", imports.show, name="import"),
    path("imports/<int:run_id>/rejections.csv", imports.rejected, name="import-rejections"),
    path("metrics-board/", metrics.board, name="metrics"),
    path("metrics-board/figures.json", metrics.figures_json, name="metrics-json"),
    path("metrics-board/figures.csv", metrics.figures_csv, name="metrics-csv"),
    path("metrics-board/rows/", metrics.rows, name="metrics-rows"),
    path("metrics-board/rows.csv", metrics.rows_csv, name="metrics-rows-csv"),
    path("boards/", boards.listing, name="boards"),
    path("boards/<slug:slug>/", boards.show, name="board"),
    path("boards/<slug:slug>/rules/", boards.rules, name="board-rules"),
    path("boards/<slug:slug>/seats/", boards.seat, name="fill-seat"),
    path("boards/<slug:slug>/seats/<int:seat_id>/end/", boards.end_term, name="end-term"),
    path("boards/<slug:slug>/delegations/", boards.delegate, name="delegate"),
    path("boards/<slug:slug>/delegations/<int:delegation_id>/revocation/", boards.revoke, name="revoke-delegation"),
]
