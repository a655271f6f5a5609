"""EVERY periodic job, on one page. A job takes a unique slot in the database, so a second beat does nothing twice."""

from typing import Any

SECOND = 1.0
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE

SCHEDULE: dict[str, dict[str, Any]] = {
    # The outbox: a commit wakes it at once; this is the heartbeat that finds what a lost wake-up left behind.
    "journal.deliver": {"task": "apps.journal.tasks.deliver", "schedule": 10 * SECOND},
    "notify.send_webhooks": {"task": "apps.notify.tasks.send_webhooks", "schedule": 10 * SECOND},
    "notify.send_mail": {"task": "apps.notify.tasks.send_mail", "schedule": 15 * SECOND},
    "notify.send_digests": {"task": "apps.notify.tasks.send_digests", "schedule": 1 * MINUTE},
    "journal.forget_old_slots": {"task": "apps.journal.tasks.forget_old_slots", "schedule": 6 * HOUR},
    "accounts.forget_old_answers": {"task": "apps.accounts.tasks.forget_old_answers", "schedule": 1 * HOUR},
    "clusters.run_checks": {"task": "apps.clusters.tasks.run_checks", "schedule": 15 * SECOND},
    "clusters.ask_for_all_checks": {"task": "apps.clusters.tasks.ask_for_all_checks", "schedule": 24 * HOUR},
    "clusters.reopen_lapsed_findings": {
        "task": "apps.clusters.tasks.reopen_lapsed_findings",
        "schedule": 15 * MINUTE,
    },
    "clusters.keep_conventions": {"task": "apps.clusters.tasks.keep_conventions", "schedule": 5 * MINUTE},
    "clusters.continue_imports": {"task": "apps.clusters.tasks.continue_imports", "schedule": 30 * SECOND},
    "trust.fetch_bundles": {"task": "apps.trust.tasks.fetch_bundles", "schedule": 1 * MINUTE},
    "stakeholders.remind_of_engagements": {
        "task": "apps.stakeholders.tasks.remind_of_engagements",
        "schedule": 15 * MINUTE,
    },
    # Once a month; asked every hour, so that a night without workers costs an hour and not a month.
    "stakeholders.assess_silos": {"task": "apps.stakeholders.tasks.assess_silos", "schedule": 1 * HOUR},
    "stakeholders.continue_silo_runs": {"task": "apps.stakeholders.tasks.continue_silo_runs", "schedule": 30 * SECOND},
    "stakeholders.remind_of_silo_actions": {
        "task": "apps.stakeholders.tasks.remind_of_silo_actions",
        "schedule": 15 * MINUTE,
    },
    "stakeholders.begin_agreements": {"task": "apps.stakeholders.tasks.begin_agreements", "schedule": 1 * MINUTE},
    "stakeholders.measure_metrics": {"task": "apps.stakeholders.tasks.measure_metrics", "schedule": 1 * HOUR},
    "stakeholders.measure_metrics_again": {
        "task": "apps.stakeholders.tasks.measure_metrics_again",
        "schedule": 24 * HOUR,
    },
    "stakeholders.run_clocks": {"task": "apps.stakeholders.tasks.run_clocks", "schedule": 1 * MINUTE},
    "stakeholders.open_cases_by_rule": {"task": "apps.stakeholders.tasks.open_cases_by_rule", "schedule": 1 * HOUR},
    "cab.close_overdue_rounds": {"task": "apps.cab.tasks.close_overdue_rounds", "schedule": 1 * MINUTE},
    "cab.chase_retroactive_rounds": {
        "task": "apps.cab.tasks.chase_retroactive_rounds",
        "schedule": 1 * MINUTE,
    },
    "cab.remind_reviews": {"task": "apps.cab.tasks.remind_reviews", "schedule": 15 * MINUTE},
    "cab.remove_stray_files": {"task": "apps.cab.tasks.remove_stray_files", "schedule": 6 * HOUR},
    "cab.recheck_conflicts": {"task": "apps.cab.tasks.recheck_conflicts", "schedule": 15 * SECOND},
    "cab.sweep_conflicts": {"task": "apps.cab.tasks.sweep_conflicts", "schedule": 1 * HOUR},
    "cab.remind_of_proposals": {"task": "apps.cab.tasks.remind_of_proposals", "schedule": 1 * HOUR},
    "cab.expire_exceptions": {"task": "apps.cab.tasks.expire_exceptions", "schedule": 1 * MINUTE},
    "cab.draw_samples": {"task": "apps.cab.tasks.draw_samples", "schedule": 5 * MINUTE},
    "cab.remind_of_samples": {"task": "apps.cab.tasks.remind_of_samples", "schedule": 15 * MINUTE},
    "cab.continue_replays": {"task": "apps.cab.tasks.continue_replays", "schedule": 30 * SECOND},
    "cab.continue_imports": {"task": "apps.cab.tasks.continue_imports", "schedule": 30 * SECOND},
    "meetings.write_down_meetings": {"task": "apps.meetings.tasks.write_down_meetings", "schedule": 1 * HOUR},
    "meetings.chase_minutes": {"task": "apps.meetings.tasks.chase_minutes", "schedule": 15 * MINUTE},
    "meetings.keep_agendas": {"task": "apps.meetings.tasks.keep_agendas", "schedule": 30 * SECOND},
}
